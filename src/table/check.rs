//! What a table means: its names and sizes through the model's parsers, and its rows against each other.
//!
//! Sees only what fits the schema; what is `None` here was left out, or was reported already and is passed over.
//! Returns the table only if all of it could be read; whether anything was reported is the caller's question.

use std::collections::BTreeMap;

use crate::model::Invalid;
use crate::model::ids::{AccountId, Region, TableName};
use crate::model::image::{ImageRef, Repository, Tag};
use crate::model::row::{RolloutPolicy, Row, ServiceTable};
use crate::model::time::Span;

use super::arn::Named;
use super::document::{ImageDocument, RolloutDocument, RowDocument, SpecDocument, TableDocument};
use super::problem::Finding;
use super::selector;
use super::source::Lines;
use super::walk::Places;

/// The checks of one table.
pub(super) struct Check<'text> {
    lines: Lines,
    places: &'text Places,
    /// What was found.
    pub(super) findings: Vec<Finding>,
}

impl<'text> Check<'text> {
    /// No check done yet.
    pub(super) fn new(text: &str, places: &'text Places) -> Self {
        Self { lines: Lines::of(text), places, findings: Vec::new() }
    }

    /// The whole table.
    pub(super) fn table(&mut self, document: &TableDocument) -> Option<ServiceTable> {
        let name = document.metadata.as_ref().and_then(|metadata| metadata.name.as_deref());
        let name = self.parsed("metadata.name", name, TableName::parse);
        let spec = document.spec.as_ref()?;
        let SpecDocument { account, region, cluster, image, rollout, rows } = spec;
        let account = self.parsed("spec.account", account.as_deref(), AccountId::parse);
        let region = self.parsed("spec.region", region.as_deref(), Region::parse);
        let cluster = self.selector("spec.cluster", Named::Cluster, cluster.as_ref());
        let image = image.as_ref().map(|image| self.image(image));
        let rows = rows.as_deref().map(|rows| self.rows(rows));
        Some(ServiceTable {
            name: name?,
            account: account?,
            region: region?,
            cluster: cluster?,
            image: match image {
                None => None,
                Some(image) => Some(image?),
            },
            rows: rows??,
            policy: policy(rollout.as_ref()),
        })
    }

    fn image(&mut self, document: &ImageDocument) -> Option<ImageRef> {
        let ImageDocument { repository, tag } = document;
        let repository = self.parsed("spec.image.repository", repository.as_deref(), Repository::parse);
        let tag = self.parsed("spec.image.tag", tag.as_deref(), Tag::parse);
        Some(ImageRef { repository: repository?, tag: tag? })
    }

    fn rows(&mut self, documents: &[RowDocument]) -> Option<Vec<Row>> {
        let paths = (0..documents.len()).map(|index| format!("spec.rows[{index}]"));
        let placed: Vec<(String, &RowDocument)> = paths.zip(documents).collect();
        let rows: Vec<Option<Row>> = placed.iter().map(|(path, row)| self.row(path, row)).collect();
        self.names_once(&placed);
        self.services_once(&placed);
        self.tasks(&placed);
        rows.into_iter().collect()
    }

    fn names_once(&mut self, rows: &[(String, &RowDocument)]) {
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for (path, row) in rows {
            let Some(name) = row.name.as_deref() else { continue };
            let path = format!("{path}.name");
            match seen.get(name) {
                None => {
                    seen.insert(name, path);
                }
                Some(first) => {
                    let line = self.line(first);
                    self.report(
                        &path,
                        format!("row `{name}` is stated twice"),
                        format!("it is stated on line {line} already; give this row a name of its own"),
                    );
                }
            }
        }
    }

    /// Two rows that find the same service would undo each other's work for ever.
    fn services_once(&mut self, rows: &[(String, &RowDocument)]) {
        let mut seen: BTreeMap<String, (String, &str)> = BTreeMap::new();
        for (path, row) in rows {
            let of_task = row.task.as_ref().and_then(|task| task.service.as_ref());
            let services = [("service", row.service.as_ref()), ("task.service", of_task)];
            for (inner, selector) in services {
                let Some((form, shown)) = selector.and_then(selector::shown) else { continue };
                let inner = format!("{path}.{inner}.{form}");
                match seen.get(&shown) {
                    None => {
                        seen.insert(shown, (inner, row.name.as_deref().unwrap_or("without a name")));
                    }
                    Some((first, name)) => {
                        let hint = format!("row `{name}` on line {} finds it already", self.line(first));
                        self.report(&inner, format!("two rows find their service by {shown}"), hint);
                    }
                }
            }
        }
    }

    /// A rollout ends with one task, after the services' old tasks: so no second task, and at least one service.
    fn tasks(&mut self, rows: &[(String, &RowDocument)]) {
        let mut tasks = rows.iter().filter(|(_, row)| row.task.is_some() && row.service.is_none());
        let Some((first, _)) = tasks.next() else { return };
        let first = format!("{first}.task");
        for (path, _) in tasks {
            let hint = format!("line {} has one already; a rollout ends with one task", self.line(&first));
            self.report(&format!("{path}.task"), "a second task row", hint);
        }
        if rows.iter().all(|(_, row)| row.task.is_some() && row.service.is_none()) {
            let hint = "a rollout is what happens to services; add a row with `service`";
            self.report(&first, "a table with a task row and no service", hint);
        }
    }

    /// A text through one of the model's parsers.
    pub(super) fn parsed<T>(
        &mut self,
        path: impl AsRef<str>,
        text: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let result = parse(text?);
        self.valid(path.as_ref(), result)
    }

    /// What the model's parser made of it.
    pub(super) fn valid<T>(&mut self, path: &str, result: Result<T, Invalid>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Invalid { problem, hint }) => {
                self.report(path, problem, hint);
                None
            }
        }
    }

    /// Adds a finding at the field of this path.
    pub(super) fn report(&mut self, path: &str, problem: impl Into<String>, hint: impl Into<String>) {
        let place = self.places.get(path).cloned().unwrap_or(0..0);
        self.findings.push(Finding::new(place, path, problem).hint(hint));
    }

    fn line(&self, path: &str) -> usize {
        self.lines.line(self.places.get(path).map_or(0, |place| place.start))
    }
}

fn policy(document: Option<&RolloutDocument>) -> RolloutPolicy {
    let Some(RolloutDocument { settle_seconds, quiet_seconds }) = document else { return RolloutPolicy::default() };
    let span = |seconds: &Option<u32>, or: Span| seconds.map_or(or, |seconds| Span::seconds(seconds.into()));
    RolloutPolicy {
        settle: span(settle_seconds, RolloutPolicy::SETTLE),
        quiet: span(quiet_seconds, RolloutPolicy::QUIET),
    }
}
