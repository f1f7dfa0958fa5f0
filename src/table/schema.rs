//! The JSON Schema of a table, out of the types in `document`.
//!
//! Schemars lets every `Option` be `null`; here a field that is stated has a value, so that is taken out again.
//! So are formats that only Rust knows, and the line breaks of doc comments.

use std::sync::LazyLock;

use schemars::schema_for;
use serde_json::{Map, Value};

use super::document::TableDocument;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = Value::from(schema_for!(TableDocument));
    tidy(&mut schema);
    schema
});

/// The JSON Schema (draft 2020-12) of a service table.
pub fn schema() -> Value {
    SCHEMA.clone()
}

/// The schema as it stands in `specs/service-table.schema.json`: indented, with a line break at the end.
pub fn schema_text() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// The schema, for those that only look at it.
pub(super) fn shared() -> &'static Value {
    &SCHEMA
}

fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(values)) = object.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            object.shift_remove("format");
            lift_reference(object);
            in_reading_order(object);
            object.values_mut().for_each(tidy);
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `anyOf: [{$ref}, {type: null}]` is what remains of an optional field with a type of its own.
fn lift_reference(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        object.extend(only);
    }
}

/// What a thing is before what is in it; the rest keeps its order.
fn in_reading_order(object: &mut Map<String, Value>) {
    const FIRST: [&str; 5] = ["$schema", "title", "description", "type", "$ref"];
    let rank = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut fields: Vec<(String, Value)> = std::mem::take(object).into_iter().collect();
    // Only keywords are strings or objects under these names; a property of such a name is an object and stays put.
    fields.sort_by_key(|(key, value)| if value.is_string() { rank(key) } else { FIRST.len() });
    object.extend(fields);
}
