//! What AWS's service models ask of a request: types, words, lengths, and what must be there.
//!
//! Owns the shapes, the walk through an input, and the two ways in which AWS says what it found: all violations in one
//! sentence, or the first alone. Which shapes an operation has belongs to its service; what values mean, too. Members
//! that no shape names are let pass, as AWS does.
//!
//! Divergence from AWS: patterns are not looked at here; how lists and maps are written in the texts is assumed.

use serde_json::Value;

use crate::simulator::error::ApiError;
use crate::simulator::members::wrong_type;

/// The type of a member, with its bounds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Characters: at least and at most.
    Text(usize, usize),
    /// One of AWS's words.
    Word(&'static [&'static str]),
    /// At least and at most.
    Whole(i64, i64),
    /// A number with or without a fraction; moments too.
    Number,
    Truth,
    /// Items: at least and at most.
    List(&'static Shape, usize, usize),
    /// From strings to strings.
    Map,
    Structure(&'static [Member]),
}

/// A member of a structure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// Any string.
pub(super) const TEXT: Shape = Shape::Text(0, usize::MAX);
/// Any number that a 32-bit integer can be.
pub(super) const INTEGER: Shape = Shape::Whole(i32::MIN as i64, i32::MAX as i64);

/// A member that must be there.
pub(super) const fn need(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: true }
}

/// A member that may be left out.
pub(super) const fn may(name: &'static str, shape: Shape) -> Member {
    Member { name, shape, required: false }
}

/// The operations of a service, each with the members of its input.
pub(super) type Operations = &'static [(&'static str, &'static [Member])];

/// The members of an operation's input; `None` if the service has no such operation here.
pub(super) fn members_of(operations: Operations, name: &str) -> Option<&'static [Member]> {
    operations.iter().find(|(known, _)| *known == name).map(|(_, members)| *members)
}

/// How leaves are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaves {
    /// With their types, as in AWS JSON.
    Typed,
    /// As strings, as in AWS Query, where an empty list is an empty string too.
    Strings,
}

/// Something that a model forbids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Violation {
    path: String,
    value: Option<String>,
    constraint: String,
}

impl Violation {
    /// `Invalid parameter at 'a' failed to satisfy constraint: '…'`, as ECR says it.
    pub(super) fn alone(&self) -> String {
        format!("Invalid parameter at '{}' failed to satisfy constraint: '{}'", self.path, self.constraint)
    }
}

/// `2 validation errors detected: Value …; Value …`, as most services say it.
pub(super) fn together(violations: &[Violation]) -> String {
    let said = violations.iter().map(|Violation { path, value, constraint }| {
        let value = value.as_ref().map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
        format!("Value {value} at '{path}' failed to satisfy constraint: {constraint}")
    });
    let said: Vec<String> = said.collect();
    let errors = if said.len() == 1 { "error" } else { "errors" };
    format!("{} validation {errors} detected: {}", said.len(), said.join("; "))
}

/// Everything in an input that its members forbid, in their order.
///
/// # Errors
/// `SerializationException` for a value of another type.
pub(super) fn violations(members: &[Member], input: &Value, leaves: Leaves) -> Result<Vec<Violation>, ApiError> {
    let mut walk = Walk { found: Vec::new(), leaves };
    walk.structure(members, input, "")?;
    Ok(walk.found)
}

struct Walk {
    found: Vec<Violation>,
    leaves: Leaves,
}

impl Walk {
    fn structure(&mut self, members: &[Member], value: &Value, path: &str) -> Result<(), ApiError> {
        let Some(given) = value.as_object() else {
            return Err(wrong_type(value, "a Structure"));
        };
        for Member { name, shape, required } in members {
            let path = if path.is_empty() { lowered(name) } else { format!("{path}.{}", lowered(name)) };
            match given.get(*name) {
                None | Some(Value::Null) if *required => {
                    let constraint = "Member must not be null".to_owned();
                    self.found.push(Violation { path, value: None, constraint });
                }
                None | Some(Value::Null) => {}
                Some(value) => self.value(*shape, value, &path)?,
            }
        }
        Ok(())
    }

