//! The tokens in force, out of a file that may change at any time; a broken one keeps what was.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::tokens::{TokenProblem, Tokens};

/// The file's bytes, or why there are none.
type Read = dyn Fn() -> Result<Vec<u8>, String> + Send + Sync;

/// A file of tokens.
pub struct TokenFile {
    read: Box<Read>,
    tokens: RwLock<Arc<Tokens>>,
    /// What was last read, to say the same thing once.
    last: Mutex<Result<Vec<u8>, String>>,
    broken: AtomicBool,
}

impl TokenFile {
    /// Reads the file that `read` gives the bytes of, again and again.
    ///
    /// # Errors
    /// What is wrong with it at the start.
    pub fn open(read: impl Fn() -> Result<Vec<u8>, String> + Send + Sync + 'static) -> Result<Self, Vec<String>> {
        let bytes = read().map_err(|why| vec![why])?;
        let tokens = Tokens::parse(&bytes).map_err(said)?;
        let (tokens, last) = (RwLock::new(Arc::new(tokens)), Mutex::new(Ok(bytes)));
        Ok(Self { read: Box::new(read), tokens, last, broken: AtomicBool::new(false) })
    }

    /// The tokens in force.
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether what was read last cannot be used.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Reads the file again; what is to be said about it.
    pub(super) fn reload(&self) -> Vec<String> {
        let read = (self.read)();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == read {
            return Vec::new();
        }
        last.clone_from(&read);
        drop(last);
        let tokens = read.map_err(|why| vec![why]).and_then(|bytes| Tokens::parse(&bytes).map_err(said));
        self.broken.store(tokens.is_err(), Ordering::Relaxed);
        match tokens {
            Ok(tokens) => {
                *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
                vec!["the tokens were read anew".to_owned()]
            }
            Err(mut problems) => {
                problems.push("the tokens that were read before stay in force".to_owned());
                problems
            }
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile").finish_non_exhaustive()
    }
}

fn said(problems: Vec<TokenProblem>) -> Vec<String> {
    problems.iter().map(|problem| format!("tokens: {problem}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tokens::{NewToken, RANDOM, Role};

    type Content = Arc<Mutex<Result<Vec<u8>, String>>>;

    fn token(chance: u8) -> NewToken {
        NewToken::new("alice", Role::Read, &[chance; RANDOM]).unwrap()
    }

    fn opened(content: &str) -> (TokenFile, Content) {
        let content: Content = Arc::new(Mutex::new(Ok(content.as_bytes().to_vec())));
        let shared = Arc::clone(&content);
        (TokenFile::open(move || shared.lock().unwrap().clone()).unwrap(), content)
    }

    #[test]
    fn an_edited_file_counts_from_its_reading_on() {
        let (file, content) = opened(&token(1).line);
        *content.lock().unwrap() = Ok(token(2).line.into_bytes());
        assert!(file.tokens().find(&token(1).token).is_some());
        assert_eq!(file.reload(), ["the tokens were read anew"]);
        assert!(file.tokens().find(&token(1).token).is_none());
        assert!(file.tokens().find(&token(2).token).is_some());
        assert_eq!(file.reload(), Vec::<String>::new());
    }

    #[test]
    fn a_broken_or_missing_file_keeps_what_was_and_is_told_once() {
        let (file, content) = opened(&token(1).line);
        for broken in [Ok(b"alice".to_vec()), Err("it is gone".to_owned()), Ok(Vec::new())] {
            *content.lock().unwrap() = broken;
            let told = file.reload();
            assert_eq!(told.last().unwrap(), "the tokens that were read before stay in force");
            assert_eq!((file.reload(), file.is_broken()), (Vec::new(), true));
            assert!(file.tokens().find(&token(1).token).is_some());
        }
    }
}
