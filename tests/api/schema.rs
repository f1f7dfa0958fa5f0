//! Whether a document is what a JSON Schema says: as much of draft 2020-12 as the API's own description uses.
//!
//! A keyword that is not known here is an error, so nothing is passed over in silence.

use serde_json::{Map, Value};

/// What says nothing about what is valid.
const REMARKS: [&str; 6] = ["$schema", "title", "description", "format", "default", "deprecated"];

/// Fails unless `document` is what `schema` says; references are looked up in `root`. Fields that no schema names are
/// errors too: they would not be described.
#[track_caller]
pub(super) fn validate(root: &Value, schema: &Value, document: &Value) {
    let problems = problems(root, schema, document, "$");
    assert!(problems.is_empty(), "{problems:#?}\n{document:#}");
    let mut unnamed = Vec::new();
    unknown_fields(root, schema, document, "$", &mut unnamed);
    assert!(unnamed.is_empty(), "not described: {unnamed:#?}");
}

fn problems(root: &Value, schema: &Value, document: &Value, at: &str) -> Vec<String> {
    let schema = match schema {
        Value::Bool(true) => return Vec::new(),
        Value::Object(schema) => schema,
        other => return vec![format!("{at}: a schema is {other}")],
    };
    let mut found = Vec::new();
    for (keyword, value) in schema {
        match keyword.as_str() {
            "$ref" => found.extend(problems(root, resolved(root, value), document, at)),
            "type" if !is_of_type(value, document) => found.push(format!("{at}: {document} is no {value}")),
            "enum" if !list(value).contains(document) => found.push(format!("{at}: {document} is none of {value}")),
            "const" if value != document => found.push(format!("{at}: {document} is not {value}")),
            "minimum" if document.as_f64() < value.as_f64() => found.push(format!("{at}: {document} is under {value}")),
            "maximum" if document.as_f64() > value.as_f64() => found.push(format!("{at}: {document} is over {value}")),
            "required" => {
                let missing = list(value).iter().filter(|name| document.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{at}: {name} is missing")));
            }
            "properties" => {
                for (name, schema) in map(value) {
                    if let Some(part) = document.get(name) {
                        found.extend(problems(root, schema, part, &format!("{at}.{name}")));
                    }
                }
            }
            "items" => {
                for (index, part) in document.as_array().into_iter().flatten().enumerate() {
                    found.extend(problems(root, value, part, &format!("{at}[{index}]")));
                }
            }
            "allOf" => {
                for schema in list(value) {
                    found.extend(problems(root, schema, document, at));
                }
            }
            "anyOf" | "oneOf" => {
                let all: Vec<Vec<String>> = list(value).iter().map(|one| problems(root, one, document, at)).collect();
                if !all.iter().any(Vec::is_empty) {
                    found.extend(all.into_iter().flatten());
                }
            }
            "type" | "enum" | "const" | "minimum" | "maximum" | "additionalProperties" => {}
            remark if REMARKS.contains(&remark) => {}
            other => found.push(format!("{at}: the keyword {other} is not known here")),
        }
    }
    found
}

/// Fields of objects that no part of their schema names.
fn unknown_fields(root: &Value, schema: &Value, document: &Value, at: &str, found: &mut Vec<String>) {
    match document {
        Value::Array(parts) => {
            for part in parts {
                let items = parts_of(root, schema).into_iter().find_map(|schema| schema.get("items"));
                if let Some(items) = items {
                    unknown_fields(root, items, part, &format!("{at}[]"), found);
                }
            }
        }
        Value::Object(fields) => {
            let schemas = parts_of(root, schema);
            for (name, part) in fields {
                let named = schemas.iter().find_map(|schema| schema.get("properties")?.get(name));
                match named {
                    Some(schema) => unknown_fields(root, schema, part, &format!("{at}.{name}"), found),
                    None => found.push(format!("{at}.{name}")),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema and everything that it is put together from.
fn parts_of<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Map<String, Value>> {
    let Value::Object(own) = schema else { return Vec::new() };
    let mut parts = vec![own];
    if let Some(reference) = own.get("$ref") {
        parts.extend(parts_of(root, resolved(root, reference)));
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for part in own.get(keyword).into_iter().flat_map(list) {
            parts.extend(parts_of(root, part));
        }
    }
    parts
}

fn resolved<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let path = reference.as_str().unwrap().strip_prefix('#').expect("references are to the document itself");
    root.pointer(path).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn is_of_type(kinds: &Value, document: &Value) -> bool {
    let is = |kind: &str| match kind {
        "null" => document.is_null(),
        "boolean" => document.is_boolean(),
        "integer" => document.is_i64() || document.is_u64(),
        "number" => document.is_number(),
        "string" => document.is_string(),
        "array" => document.is_array(),
        "object" => document.is_object(),
        other => panic!("the type {other} is not known here"),
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        kind => is(kind.as_str().unwrap()),
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("it is a list")
}

fn map(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("it is an object")
}
