//! `key=value` words in the value of an AWS tag.
//!
//! AWS allows letters, digits, spaces and `+ - = . _ : / @` in a tag value, 256 characters at most; so lists are
//! joined by `+` and free text is filtered.

use std::collections::BTreeMap;

/// The longest value that AWS takes.
pub const LONGEST: usize = 256;

/// Reads `a=1 b=2`. A word without `=` makes the whole unreadable: it was not written by this program.
pub fn read(value: &str) -> Option<BTreeMap<&str, &str>> {
    value.split_ascii_whitespace().map(|word| word.split_once('=')).collect()
}

/// Writes words in the order given, leaving out those without a value.
pub fn write<'a>(words: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let said = words.into_iter().filter_map(|(key, value)| value.map(|value| format!("{key}={value}")));
    said.collect::<Vec<_>>().join(" ")
}

/// Free text as one word: what AWS does not allow, and spaces and `=`, become `_`; cut to `most` characters.
pub fn word(text: &str, most: usize) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-.:/@_".contains(c);
    text.chars().map(|c| if allowed(c) { c } else { '_' }).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::{read, word, write};

    #[test]
    fn reads_back_what_it_wrote() {
        let value = write([("a", Some("1".to_owned())), ("b", None), ("c", Some("x/y".to_owned()))]);
        assert_eq!(value, "a=1 c=x/y");
        assert_eq!(read(&value).unwrap().get("c"), Some(&"x/y"));
        assert!(read("somebody wrote this").is_none());
    }

    #[test]
    fn keeps_free_text_within_what_aws_allows() {
        assert_eq!(word("new schema, really = now!", 12), "new_schema__");
    }
}
