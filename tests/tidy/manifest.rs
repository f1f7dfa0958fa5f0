//! Cargo.toml: every dependency has its reason on the line above it.

use super::finding::Finding;
use super::tree::File;

/// Dependencies without a comment above them.
pub(super) fn unexplained(file: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut among_dependencies, mut before) = (false, "");
    for (at, line) in file.text.lines().enumerate() {
        if line.starts_with('[') {
            among_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if among_dependencies && begins_an_entry(line) && !before.starts_with('#') {
            let name = line.split('=').next().unwrap_or(line).trim();
            found.push(Finding::new(&file.path, at + 1, format!("{name} has no comment above it; say what it is for")));
        }
        before = line;
    }
    found
}

/// Entries begin at the margin; the lines of a long one do not.
fn begins_an_entry(line: &str) -> bool {
    line.starts_with(|c: char| c.is_alphanumeric())
}

#[test]
fn finds_a_dependency_without_a_reason() {
    let text =
        "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n[dev-dependencies]\n\nc = \"1\"\n";
    let found = unexplained(&File { path: "Cargo.toml".to_owned(), text: text.to_owned() });
    assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [6, 9]);
}