    fn value(&mut self, shape: Shape, value: &Value, path: &str) -> Result<(), ApiError> {
        let strings = self.leaves == Leaves::Strings;
        match (shape, value) {
            (Shape::Text(least, most), Value::String(text)) => {
                self.bounds("length", text.chars().count(), least, most, value, path);
            }
            (Shape::Word(words), Value::String(word)) => {
                if !words.contains(&word.as_str()) {
                    let set = words.join(", ");
                    self.note(value, path, format!("Member must satisfy enum value set: [{set}]"));
                }
            }
            (Shape::Whole(least, most), value) => match whole(value, strings) {
                Some(number) => self.bounds("value", number, least, most, value, path),
                None => return Err(wrong_type(value, "an Integer")),
            },
            (Shape::Number, Value::Number(_)) | (Shape::Truth, Value::Bool(_)) => {}
            (Shape::Number, Value::String(text)) if strings && text.parse::<f64>().is_ok() => {}
            (Shape::Truth, Value::String(text)) if strings && (text == "true" || text == "false") => {}
            (Shape::List(..), Value::String(text)) if strings && text.is_empty() => {}
            (Shape::List(item, least, most), Value::Array(items)) => {
                self.bounds("length", items.len(), least, most, value, path);
                for (at, value) in items.iter().enumerate() {
                    self.value(*item, value, &format!("{path}.{}.member", at + 1))?;
                }
            }
            (Shape::Map, Value::Object(members)) => {
                for value in members.values() {
                    self.value(TEXT, value, path)?;
                }
            }
            (Shape::Structure(members), value) => self.structure(members, value, path)?,
            (_, other) => return Err(wrong_type(other, word(shape))),
        }
        Ok(())
    }

    fn bounds<N: PartialOrd + std::fmt::Display>(
        &mut self,
        what: &str,
        size: N,
        least: N,
        most: N,
        value: &Value,
        path: &str,
    ) {
        if size < least {
            self.note(value, path, format!("Member must have {what} greater than or equal to {least}"));
        } else if size > most {
            self.note(value, path, format!("Member must have {what} less than or equal to {most}"));
        }
    }

    fn note(&mut self, value: &Value, path: &str, constraint: String) {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        self.found.push(Violation { path: path.to_owned(), value: Some(value), constraint });
    }
}

fn whole(value: &Value, strings: bool) -> Option<i64> {
    match value {
        Value::String(text) if strings => text.parse().ok(),
        Value::Number(number) => number.as_i64(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn word(shape: Shape) -> &'static str {
    match shape {
        Shape::Text(..) | Shape::Word(_) => "a String",
        Shape::Whole(..) => "an Integer",
        Shape::Number => "a Double",
        Shape::Truth => "a Boolean",
        Shape::List(..) => "a List",
        Shape::Map => "a Map",
        Shape::Structure(_) => "a Structure",
    }
}

/// AWS begins the names of members with a small letter in these texts, whatever they begin with on the wire.
fn lowered(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MEMBERS: &[Member] = &[
        need("Kind", Shape::Word(&["A", "B"])),
        may("Names", Shape::List(&Shape::Text(1, 3), 1, 2)),
        may("Size", Shape::Whole(1, 9)),
        may("Inner", Shape::Structure(&[need("On", Shape::Truth)])),
    ];

    fn said(input: Value, leaves: Leaves) -> String {
        violations(MEMBERS, &input, leaves).map_or_else(|error| error.code, |found| together(&found))
    }

    #[test]
    fn says_all_that_is_wrong_at_once() {
        let set = "failed to satisfy constraint: Member must satisfy enum value set: [A, B]";
        assert_eq!(
            said(json!({"Kind": "C", "Size": 10}), Leaves::Typed),
            format!(
                "2 validation errors detected: Value 'C' at 'kind' {set}; Value '10' at 'size' failed to satisfy \
                 constraint: Member must have value less than or equal to 9"
            )
        );
        assert_eq!(
            said(json!({"Names": ["a", "long"], "Kind": "A"}), Leaves::Typed),
            "1 validation error detected: Value 'long' at 'names.2.member' failed to satisfy constraint: Member must \
             have length less than or equal to 3"
        );
        let missing = violations(MEMBERS, &json!({"Inner": {}}), Leaves::Typed).unwrap();
        assert_eq!(missing.len(), 2);
        assert_eq!(
            missing[1].alone(),
            "Invalid parameter at 'inner.on' failed to satisfy constraint: 'Member must not be null'"
        );
    }

    #[test]
    fn reads_types_as_the_protocol_writes_them() {
        let typed = json!({"Kind": "A", "Size": 3, "Inner": {"On": true}, "Unknown": 1});
        assert_eq!(violations(MEMBERS, &typed, Leaves::Typed).unwrap(), []);
        let strings = json!({"Kind": "A", "Size": "3", "Inner": {"On": "true"}, "Names": ""});
        assert_eq!(violations(MEMBERS, &strings, Leaves::Strings).unwrap(), []);
        assert_eq!(said(strings, Leaves::Typed), "SerializationException");
    }
}
