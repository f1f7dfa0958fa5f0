//! What black-box tests share: the users' table, and a judge that asks the world instead of the controller.

pub(crate) mod seen;
pub(crate) mod world;

use evenkeel::model::row::ServiceTable;

/// The users' table.
pub(crate) fn cgap() -> ServiceTable {
    table(include_str!("../../specs/cgap.yaml"))
}

/// The users' table, edited.
pub(crate) fn cgap_with(edits: &[(&str, &str)]) -> ServiceTable {
    let mut text = include_str!("../../specs/cgap.yaml").to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "the table does not say `{from}`");
        text = text.replacen(from, to, 1);
    }
    table(&text)
}

fn table(text: &str) -> ServiceTable {
    evenkeel::table::read("specs/cgap.yaml", text.as_bytes()).expect("the users' table is good")
}
