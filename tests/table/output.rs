//! How problems look, as text and as JSON.

use evenkeel::table::read;

const FAULTS: &[u8] = include_bytes!("../tables/twenty-faults.yaml");

#[test]
fn shows_every_fault_of_a_table_at_once() {
    let problems = read("tests/tables/twenty-faults.yaml", FAULTS).expect_err("a table of faults");
    assert!(problems.list.len() >= 20, "{}", problems.list.len());
    insta::assert_snapshot!("twenty-faults", problems.render(false, 100));
}

#[test]
fn gives_the_same_as_json() {
    let problems = read("tests/tables/twenty-faults.yaml", FAULTS).expect_err("a table of faults");
    insta::assert_json_snapshot!("first-faults", problems.json().into_iter().take(3).collect::<Vec<_>>());
}

#[test]
fn colours_only_when_told() {
    let problems = read("web.yaml", b"kind: x").expect_err("no table");
    assert!(!problems.render(false, 80).contains('\u{1b}'));
    assert!(problems.render(true, 80).contains('\u{1b}'));
}

#[test]
fn names_the_file_that_has_no_line_to_show() {
    let problems = read("huge.yaml", &vec![b'#'; 2 * 1024 * 1024]).expect_err("too large");
    insta::assert_snapshot!("no-line", problems.render(false, 80));
}

#[test]
fn looks_as_the_table_reference_shows_it() {
    let yaml = include_bytes!("../tables/misspelt.yaml");
    let shown = read("misspelt.yaml", yaml).expect_err("four faults").render(false, 100);
    let docs = include_str!("../../docs/table.md");
    assert!(docs.contains(&shown), "docs/table.md should show:\n{shown}");
}
