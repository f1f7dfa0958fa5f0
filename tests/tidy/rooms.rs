//! Who may import whom: the table of docs/architecture.md against the imports of src/.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::imports::{imports, room};
use super::page;
use super::tree::File;

/// The heading of the table that people read and this module checks.
const HEADING: &str = "## Who may import whom";

/// Which rooms each room may import.
pub(super) type AllowList = BTreeMap<String, BTreeSet<String>>;

/// Reads the allow-list: `| level | room | may import |`, a row for one or more rooms.
pub(super) fn allow_list(page: &str) -> AllowList {
    let mut list = AllowList::new();
    for row in page::table(page, HEADING) {
        let [_level, rooms, may] = row.as_slice() else { panic!("{HEADING}: a row of three cells is {row:?}") };
        for room in page::words(rooms) {
            let before = list.insert(room.clone(), page::words(may).into_iter().collect());
            assert!(before.is_none(), "{HEADING}: {room} stands there twice");
        }
    }
    list
}

/// Imports that are not on the list.
pub(super) fn unlisted(list: &AllowList, file: &File) -> Vec<Finding> {
    let Some(own) = room(&file.path) else { return Vec::new() };
    let Some(may) = list.get(own) else {
        let what = format!("the room {own} is not in docs/architecture.md; give it a row under \"{HEADING}\"");
        return vec![Finding::new(&file.path, 1, what)];
    };
    let foreign = imports(file).into_iter().filter(|import| import.room != own && !may.contains(&import.room));
    let finding = |line, room: String| {
        let what = match room.as_str() {
            "*" => "the root of the crate is hidden behind another name; write `crate::room::…`".to_owned(),
            _ => format!(
                "{own} may not import {room}; move the code, or decide it: a row in docs/architecture.md and a page \
                 in docs/decisions/"
            ),
        };
        Finding::new(&file.path, line, what)
    };
    foreign.map(|import| finding(import.line, import.room)).collect()
}

/// A room that cannot be put below the rooms that import it, if there is one.
pub(super) fn circle(list: &AllowList) -> Option<String> {
    let mut left = list.clone();
    while !left.is_empty() {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let free: Vec<String> =
            left.iter().filter(|(_, may)| may.is_disjoint(&names)).map(|(room, _)| room.clone()).collect();
        if free.is_empty() {
            return left.keys().next().cloned();
        }
        left.retain(|room, _| !free.contains(room));
    }
    None
}

fn list(rows: &[(&str, &[&str])]) -> AllowList {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    rows.iter().map(|(room, may)| ((*room).to_owned(), owned(may))).collect()
}

#[test]
fn finds_an_import_that_is_not_listed() {
    let file = File { path: "src/plan/gate.rs".into(), text: "use crate::model::ids;\nuse crate::aws::Aws;".into() };
    let found = unlisted(&list(&[("plan", &["model"]), ("aws", &[])]), &file);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].line, 2);
    assert!(found[0].what.starts_with("plan may not import aws"), "{}", found[0].what);
}

#[test]
fn finds_a_room_without_a_row() {
    let file = File { path: "src/attic/mod.rs".into(), text: String::new() };
    assert_eq!(unlisted(&list(&[("plan", &[])]), &file).len(), 1);
}

#[test]
fn finds_a_circle() {
    assert_eq!(circle(&list(&[("a", &["b"]), ("b", &["a"]), ("c", &[])])), Some("a".to_owned()));
    assert_eq!(circle(&list(&[("a", &["b"]), ("b", &[])])), None);
}

#[test]
fn reads_several_rooms_in_one_row() {
    let page = format!("{HEADING}\n\n| level | room | may import |\n|---|---|---|\n| 0 | a | – |\n| 1 | `b` c | a |\n");
    assert_eq!(allow_list(&page), list(&[("a", &[]), ("b", &["a"]), ("c", &["a"])]));
}
