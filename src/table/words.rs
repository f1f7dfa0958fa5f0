//! What the walk says: the names of shapes, the nearest known word, and a hint for every slip that people make.
//!
//! The schema tells what is wrong; only the hints know fields by name.

use serde_json::Value;

use super::arn;
use super::node::Tree;

/// What a schema asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Named fields.
    Fields,
    /// A list.
    List,
    /// A text.
    Text,
    /// `true` or `false`.
    Truth,
    /// A number without a fraction.
    Whole,
    /// Any number.
    Number,
}

impl Shape {
    /// What a schema asks for.
    pub(super) fn of(schema: &Value) -> Self {
        match schema.get("type").and_then(Value::as_str) {
            Some("array") => Self::List,
            Some("string") => Self::Text,
            Some("boolean") => Self::Truth,
            Some("integer") => Self::Whole,
            Some("number") => Self::Number,
            Some(_) | None => Self::Fields,
        }
    }
}

/// The words that the schema allows for a text; empty if it allows any.
pub(super) fn values(schema: &Value) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let documented =
        schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().filter_map(|one| one.get("const"));
    listed.chain(documented).chain(schema.get("const")).filter_map(Value::as_str).collect()
}

/// The nearest known field, and what to do about an unknown one.
pub(super) fn unknown<'known>(name: &str, known: &[&'known str]) -> (Option<&'known str>, String) {
    let nearest = nearest(name, known);
    let hint = match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the fields here are {}", listed(known)),
    };
    (nearest, hint)
}

fn nearest<'known>(name: &str, known: &[&'known str]) -> Option<&'known str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let name = plain(name);
    let meant = SYNONYMS.iter().find(|(word, _)| *word == name).map(|(_, field)| *field);
    if let Some(field) = known.iter().find(|field| Some(**field) == meant) {
        return Some(field);
    }
    let scored = known.iter().map(|field| (*field, strsim::jaro_winkler(&name, &plain(field))));
    scored.filter(|(_, score)| *score >= 0.8).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(field, _)| field)
}

/// Words that people know these fields by: the users' document, ECS, Kubernetes and compose files.
const SYNONYMS: [(&str, &str); 22] = [
    ("cpu", "vcpu"),
    ("vcpus", "vcpu"),
    ("mem", "memory"),
    ("memorymib", "memory"),
    ("num", "count"),
    ("desiredcount", "count"),
    ("replicas", "count"),
    ("scale", "count"),
    ("capacity", "spot"),
    ("capacityprovider", "spot"),
    ("description", "use"),
    ("usage", "use"),
    ("comment", "notes"),
    ("containername", "container"),
    ("targetgrouparn", "targetGroup"),
    ("taskdefinition", "definition"),
    ("family", "definition"),
    ("retries", "attempts"),
    ("services", "rows"),
    ("operatingsystem", "os"),
    ("platform", "os"),
    ("pattern", "glob"),
];

/// What to add for a missing field.
pub(super) fn missing(name: &str) -> String {
    format!("add `{}`", example(name))
}

/// What to do about a field without a value.
pub(super) fn empty(name: &str, schema: &Value) -> String {
    match Shape::of(schema) {
        Shape::List => format!("state at least one, as `{}`", example(name)),
        Shape::Fields | Shape::Text | Shape::Truth | Shape::Whole | Shape::Number => {
            format!("give it a value, as `{}`, or remove it", example(name))
        }
    }
}

/// What a schema is called in a sentence.
pub(super) fn noun(schema: &Value) -> &'static str {
    let selects = schema.get("type").is_none();
    if selects { "selector" } else { "row" }
}

/// What to write where nothing was chosen.
pub(super) fn no_choice(names: &[&str]) -> String {
    if names.contains(&"service") {
        "say how to find its service, as `service: { glob: \"CGAPIndexerService-*\" }`".to_owned()
    } else {
        "write `{ name: … }`, `{ glob: \"…\" }` or `{ tag: { key: …, value: … } }`".to_owned()
    }
}

/// `a` and `b`; `a`, `b` and `c`.
pub(super) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What is wrong with a word, and the one to write.
pub(super) fn wrong_word(name: &str, text: &str, values: &[&str]) -> (String, String) {
    let expected = values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
    let problem = format!("expected {expected}, found `{}`", shortened(text));
    let word = nearest(text, values).or(values.first().copied()).unwrap_or_default();
    (problem, format!("write `{name}: {word}`"))
}

