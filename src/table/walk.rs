//! The tree held against the schema: unknown, missing and repeated fields, types and bounds.
//!
//! What fits is handed on as JSON, what does not is reported and taken out, so that nothing later sees it again
//! and a broken field never hides its neighbours. Knows no field by name; those are in the schema and in `words`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::node::{Field, Fields, Node, Tree};
use super::problem::Finding;
use super::words::{self, Shape};

/// Where each field stands, by its path.
pub(super) type Places = BTreeMap<String, Range<usize>>;

/// What fits the schema, and what does not.
pub(super) struct Walked {
    /// The document without its broken parts.
    pub(super) value: Value,
    /// Where each of its fields stands.
    pub(super) places: Places,
    /// The broken parts.
    pub(super) findings: Vec<Finding>,
}

/// Holds a document against a schema.
pub(super) fn walk(text: &str, document: &Node, schema: &Value) -> Walked {
    let mut walk = Walk { text, root: schema, places: Places::new(), findings: Vec::new() };
    let at = At { path: String::new(), name: "table", span: document.span.clone() };
    let value = walk.value(document, &at, schema).unwrap_or_else(|| Value::Object(Map::new()));
    Walked { value, places: walk.places, findings: walk.findings }
}

struct Walk<'text> {
    text: &'text str,
    root: &'text Value,
    places: Places,
    findings: Vec<Finding>,
}

/// Where in the table a value is.
struct At<'name> {
    path: String,
    /// The name of the field that it is in.
    name: &'name str,
    /// The place to show when the value itself has none: its field's name.
    span: Range<usize>,
}

impl At<'_> {
    fn field(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// A schema of fields, with those of its alternatives.
struct Known<'schema> {
    fields: BTreeMap<&'schema str, &'schema Value>,
    required: Vec<&'schema str>,
    /// Fields of which exactly one must be there.
    choice: Vec<&'schema str>,
    /// Whether the value is only one of the alternatives, and so is nothing without it.
    exclusive: bool,
}

impl<'text> Walk<'text> {
    fn value(&mut self, node: &Node, at: &At<'_>, schema: &'text Value) -> Option<Value> {
        let schema = self.resolved(schema);
        let shape = Shape::of(schema);
        let place = match &node.tree {
            Tree::Fields(_) | Tree::List(_) | Tree::Empty => at.span.clone(),
            Tree::Truth(_) | Tree::Whole(_) | Tree::Real(_) | Tree::Text { .. } | Tree::Reported => node.span.clone(),
        };
        self.places.insert(at.path.clone(), place.clone());
        match (&node.tree, shape) {
            (Tree::Reported, _) => None,
            (Tree::Empty, _) => {
                self.report(place, at, format!("`{}` is empty", at.name), words::empty(at.name, schema));
                None
            }
            (Tree::Fields(fields), Shape::Fields) => self.fields(fields, at, schema),
            (Tree::List(list), Shape::List) => Some(self.list(list, at, schema)),
            (Tree::Truth(truth), Shape::Truth) => Some(Value::Bool(*truth)),
            (Tree::Text { text, .. }, Shape::Text) => self.word(text, node, at, schema),
            (Tree::Whole(_) | Tree::Real(_), Shape::Whole | Shape::Number) => self.number(node, at, schema, shape),
            (tree, shape) => {
                let raw = self.text.get(node.span.clone()).unwrap_or_default();
                let (problem, hint) = words::wrong_type(at.name, schema, shape, tree, raw);
                self.report(place, at, problem, hint);
                None
            }
        }
    }

    fn fields(&mut self, fields: &Fields, at: &At<'_>, schema: &'text Value) -> Option<Value> {
        let known = self.known(schema);
        let mut meant = Vec::new();
        let mut object = Map::new();
        for Field { name, name_span, value } in &fields.list {
            let inner = At { path: at.field(name), name, span: name_span.clone() };
            match known.fields.get(name.as_str()) {
                Some(schema) => {
                    if let Some(value) = self.value(value, &inner, schema) {
                        object.insert(name.clone(), value);
                    }
                }
                None => {
                    let (nearest, hint) = words::unknown(name, &known.fields.keys().copied().collect::<Vec<_>>());
                    self.report(name_span.clone(), &inner, format!("unknown field `{name}`"), hint);
                    meant.extend(nearest);
                }
            }
        }
        let complete = |name: &str| fields.partial || fields.get(name).is_some() || meant.contains(&name);
        for name in known.required.iter().filter(|name| !complete(name)) {
            let missing = At { path: at.field(name), name, span: at.span.clone() };
            self.report(at.span.clone(), &missing, format!("missing field `{name}`"), words::missing(name));
        }
        let guessed = meant.iter().any(|name| known.choice.contains(name));
        let chosen = self.choice(fields, at, schema, &known, guessed);
        let whole = !known.exclusive || (chosen && object.len() == 1);
        whole.then_some(Value::Object(object))
    }

