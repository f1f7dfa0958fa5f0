//! Which files may name which outside crate: the second table of docs/architecture.md, and the purity of two rooms.

use super::finding::Finding;
use super::page;
use super::tokens::{Token, lines_with, tokens};
use super::tree::File;

const HEADING: &str = "## Who may name which crate";

/// What would make a decision depend on more than its arguments.
const IMPURE: [&[&str]; 9] = [
    &["async"],
    &["await"],
    &["tokio"],
    &["fastrand"],
    &["tracing"],
    &["serde"],
    &["std", "::", "fs"],
    &["std", "::", "env"],
    &["std", "::", "process"],
];

/// A crate, or all whose names begin so, and the paths below which it may be named.
pub(super) struct Fence {
    crates: Vec<String>,
    places: Vec<String>,
}

/// Reads the fences: `| crate | only below |`.
pub(super) fn fences(page: &str) -> Vec<Fence> {
    let fence = |row: Vec<String>| {
        let [crates, places, ..] = row.as_slice() else { panic!("{HEADING}: a row is {row:?}") };
        Fence { crates: page::words(crates), places: page::words(places) }
    };
    page::table(page, HEADING).into_iter().map(fence).collect()
}

/// Places where a fenced crate is named outside its fence.
pub(super) fn outside(fences: &[Fence], file: &File) -> Vec<Finding> {
    let tokens = tokens(&file.text);
    let mut found = Vec::new();
    for Fence { crates, places } in fences {
        if places.iter().any(|place| file.path.starts_with(place.as_str())) {
            continue;
        }
        for pair in tokens.windows(2).filter(|pair| crates.iter().any(|name| names(name, pair))) {
            let what = format!("{} may only be named below {}", pair[0].text, places.join(", "));
            found.push(Finding::new(&file.path, pair[0].line, what));
        }
    }
    found
}

/// Whether two tokens are the beginning of a path into this crate, or an import of it.
fn names(name: &str, pair: &[Token]) -> bool {
    let same = match name.strip_suffix('*') {
        Some(start) => pair[0].text.starts_with(start),
        None => pair[0].text == name,
    };
    same && matches!(pair[1].text.as_str(), "::" | ";" | "as")
}

/// Signs of IO, time or chance in a room that decides.
pub(super) fn impure(file: &File) -> Vec<Finding> {
    let tokens = tokens(&file.text);
    let found = IMPURE.iter().flat_map(|sign| {
        let lines = lines_with(&tokens, sign);
        lines.into_iter().map(|line| {
            let what = format!("{} in a pure room; take what it gives as an argument", sign.concat());
            Finding::new(&file.path, line, what)
        })
    });
    found.collect()
}

fn fence(crates: &[&str], places: &[&str]) -> Vec<Fence> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![Fence { crates: owned(crates), places: owned(places) }]
}

#[test]
fn finds_a_crate_outside_its_fence() {
    let file = |path: &str| File { path: path.into(), text: "// aws_sdk_ecs::\nuse aws_sdk_ecs::Client;".into() };
    let fences = fence(&["aws_sdk_*"], &["src/aws/"]);
    assert_eq!(outside(&fences, &file("src/plan/gate.rs"))[0].line, 2);
    assert!(outside(&fences, &file("src/aws/client.rs")).is_empty());
}

#[test]
fn finds_a_crate_by_its_whole_name_only() {
    let file = File { path: "src/plan/gate.rs".into(), text: "let x = knobs.backoff_first_ms;\nbackoff::x();".into() };
    let found = outside(&fence(&["backoff"], &["src/aws/retry.rs"]), &file);
    assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn finds_io_in_a_pure_room() {
    let file = |text: &str| File { path: "src/plan/gate.rs".into(), text: text.into() };
    assert_eq!(impure(&file("use std::fs;")).len(), 1);
    assert_eq!(impure(&file("async fn plan() { x.await }")).len(), 2);
    assert!(impure(&file("fn plan(now: Timestamp) {}")).is_empty());
}
