//! Who may ask: names, roles, and of each token its hash and nothing more.
//!
//! Pure, but for nothing: the file is read, and chance is drawn, by whoever runs the server. A file is taken as a whole or
//! not at all, like a table. Nothing here prints a token, and no error repeats what stands where one could.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// Begins every token, so that whoever finds one somewhere knows what it is, scanners of repositories included.
const PREFIX: &str = "evk_";

/// Bytes of chance in a token. Nobody can guess 256 bits, so a plain hash of them needs neither salt nor many rounds.
pub const RANDOM: usize = 32;

/// Characters of a name: as many as a tag keeps of who asked.
const NAME: usize = 40;

/// Tokens of one file. All are compared with each that is shown.
const MOST: usize = 1000;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Read,
    /// Look, and begin and end rollouts.
    Operate,
}

/// Somebody who has shown a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) role: Role,
    hash: Hash,
}

/// SHA-256 of a token. Its `Debug` says nothing, so that logs cannot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hash([u8; 32]);

/// The tokens of a file.
#[derive(Debug, Default)]
pub(super) struct Tokens(Vec<Who>);

/// What is wrong with a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenProblem {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong, without a word of the line's hash.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// A new token, for its owner, and the line that makes it known.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The token itself.
    pub token: String,
    /// Its line in the file.
    pub line: String,
}

const FORM: &str = "a line is: NAME ROLE sha256:HEX; `evenkeel token` prints one";

impl Role {
    /// Its name, as in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Operate].into_iter().find(|role| role.name() == text)
    }
}

impl Tokens {
    /// Reads a file: one token a line, `NAME ROLE sha256:HEX`; empty lines and those that begin with `#` are skipped.
    ///
    /// # Errors
    /// Every problem of it. Two lines may have one name, so that a token can be replaced without a gap.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Vec<TokenProblem>> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(vec![TokenProblem::at(1, "the file is not UTF-8", FORM)]);
        };
        let (mut all, mut problems, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match read(line, text) {
                Ok(who) if !known.insert(who.hash) => {
                    problems.push(TokenProblem::at(line, "the token stands there twice", "delete one of the lines"));
                }
                Ok(who) => all.push(who),
                Err(problem) => problems.push(problem),
            }
        }
        if all.is_empty() && problems.is_empty() {
            // Whoever writes the file in place empties it first; that must not shut everybody out.
            problems.push(TokenProblem::at(1, "the file has no token", FORM));
        }
        if all.len() > MOST {
            problems.push(TokenProblem::at(1, "the file has more than 1000 tokens", "give several people one token"));
        }
        if problems.is_empty() { Ok(Self(all)) } else { Err(problems) }
    }

    /// Whose token this is. Every entry is compared, whole, whichever fits: time tells nothing.
    pub(super) fn find(&self, token: &str) -> Option<&Who> {
        let shown = Hash::of(token);
        let mut found = u32::MAX;
        for (at, who) in (0_u32..).zip(&self.0) {
            found.conditional_assign(&at, shown.0.ct_eq(&who.hash.0));
        }
        self.0.get(usize::try_from(found).ok()?)
    }

    /// Whether somebody who has shown a token before may still do what they could.
    pub(super) fn knows(&self, who: &Who) -> bool {
        self.0.contains(who)
    }
}

impl NewToken {
    /// A token out of chance. `None` if nobody can have this name.
    pub fn new(name: &str, role: Role, chance: &[u8; RANDOM]) -> Option<Self> {
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(chance));
        let line = format!("{name} {} {}", role.name(), Hash::of(&token));
        is_name(name).then_some(Self { token, line })
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").finish_non_exhaustive()
    }
}

impl Hash {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.is_ascii())?;
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            // `from_str_radix` would take a sign.
            let pair = hex.get(at..at + 2).filter(|pair| pair.bytes().all(|c| c.is_ascii_hexdigit()))?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

impl TokenProblem {
    fn at(line: usize, message: impl Into<String>, hint: &'static str) -> Self {
        Self { line, message: message.into(), hint }
    }
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, message, hint } = self;
        write!(f, "line {line}: {message}; {hint}")
    }
}

