//! What tables that are given together must not share: a name, and a service.
//!
//! Tells by what the files say. Two globs that differ may find one service all the same, which is known only in AWS.

use std::collections::BTreeMap;

use crate::model::row::{Row, ServiceTable};
use crate::model::selector::Selector;

use super::problem::Finding;
use super::read::Reading;

/// The record of a rollout is kept under its table's name.
pub(super) fn names_once(readings: &mut [Reading]) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for reading in readings {
        let Some(name) = reading.name.clone() else { continue };
        let place = reading.place("metadata.name");
        match seen.get(&name) {
            None => {
                let line = reading.line("metadata.name");
                seen.insert(name, format!("{} on line {line}", reading.file));
            }
            Some(first) => {
                let finding = Finding::new(place, "metadata.name", format!("a second table `{name}`"));
                reading.findings.push(finding.hint(format!("{first} has that name; give this table its own")));
            }
        }
    }
}

/// Two tables of one service would undo each other's work, and run a deployment task each for every kick.
pub(super) fn services_once(readings: &mut [Reading]) {
    for later in 1..readings.len() {
        let (before, rest) = readings.split_at_mut(later);
        let Some((reading, table)) = rest.first_mut().and_then(|it| it.table.clone().map(|table| (it, table))) else {
            continue;
        };
        // A second table of the same name has a problem already, of which this would only be the consequence.
        let others = before.iter().filter(|other| other.name != reading.name);
        for (other, theirs) in others.filter_map(|other| Some((other, other.table.as_ref()?))) {
            for (mine, first) in shared(&table, theirs) {
                let (path, line) = (mine.path(), other.line(&first.path()));
                let said = format!("{} finds its service in a second table", mine.row.name);
                let finding = Finding::new(reading.place(&path), &path, said);
                reading.findings.push(finding.hint(format!(
                    "{} of table `{}` finds it already, on line {line} of {}; look at `spec.cluster` and at the selectors",
                    first.row.name, theirs.name, other.file
                )));
            }
        }
    }
}

/// Whether two tables name one service, as far as their selectors tell.
pub fn share_a_service(one: &ServiceTable, other: &ServiceTable) -> bool {
    !shared(one, other).is_empty()
}

/// A row that finds a service.
#[derive(Clone, Copy)]
struct Finder<'a> {
    index: usize,
    row: &'a Row,
    selector: &'a Selector,
}

impl Finder<'_> {
    fn path(&self) -> String {
        let field = if self.row.task().is_some() { "task.service" } else { "service" };
        format!("spec.rows[{}].{field}", self.index)
    }
}

fn finders(table: &ServiceTable) -> impl Iterator<Item = Finder<'_>> {
    let rows = table.rows.iter().enumerate();
    rows.filter_map(|(index, row)| Some(Finder { index, row, selector: row.service_selector()? }))
}

/// Rows that find the same service: of the one table, and of the other.
fn shared<'a>(one: &'a ServiceTable, other: &'a ServiceTable) -> Vec<(Finder<'a>, Finder<'a>)> {
    if (&one.account, &one.region) != (&other.account, &other.region) || !meet(&one.cluster, &other.cluster) {
        return Vec::new();
    }
    let theirs = |mine: &Finder<'_>| finders(other).find(|theirs| meet(mine.selector, theirs.selector));
    finders(one).filter_map(|mine| Some((mine, theirs(&mine)?))).collect()
}

/// Whether what the one selector finds is what the other finds, if each finds one.
fn meet(one: &Selector, other: &Selector) -> bool {
    match (one, other) {
        (Selector::Name(name), Selector::Glob(glob)) | (Selector::Glob(glob), Selector::Name(name)) => {
            glob.matches(name)
        }
        (Selector::Name(_) | Selector::Glob(_) | Selector::Tag { .. }, _) => one == other,
    }
}
