//! The shape of a line of the journal: what of it could be against a service model.
//!
//! Lines of one shape have the same operation, outcome, members, types and words of enumerations, so that of all lines
//! of all tests one of each shape is enough to be judged.

use std::collections::BTreeSet;

use serde_json::Value;

/// The shapes that were seen so far.
#[derive(Default, Debug)]
pub struct Shapes(BTreeSet<String>);

impl Shapes {
    /// Whether a line has a shape, and none of the lines before had it.
    pub fn is_new(&mut self, line: &Value) -> bool {
        shape(line).is_some_and(|shape| self.0.insert(shape))
    }
}

/// A text that is equal for lines of one shape. Only `api` lines have one.
fn shape(line: &Value) -> Option<String> {
    if line["type"] != "api" {
        return None;
    }
    let mut facts = BTreeSet::new();
    for part in ["service", "operation", "status", "error", "input", "result"] {
        gather(&line[part], part, &mut facts);
    }
    Some(facts.into_iter().collect::<Vec<_>>().join("\n"))
}

fn gather(value: &Value, path: &str, facts: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            gather(member, &format!("{path}.{name}"), facts);
        }),
        Value::Array(items) => {
            facts.insert(format!("{path}[]"));
            items.iter().for_each(|item| gather(item, &format!("{path}[]"), facts));
        }
        Value::String(text) if is_word(text) => {
            facts.insert(format!("{path}={text}"));
        }
        Value::String(_) => {
            facts.insert(format!("{path}: text"));
        }
        Value::Number(number) if number.is_f64() => {
            facts.insert(format!("{path}: float"));
        }
        Value::Number(_) => {
            facts.insert(format!("{path}: whole"));
        }
        Value::Null | Value::Bool(_) => {
            facts.insert(format!("{path}: {value}"));
        }
    }
}

/// Whether a text looks like a word of an enumeration, as `PRIMARY` or `ServiceSchedulerInitiated`.
fn is_word(text: &str) -> bool {
    text.len() < 40
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(result: Value) -> Value {
        json!({"type": "api", "service": "ecs", "operation": "O", "status": 200, "error": null, "input": {}, "result": result})
    }

    #[test]
    fn lines_that_a_model_cannot_tell_apart_have_one_shape() {
        let of = |result| shape(&line(result)).unwrap();
        assert_eq!(of(json!({"n": 1, "t": "abc-1", "l": [1, 2]})), of(json!({"t": "abc-2", "n": 7, "l": [3]})));
        assert_ne!(of(json!({"n": 1})), of(json!({"n": 1.5})));
        assert_ne!(of(json!({"status": "ACTIVE"})), of(json!({"status": "DRAINING"})));
        assert_ne!(of(json!({"l": []})), of(json!({})));
        assert_eq!(shape(&json!({"type": "event"})), None);
    }
}
