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

/// Free text as far as a tag can hold it: what AWS does not allow is left out, blanks are one, `most` characters.
pub fn free(text: &str, most: usize) -> String {
    let allowed = |c: &char| c.is_alphanumeric() || "+-=.:/@_ ".contains(*c);
    let words: Vec<String> = text.split_whitespace().map(|word| word.chars().filter(allowed).collect()).collect();
    let kept = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    kept.chars().take(most).collect::<String>().trim_end().to_owned()
}

/// The same, or nothing where nothing is left of it.
pub fn some_free(text: Option<&str>, most: usize) -> Option<String> {
    text.map(|text| free(text, most)).filter(|kept| !kept.is_empty())
}

/// A value with a reason at its end, as far as there is room for one.
pub fn with_reason(value: String, reason: Option<&str>) -> String {
    let left = LONGEST.saturating_sub(value.chars().count() + " reason=".len());
    match some_free(reason, left) {
        Some(reason) => format!("{value} reason={reason}"),
        None => value,
    }
}

/// A value's words, and the free texts `by` and `reason` at its end. A name has no `=` in it, a reason may have.
pub fn last_words(value: &str) -> (&str, Option<String>, Option<String>) {
    let (rest, reason) = match value.split_once(" reason=") {
        Some((rest, reason)) => (rest, Some(reason.to_owned())),
        None => (value, None),
    };
    match rest.split_once(" by=") {
        Some((facts, by)) => (facts, Some(by.to_owned()), reason),
        None => (rest, None, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::{free, read, write};

    #[test]
    fn reads_back_what_it_wrote() {
        let value = write([("a", Some("1".to_owned())), ("b", None), ("c", Some("x/y".to_owned()))]);
        assert_eq!(value, "a=1 c=x/y");
        assert_eq!(read(&value).unwrap().get("c"), Some(&"x/y"));
        assert!(read("somebody wrote this").is_none());
    }

    #[test]
    fn keeps_free_text_as_far_as_aws_allows() {
        assert_eq!(free("New release: \"v2\",\n  réally = now!", 80), "New release: v2 réally = now");
        assert_eq!(free("one two", 4), "one");
    }
}
