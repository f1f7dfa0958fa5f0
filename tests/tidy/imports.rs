//! Which rooms a file names, by `crate::room`, by a group, by a `super` that climbs out, or by the crate's own name.

use super::tokens::{Token, tokens};
use super::tree::File;

/// A room that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The first word after the root of the crate.
    pub(super) room: String,
    /// Where.
    pub(super) line: usize,
}

/// The room of a file of src/; none for lib.rs, which only lists them.
pub(super) fn room(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib").then_some(room)
}

/// The rooms that a file names, its own included. A star or another name for the root comes out as `*`.
pub(super) fn imports(file: &File) -> Vec<Import> {
    let tokens = tokens(&file.text);
    let depth = depth(&file.path);
    let mut found = Vec::new();
    let mut modules = Inline::default();
    let mut at = 0;
    while at < tokens.len() {
        modules.step(&tokens, at);
        let root = match tokens[at].text.as_str() {
            "crate" | "evenkeel" => Some(at + 1),
            "super" => climb(&tokens, at, depth + modules.depth()),
            _ => None,
        };
        found.extend(root.map(|root| after_root(&tokens, root)).unwrap_or_default());
        // A chain of `super` is one climb.
        at += 1;
        while tokens[at - 1].text == "super" && is(&tokens, at, "::") && is(&tokens, at + 1, "super") {
            at += 2;
        }
    }
    found
}

/// How many modules stand between a file and the root: `src/plan/gate.rs` is two below.
fn depth(path: &str) -> usize {
    let parts = path.trim_start_matches("src/").split('/').count();
    if path.ends_with("/mod.rs") || path == "src/main.rs" || path == "src/lib.rs" { parts - 1 } else { parts }
}

fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}

/// Where a chain of `super` ends, if that is the root of the crate.
fn climb(tokens: &[Token], from: usize, depth: usize) -> Option<usize> {
    let mut ups = 1;
    let mut end = from + 1;
    while is(tokens, end, "::") && is(tokens, end + 1, "super") {
        (ups, end) = (ups + 1, end + 2);
    }
    (ups >= depth && is(tokens, end, "::")).then_some(end)
}

/// The rooms named by what follows the root: `::room`, `::{room, room::…}`, `::*`, or `as`.
fn after_root(tokens: &[Token], at: usize) -> Vec<Import> {
    let import = |token: &Token| Import { room: token.text.clone(), line: token.line };
    if is(tokens, at, "as") {
        return vec![Import { room: "*".to_owned(), line: tokens[at].line }];
    }
    if !is(tokens, at, "::") {
        return Vec::new();
    }
    match tokens.get(at + 1) {
        Some(token) if token.text == "{" => group(tokens, at + 2),
        Some(token) if token.is_word() || token.text == "*" => vec![import(token)],
        Some(_) | None => Vec::new(),
    }
}

/// The first words of a group's items.
fn group(tokens: &[Token], from: usize) -> Vec<Import> {
    let (mut depth, mut first, mut found) = (1, true, Vec::new());
    for token in &tokens[from..] {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," if depth == 1 => first = true,
            _ if first => {
                let room = if token.text == "self" { "*" } else { &token.text };
                found.push(Import { room: room.to_owned(), line: token.line });
                first = false;
            }
            _ => {}
        }
    }
    found
}

/// The inline modules (`mod tests { … }`) around the token that is looked at.
#[derive(Default)]
struct Inline {
    braces: usize,
    opened_at: Vec<usize>,
}

impl Inline {
    fn depth(&self) -> usize {
        self.opened_at.len()
    }

    fn step(&mut self, tokens: &[Token], at: usize) {
        match tokens[at].text.as_str() {
            "{" => {
                self.braces += 1;
                if at >= 2 && tokens[at - 2].text == "mod" {
                    self.opened_at.push(self.braces);
                }
            }
            "}" => {
                self.opened_at.retain(|opened| *opened != self.braces);
                self.braces = self.braces.saturating_sub(1);
            }
            _ => {}
        }
    }
}

#[track_caller]
fn check(path: &str, text: &str, expect: &[(&str, usize)]) {
    let found = imports(&File { path: path.to_owned(), text: text.to_owned() });
    let found: Vec<(&str, usize)> = found.iter().map(|import| (import.room.as_str(), import.line)).collect();
    assert_eq!(found, expect);
}

#[test]
fn a_room_is_found_by_its_path() {
    check("src/plan/gate.rs", "use crate::model::ids;\nlet x = crate::aws::Aws;", &[("model", 1), ("aws", 2)]);
    check("src/plan/gate.rs", "use crate::{\n    model::{self, ids},\n    aws,\n};", &[("model", 2), ("aws", 3)]);
    check("src/plan/gate.rs", "pub(crate) mod x;\n// crate::aws\nlet s = \"crate::aws\";", &[]);
}

#[test]
fn a_room_is_found_by_a_super_that_climbs_out() {
    check("src/plan/gate.rs", "use super::hold;\nuse super::super::aws;", &[("aws", 2)]);
    check("src/plan/mod.rs", "use super::aws;", &[("aws", 1)]);
    check("src/plan/gate.rs", "mod tests {\n    use super::super::hold;\n}\nuse super::super::aws;", &[("aws", 4)]);
    check("src/telemetry.rs", "pub(super) fn f() {}\nuse super::{aws, model};", &[("aws", 2), ("model", 2)]);
}

#[test]
fn hiding_the_root_is_found() {
    check(
        "src/plan/gate.rs",
        "use crate as root;\nuse crate::*;\nuse crate::{self as r};",
        &[("*", 1), ("*", 2), ("*", 3)],
    );
}

#[test]
fn the_binary_names_rooms_by_the_name_of_the_crate() {
    check("src/main.rs", "use evenkeel::cli::args::Cli;", &[("cli", 1)]);
}

#[test]
fn every_file_is_in_a_room() {
    assert_eq!(room("src/plan/gate.rs"), Some("plan"));
    assert_eq!(room("src/telemetry.rs"), Some("telemetry"));
    assert_eq!(room("src/main.rs"), Some("main"));
    assert_eq!(room("src/lib.rs"), None);
}