/// What is wrong with a number that is no whole number or out of its bounds.
pub(super) fn out_of_bounds(name: &str, schema: &Value, shape: Shape, raw: &str) -> (String, String) {
    let problem = format!("expected {}, found {}", expected(schema, shape), shortened(raw));
    let hint = match name {
        "count" => "ECS keeps at most 5000 tasks in a service; 0 keeps none",
        "memory" => "memory is in MiB: 512, 1024, 2048, …",
        "vcpu" => "Fargate has 0.25, 0.5, 1, 2, 4, 8 and 16",
        "attempts" => "an attempt is a start of the task; 3 if left out",
        "settleSeconds" => "ECS's reads lag by seconds; below 15 the gate could open on a stale one",
        "quietSeconds" => "kicks come service by service, seconds apart; below 10 one half could pass for the whole",
        _ => "write a number within these bounds",
    };
    (problem, hint.to_owned())
}

/// What is wrong with a value of another type, and how to write it.
pub(super) fn wrong_type(name: &str, schema: &Value, shape: Shape, tree: &Tree, raw: &str) -> (String, String) {
    let problem = format!("expected {}, found {}", expected(schema, shape), found(tree, raw));
    let hint = match shape {
        Shape::Text => quotes(name, tree, raw),
        Shape::Whole | Shape::Number => number(name, tree),
        Shape::Truth => truth(name, tree),
        Shape::List => format!("start each of them with a dash, as `{}`", example(name)),
        Shape::Fields => fields(name, schema, tree),
    };
    (problem, hint)
}

