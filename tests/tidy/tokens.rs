//! Code as words and signs with their lines: enough to read paths and keywords, and no more of Rust's grammar.

use super::text::code;

/// A word, `::`, or a single sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// As it is written.
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
}

impl Token {
    /// Whether it is a name or keyword.
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// The tokens of a source text, without comments and literals.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (number, line) in code(source).lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                c if c.is_alphanumeric() || c == '_' => {
                    rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
                }
                ':' if rest.starts_with("::") => 2,
                c => c.len_utf8(),
            };
            found.push(Token { text: rest[..length].to_owned(), line: number + 1 });
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// The lines on which these tokens follow each other.
pub(super) fn lines_with(tokens: &[Token], sequence: &[&str]) -> Vec<usize> {
    let same = |window: &&[Token]| window.iter().zip(sequence).all(|(token, text)| token.text == *text);
    tokens.windows(sequence.len()).filter(same).map(|window| window[0].line).collect()
}

#[test]
fn sequences_are_found_on_their_lines() {
    let found = tokens("use std::env;\nlet x = env::var(\"A\");");
    assert_eq!(lines_with(&found, &["env", "::"]), [2]);
    assert_eq!(lines_with(&found, &["std", "::", "env"]), [1]);
}
