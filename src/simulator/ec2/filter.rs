//! `Filter.N` of the describing operations.
//!
//! A resource is chosen if for each filter one of its values matches one of the filter's, where `*` and `?` stand for
//! anything. Which names a resource knows is told by the operation.

use serde_json::Value;

use crate::simulator::ec2::input::{items, text, texts};
use crate::simulator::error::ApiError;

/// The filters of one call.
#[derive(Debug)]
pub(super) struct Filters<'a>(Vec<(&'a str, Vec<&'a str>)>);

impl<'a> Filters<'a> {
    pub(super) fn of(input: &'a Value) -> Filters<'a> {
        let read = |filter: &'a Value| (text(filter, "Name").unwrap_or_default(), texts(filter, "Value"));
        Filters(items(input, "Filter").iter().map(read).collect())
    }

    /// Whether a rendered resource passes. `named` gives the values that it has under a filter name other than a tag,
    /// or `None` for a name that such resources do not know.
    pub(super) fn pass(&self, rendered: &Value, named: impl Fn(&str) -> Option<Vec<String>>) -> Result<bool, ApiError> {
        for (name, wanted) in &self.0 {
            let Some(values) = tag_values(rendered, name).or_else(|| named(name)) else {
                return Err(ApiError::client("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            };
            if !values.iter().any(|value| wanted.iter().any(|pattern| matches(pattern.as_bytes(), value.as_bytes()))) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A leaf of a rendered resource as filters see it, in a list of one.
pub(super) fn leaf(rendered: &Value, pointer: &str) -> Option<Vec<String>> {
    Some(match rendered.pointer(pointer) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Bool(truth)) => vec![truth.to_string()],
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => Vec::new(),
    })
}

fn tag_values(rendered: &Value, name: &str) -> Option<Vec<String>> {
    let tags = rendered.get("tagSet").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let member = |tag: &Value, key: &str| tag[key].as_str().unwrap_or_default().to_owned();
    if let Some(key) = name.strip_prefix("tag:") {
        return Some(tags.iter().filter(|tag| tag["key"] == key).map(|tag| member(tag, "value")).collect());
    }
    match name {
        "tag-key" => Some(tags.iter().map(|tag| member(tag, "key")).collect()),
        "tag-value" => Some(tags.iter().map(|tag| member(tag, "value")).collect()),
        _ => None,
    }
}

/// Whether `text` is as `pattern`, in time linear in both for all but hostile patterns.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        if at < pattern.len() && pattern[at] == b'*' {
            star = Some((at, read));
            at += 1;
        } else if at < pattern.len() && (pattern[at] == b'?' || pattern[at] == text[read]) {
            at += 1;
            read += 1;
        } else if let Some((star_at, star_read)) = star {
            (at, read) = (star_at + 1, star_read + 1);
            star = Some((star_at, star_read + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks_stand_for_anything() {
        for (pattern, text, same) in
            [("a*c", "abbc", true), ("a?c", "abc", true), ("a?c", "ac", false), ("*", "", true), ("*b", "abab", true)]
        {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), same, "{pattern} {text}");
        }
    }
}