fn expected(schema: &Value, shape: Shape) -> String {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    match (shape, bound("minimum"), bound("maximum")) {
        (Shape::Whole, Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
        (Shape::Whole, _, _) => "a whole number".to_owned(),
        (Shape::Number, _, _) => "a number".to_owned(),
        (Shape::Text, _, _) => "a text".to_owned(),
        (Shape::Truth, _, _) => "true or false".to_owned(),
        (Shape::List, _, _) => "a list".to_owned(),
        (Shape::Fields, _, _) if schema.get("oneOf").is_some() => format!("a {}", noun(schema)),
        (Shape::Fields, _, _) => "fields".to_owned(),
    }
}

fn found(tree: &Tree, raw: &str) -> String {
    match tree {
        Tree::Empty => "nothing".to_owned(),
        Tree::Truth(_) => shortened(raw),
        Tree::Whole(_) | Tree::Real(_) => format!("the number {}", shortened(raw)),
        Tree::Text { quoted: true, .. } => format!("the text {}", shortened(raw)),
        Tree::Text { quoted: false, text } => format!("the text `{}`", shortened(text)),
        Tree::List(_) => "a list".to_owned(),
        Tree::Fields(_) => "fields".to_owned(),
        Tree::Reported => "something else".to_owned(),
    }
}

fn quotes(name: &str, tree: &Tree, raw: &str) -> String {
    let lost = if name == "account" { "; without quotes a leading 0 gets lost" } else { "" };
    match tree {
        Tree::Truth(_) | Tree::Whole(_) | Tree::Real(_) => {
            format!("write it in quotes: `{name}: \"{}\"`{lost}", shortened(raw))
        }
        Tree::Empty | Tree::Text { .. } | Tree::List(_) | Tree::Fields(_) | Tree::Reported => {
            format!("write one text, as `{}`", example(name))
        }
    }
}

fn number(name: &str, tree: &Tree) -> String {
    let Tree::Text { text, .. } = tree else { return format!("write a number, as `{}`", example(name)) };
    let text = text.trim();
    if Tree::number(text).is_some() {
        return format!("remove the quotes: `{name}: {}`", shortened(text));
    }
    match unit(name, text) {
        Some(number) => format!("write only the number: `{name}: {number}`"),
        None => format!("write a number, as `{}`", example(name)),
    }
}

/// A number out of `512 MiB`, `0.5 GB`, `256m`, `1_000` or `15s`.
fn unit(name: &str, text: &str) -> Option<f64> {
    let text = text.replace('_', "");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim().to_lowercase();
    Some(match (name, unit.as_str()) {
        ("memory", "g" | "gb" | "gi" | "gib") => number * 1024.0,
        ("vcpu", "m") => number / 1000.0,
        ("settleSeconds" | "quietSeconds", "m" | "min") => number * 60.0,
        _ => number,
    })
}

fn truth(name: &str, tree: &Tree) -> String {
    let word = match tree {
        Tree::Text { text, .. } => text.to_lowercase(),
        Tree::Whole(number) => number.to_string(),
        Tree::Empty | Tree::Truth(_) | Tree::Real(_) | Tree::List(_) | Tree::Fields(_) | Tree::Reported => {
            String::new()
        }
    };
    match word.as_str() {
        "yes" | "y" | "on" | "true" | "1" => format!("write true or false: `{name}: true`"),
        "no" | "n" | "off" | "false" | "0" => format!("write true or false: `{name}: false`"),
        _ => "write true or false".to_owned(),
    }
}

fn fields(name: &str, schema: &Value, tree: &Tree) -> String {
    let selects = schema.get("type").is_none();
    match tree {
        Tree::Text { text, .. } if selects => match arn::read(text) {
            Some(arn) => format!("write `{name}: {{ name: {} }}`", shortened(arn.name)),
            None if text.contains(['*', '?']) => format!("write `{name}: {{ glob: \"{}\" }}`", shortened(text)),
            None => format!("write `{name}: {{ name: {} }}`", shortened(text)),
        },
        Tree::List(_) => format!("remove the dash; `{name}` is one, not a list"),
        Tree::Empty
        | Tree::Truth(_)
        | Tree::Whole(_)
        | Tree::Real(_)
        | Tree::Text { .. }
        | Tree::Fields(_)
        | Tree::Reported => format!("write `{}`", example(name)),
    }
}

/// A field as it may be written.
fn example(name: &str) -> &'static str {
    match name {
        "table" => "apiVersion: evenkeel.dev/v1",
        "apiVersion" => "apiVersion: evenkeel.dev/v1",
        "kind" => "kind: ServiceTable",
        "metadata" => "metadata: { name: my-table }",
        "spec" => "spec: { account: \"123456789012\", … }",
        "account" => "account: \"123456789012\"",
        "region" => "region: us-east-1",
        "cluster" => "cluster: { glob: \"CGAPDockerClusterFor*-*\" }",
        "image" => "image: { repository: cgap-devtest, tag: latest }",
        "repository" => "repository: cgap-devtest",
        "tag" => "tag: latest",
        "rollout" => "rollout: { settleSeconds: 15, quietSeconds: 60 }",
        "settleSeconds" => "settleSeconds: 15",
        "quietSeconds" => "quietSeconds: 60",
        "rows" => "- name: portal",
        "name" => "name: portal",
        "use" => "use: Serves the API",
        "service" => "service: { glob: \"CGAPportalService-*\" }",
        "glob" => "glob: \"CGAPportalService-*\"",
        "targetGroup" => "targetGroup: { name: TargetGroupPortal }",
        "task" => "task: { definition: { glob: \"CGAPDeployment-*\" } }",
        "definition" => "definition: { glob: \"CGAPDeployment-*\" }",
        "attempts" => "attempts: 3",
        "spotFallback" => "spotFallback: true",
        "success" => "success: { log: { mustContain: \"done\" } }",
        "log" => "log: { mustContain: \"done\" }",
        "mustContain" => "mustContain: \"done\"",
        "mustNotContain" => "mustNotContain: \"ERROR\"",
        "container" => "container: portal",
        "count" => "count: 4",
        "spot" => "spot: true",
        "vcpu" => "vcpu: 0.25",
        "memory" => "memory: 512",
        "os" => "os: linux",
        "notes" => "notes: Needs autoscaling.",
        "key" => "key: aws:cloudformation:logical-id",
        "value" => "value: CGAPportalService",
        _ => "name: value",
    }
}

/// A text that fits into a sentence. ECS's longest names, of 255 characters, stay whole: hints tell people to write them.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 255;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= MOST && line.len() == text.trim_end().len() {
        return line.to_owned();
    }
    line.chars().take(MOST).chain(['…']).collect()
}