fn read(line: usize, text: &str) -> Result<Who, TokenProblem> {
    if text.contains(PREFIX) {
        let hint = "the file takes hashes only; make a new token by `evenkeel token`";
        return Err(TokenProblem::at(line, "a token itself stands there", hint));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let [name, role, hash] = words.as_slice() else {
        return Err(TokenProblem::at(line, format!("{} words instead of 3", words.len()), FORM));
    };
    if !is_name(name) {
        let hint = "a name has up to 40 of a-z, A-Z, 0-9 and . _ @ + -";
        return Err(TokenProblem::at(line, "the name cannot be one", hint));
    }
    let Some(role) = Role::parse(role) else {
        return Err(TokenProblem::at(line, format!("{name} has an unknown role"), "roles are read and operate"));
    };
    let Some(hash) = Hash::parse(hash) else {
        let message = format!("{name} has something else than a hash");
        return Err(TokenProblem::at(line, message, "it is sha256: and 64 hex digits; `evenkeel token` prints it"));
    };
    Ok(Who { name: (*name).to_owned(), role, hash })
}

/// Whether a tag, a log and a line of the file can hold a name as it is.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '+' | '-');
    (1..=NAME).contains(&name.len()) && name.chars().all(fits) && !name.contains(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, role: Role, chance: u8) -> NewToken {
        NewToken::new(name, role, &[chance; RANDOM]).unwrap()
    }

    #[test]
    fn a_new_token_is_found_by_its_line_and_no_other_is() {
        let (alice, bob) = (token("alice", Role::Operate, 1), token("bob@example.com", Role::Read, 2));
        let file = format!("# people\n\n{}\n  {}\n", alice.line, bob.line);
        let tokens = Tokens::parse(file.as_bytes()).unwrap();
        let found = |token: &str| tokens.find(token).map(|who| (who.name.as_str(), who.role));
        assert_eq!(found(&alice.token), Some(("alice", Role::Operate)));
        assert_eq!(found(&bob.token), Some(("bob@example.com", Role::Read)));
        for wrong in ["", "evk_", &alice.token[1..], &format!("{} ", alice.token), &alice.line] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_long_and_its_line_does_not_hold_it() {
        let NewToken { token, line } = token("alice", Role::Read, 7);
        assert_eq!(token.len(), PREFIX.len() + 43);
        assert!(!line.contains(&token));
        assert!(line.starts_with("alice read sha256:"));
    }

    #[test]
    fn every_problem_is_told_with_its_line_and_without_the_hash() {
        let good = token("alice", Role::Read, 1).line;
        let hash = good.split(' ').nth(2).unwrap();
        let secret = token("eve", Role::Read, 9).token;
        let file = format!(
            "{good}\nbob admin {hash}\n{good}\nc;d read {hash}\ne read {}\nf read\ng read {secret}",
            &hash[..70]
        );
        let problems = Tokens::parse(file.as_bytes()).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7]);
        let said: String = problems.iter().map(ToString::to_string).collect();
        assert!(!said.contains(&hash[10..30]) && !said.contains(&secret), "{said}");
    }

    #[test]
    fn a_file_without_a_token_is_a_problem_and_so_is_one_that_is_no_text() {
        assert_eq!(Tokens::parse(b"# nobody\n").unwrap_err().len(), 1);
        assert_eq!(Tokens::parse(b"").unwrap_err().len(), 1);
        assert_eq!(Tokens::parse(&[0xff, 0xfe]).unwrap_err().len(), 1);
    }

    #[test]
    fn a_hash_is_sixty_four_hex_digits() {
        let digits = "0".repeat(62);
        assert!(Hash::parse(&format!("sha256:{digits}fF")).is_some());
        for wrong in ["+1", "g0", "é", "0", "000"] {
            assert_eq!(Hash::parse(&format!("sha256:{digits}{wrong}")), None, "{wrong}");
        }
        assert_eq!(Hash::parse(&format!("{digits}00")), None);
    }

    #[test]
    fn names_that_a_tag_or_a_log_cannot_hold_are_refused() {
        for wrong in ["", "a b", "a\n", "ä", "a=b", &"a".repeat(41)] {
            assert_eq!(NewToken::new(wrong, Role::Read, &[0; RANDOM]), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_who_is_not_in_the_newest_file_is_known() {
        let (alice, bob) = (token("alice", Role::Operate, 1), token("bob", Role::Read, 2));
        let before = Tokens::parse(format!("{}\n{}", alice.line, bob.line).as_bytes()).unwrap();
        let after = Tokens::parse(alice.line.replace("operate", "read").as_bytes()).unwrap();
        assert!(before.knows(before.find(&alice.token).unwrap()));
        assert!(!after.knows(before.find(&bob.token).unwrap()));
        // Another role is another right.
        assert!(!after.knows(before.find(&alice.token).unwrap()));
    }
}
