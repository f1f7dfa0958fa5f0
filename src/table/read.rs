//! The way from bytes to a table, and from several files to tables that go together.
//!
//! Only strings the steps together; each of them collects its findings and the next goes on with what is left.

use crate::model::row::ServiceTable;

use super::check::Check;
use super::compose::{self, Composed};
use super::document::TableDocument;
use super::node::Node;
use super::problem::{Finding, Problems};
use super::schema;
use super::source::{self, Lines, Source};
use super::together;
use super::walk::{self, Places, Walked};

/// The table in a file's bytes; `file` is the name to show.
///
/// # Errors
/// Everything that is wrong in it, in one go: at least one problem, each once, in the order of the file. Only a file
/// that is not UTF-8, too large or not YAML at all shows nothing but that.
pub fn read(file: &str, bytes: &[u8]) -> Result<ServiceTable, Problems> {
    Reading::of(file, bytes).finish()
}

/// The tables of several files, which must go together: no two have one name, or one service.
///
/// # Errors
/// The problems of each file that has any, in the order of the files.
pub fn read_all(files: &[(&str, &[u8])]) -> Result<Vec<ServiceTable>, Vec<Problems>> {
    let mut readings: Vec<Reading> = files.iter().map(|(file, bytes)| Reading::of(file, bytes)).collect();
    together::names_once(&mut readings);
    together::services_once(&mut readings);
    let (mut tables, mut problems) = (Vec::new(), Vec::new());
    for reading in readings {
        match reading.finish() {
            Ok(table) => tables.push(table),
            Err(found) => problems.push(found),
        }
    }
    if problems.is_empty() { Ok(tables) } else { Err(problems) }
}

/// What came out of one file.
pub(super) struct Reading {
    pub(super) file: String,
    text: String,
    pub(super) table: Option<ServiceTable>,
    /// The table's name as it is written, be the rest as broken as it likes.
    pub(super) name: Option<String>,
    places: Places,
    pub(super) findings: Vec<Finding>,
}

impl Reading {
    fn of(file: &str, bytes: &[u8]) -> Self {
        let Source { text, fault } = source::text_of(bytes);
        let places = Places::new();
        let mut reading = Self { file: file.to_owned(), text, table: None, name: None, places, findings: Vec::new() };
        match fault {
            Some(fault) => reading.findings.push(fault),
            None => reading.compose(),
        }
        reading
    }

    fn compose(&mut self) {
        match compose::compose(&self.text) {
            Err(fault) => self.findings.push(fault),
            Ok(Composed { documents, findings }) => {
                self.findings.extend(findings);
                if let Some(second) = documents.get(1) {
                    let finding = Finding::new(second.span.clone(), "", "a second document in this file");
                    self.findings.push(finding.hint("one file holds one table; give it a file of its own"));
                }
                match documents.first() {
                    Some(document) => self.check(document),
                    None => self.findings.push(
                        Finding::new(0..0, "", "there is no table in this file")
                            .hint("start with `apiVersion: evenkeel.dev/v1` and `kind: ServiceTable`"),
                    ),
                }
            }
        }
    }

    fn check(&mut self, document: &Node) {
        let Walked { value, places, findings } = walk::walk(&self.text, document, schema::shared());
        self.findings.extend(findings);
        match serde_json::from_value::<TableDocument>(value) {
            Ok(table) => {
                let mut check = Check::new(&self.text, &places);
                self.table = check.table(&table);
                self.findings.append(&mut check.findings);
                self.name = table.metadata.and_then(|metadata| metadata.name);
            }
            // What fits the schema fits the types that it is made of; a test with arbitrary tables holds us to it.
            Err(error) => self.findings.push(
                Finding::new(0..0, "", format!("the table fits its schema and not its types: {error}"))
                    .hint("this is a fault of evenkeel; please report it with the table"),
            ),
        }
        self.places = places;
    }

    pub(super) fn place(&self, path: &str) -> std::ops::Range<usize> {
        self.places.get(path).cloned().unwrap_or(0..0)
    }

    pub(super) fn line(&self, path: &str) -> usize {
        Lines::of(&self.text).line(self.place(path).start)
    }

    fn finish(self) -> Result<ServiceTable, Problems> {
        let Self { file, text, table, name: _, places: _, mut findings } = self;
        match table {
            Some(table) if findings.is_empty() => Ok(table),
            Some(_) | None => {
                if findings.is_empty() {
                    // Every part that is not read is reported where it stands; this keeps the promise all the same.
                    findings.push(Finding::new(0..0, "", "the table could not be read").hint("please report it"));
                }
                Err(Problems::new(&file, text, findings))
            }
        }
    }
}
