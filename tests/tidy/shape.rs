//! How a source file looks: its first line, its length, and what `mod.rs` may hold.

use super::finding::Finding;
use super::tokens::tokens;
use super::tree::File;

/// A file that is this long has to be split.
const TOO_LONG: usize = 500;
/// A file that is this long should be looked at again.
const LONG: usize = 400;

/// Words that begin an item with a body, or a constant: none of them belongs into a table of contents.
const ITEMS: [&str; 9] = ["fn", "struct", "enum", "impl", "trait", "const", "static", "union", "macro_rules"];

/// A file that does not begin by saying what it owns.
pub(super) fn undocumented(file: &File) -> Option<Finding> {
    let what = "does not begin with `//!`; say what the file owns and what it must not do";
    (!file.text.starts_with("//! ")).then(|| Finding::new(&file.path, 1, what))
}

/// A file that has to be split.
pub(super) fn too_long(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let what = format!("{lines} lines, over {TOO_LONG}; split it by responsibility");
    (lines > TOO_LONG).then(|| Finding::new(&file.path, lines, what))
}

/// A note about a file that grows.
pub(super) fn long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > LONG).then(|| format!("{}: {lines} lines; look again at {LONG}", file.path))
}

/// Items in a `mod.rs`.
pub(super) fn more_than_contents(file: &File) -> Vec<Finding> {
    if !file.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    let tokens = tokens(&file.text);
    // The lifetime `'static` is no item.
    let pairs = tokens.windows(2).filter(|pair| pair[0].text != "'").map(|pair| &pair[1]);
    let items = tokens.iter().take(1).chain(pairs).filter(|token| ITEMS.contains(&token.text.as_str()));
    let what = |word: &str| format!("`{word}` in a mod.rs, which is a table of contents; give it a file of its own");
    items.map(|token| Finding::new(&file.path, token.line, what(&token.text))).collect()
}

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn finds_a_file_that_does_not_say_what_it_owns() {
    assert!(undocumented(&file("src/a.rs", "use std::fmt;\n")).is_some());
    assert!(undocumented(&file("src/a.rs", "//! Owns a.\n")).is_none());
}

#[test]
fn finds_a_file_that_is_too_long() {
    assert!(too_long(&file("src/a.rs", &"\n".repeat(TOO_LONG + 1))).is_some());
    assert!(too_long(&file("src/a.rs", &"\n".repeat(TOO_LONG))).is_none());
    assert!(long(&file("src/a.rs", &"\n".repeat(LONG + 1))).is_some());
}

#[test]
fn finds_an_item_in_a_table_of_contents() {
    let text = "//! Rooms; no struct here.\n\nmod a;\npub use a::A;\npub struct B;\n";
    assert_eq!(more_than_contents(&file("src/a/mod.rs", text))[0].line, 5);
    assert!(more_than_contents(&file("src/a/b.rs", text)).is_empty());
}
