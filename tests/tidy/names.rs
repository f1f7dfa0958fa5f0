//! What files and folders are called, and what stands at the top of the repository.

use super::finding::Finding;

/// Words that say nothing about what a file owns.
const EMPTY: [&str; 8] = ["util", "utils", "helper", "helpers", "manager", "managers", "misc", "stuff"];

/// Everything that may stand at the top; what is hidden belongs to tools.
const TOP: [&str; 15] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "benches",
    "clippy.toml",
    "docs",
    "rustfmt.toml",
    "specs",
    "src",
    "target",
    "tests",
];

/// A path whose name says nothing.
pub(super) fn empty_name(path: &str) -> Option<Finding> {
    let word = path.split(['/', '_', '-', '.']).find(|word| EMPTY.contains(word))?;
    Some(Finding::new(path, 1, format!("`{word}` says nothing about what the file owns")))
}

/// Names that do not belong to the top of the repository.
pub(super) fn stray(top: &[String]) -> Vec<Finding> {
    let strays = top.iter().filter(|name| !TOP.contains(&name.as_str()));
    strays
        .map(|name| Finding::new(name, 1, "does not belong to the top; a decision, see tests/tidy/names.rs"))
        .collect()
}

#[test]
fn finds_a_name_that_says_nothing() {
    assert!(empty_name("src/plan/string_utils.rs").is_some());
    assert!(empty_name("src/helpers/mod.rs").is_some());
    assert!(empty_name("src/plan/gate.rs").is_none());
}

#[test]
fn finds_a_stray_at_the_top() {
    let found = stray(&["src".to_owned(), "notes.txt".to_owned()]);
    assert_eq!(found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["notes.txt"]);
}