    /// Whether exactly one of the fields to choose from is there.
    fn choice(&mut self, fields: &Fields, at: &At<'_>, schema: &Value, known: &Known<'_>, guessed: bool) -> bool {
        let mut stated = fields.list.iter().filter(|field| known.choice.contains(&field.name.as_str()));
        let noun = words::noun(schema);
        let names = words::one_of(&known.choice);
        match (stated.next(), stated.next()) {
            _ if known.choice.is_empty() => true,
            (Some(_), None) => true,
            (None, _) if fields.partial || guessed => false,
            (None, _) => {
                let hint = words::no_choice(&known.choice);
                self.report(at.span.clone(), at, format!("a {noun} needs one of {names}"), hint);
                false
            }
            (Some(first), Some(second)) => {
                let problem = format!("a {noun} has only one of {names}");
                let hint = format!("keep either `{}` or `{}`", first.name, second.name);
                let inner = At { path: at.field(&second.name), name: &second.name, span: second.name_span.clone() };
                self.report(second.name_span.clone(), &inner, problem, hint);
                false
            }
        }
    }

    fn list(&mut self, list: &[Node], at: &At<'_>, schema: &'text Value) -> Value {
        let items = schema.get("items").unwrap_or(&Value::Null);
        if list.is_empty() && schema.get("minItems").is_some() {
            let hint = words::empty(at.name, schema);
            self.report(at.span.clone(), at, format!("`{}` is empty", at.name), hint);
        }
        let values = list.iter().enumerate().map(|(index, node)| {
            let inner = At { path: format!("{}[{index}]", at.path), name: at.name, span: node.span.clone() };
            // A broken item keeps its place, so that the ones after it keep their numbers.
            self.value(node, &inner, items).unwrap_or_else(|| Value::Object(Map::new()))
        });
        Value::Array(values.collect())
    }

    fn word(&mut self, text: &str, node: &Node, at: &At<'_>, schema: &Value) -> Option<Value> {
        let values: Vec<&str> = words::values(schema);
        if values.is_empty() || values.contains(&text) {
            return Some(Value::String(text.to_owned()));
        }
        let (problem, hint) = words::wrong_word(at.name, text, &values);
        self.report(node.span.clone(), at, problem, hint);
        None
    }

    fn number(&mut self, node: &Node, at: &At<'_>, schema: &Value, shape: Shape) -> Option<Value> {
        let (number, whole) = match &node.tree {
            Tree::Whole(number) => (*number as f64, Some(*number)),
            Tree::Real(number) => (*number, whole(*number)),
            Tree::Empty | Tree::Truth(_) | Tree::Text { .. } | Tree::List(_) | Tree::Fields(_) | Tree::Reported => {
                return None;
            }
        };
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let within = number.is_finite()
            && bound("minimum").is_none_or(|least| number >= least)
            && bound("maximum").is_none_or(|most| number <= most);
        let value = match shape {
            Shape::Whole => whole.map(Value::from),
            Shape::Number | Shape::Fields | Shape::List | Shape::Text | Shape::Truth => Some(Value::from(number)),
        };
        if within && value.is_some() {
            return value;
        }
        let raw = self.text.get(node.span.clone()).unwrap_or_default();
        let (problem, hint) = words::out_of_bounds(at.name, schema, shape, raw);
        self.report(node.span.clone(), at, problem, hint);
        None
    }

    fn known(&self, schema: &'text Value) -> Known<'text> {
        let mut known =
            Known { fields: BTreeMap::new(), required: required(schema), choice: Vec::new(), exclusive: false };
        known.fields.extend(properties(schema));
        for alternative in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            let alternative = self.resolved(alternative);
            known.exclusive |= alternative.get("properties").is_some();
            known.fields.extend(properties(alternative));
            known.choice.extend(required(alternative));
        }
        known
    }

    fn resolved(&self, schema: &'text Value) -> &'text Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
        name.and_then(|name| self.root.get("$defs")?.get(name)).unwrap_or(schema)
    }

    fn report(&mut self, place: Range<usize>, at: &At<'_>, problem: String, hint: String) {
        self.findings.push(Finding::new(place, at.path.clone(), problem).hint(hint));
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.as_str(), field))
}

fn required(schema: &Value) -> Vec<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A number without a fraction, as `4.0`; beyond 2^53 a float does not know its fraction.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}
