//! The tables of docs/architecture.md, so that what people read there is what is checked.

/// The rows of the Markdown table under this heading, without the table's head; each row as its cells.
pub(super) fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = page.lines().skip_while(|line| *line != heading).skip(1);
    let lines = section.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = lines.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "docs/architecture.md has no table under {heading:?}");
    rows
}

/// The words of a cell, without backticks; a dash means none.
pub(super) fn words(cell: &str) -> Vec<String> {
    cell.split_whitespace().map(|word| word.trim_matches('`').to_owned()).filter(|word| word != "–").collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn tables_are_read_under_their_own_heading() {
    let page = "## A\n| x |\n|---|\n| `a` b |\n\n## B\n| x | y |\n|---|---|\n| c | – |\n";
    assert_eq!(table(page, "## A"), [["`a` b"]]);
    assert_eq!(words("`a` b"), ["a", "b"]);
    assert_eq!(table(page, "## B"), [["c", "–"]]);
    assert!(words("–").is_empty());
}
