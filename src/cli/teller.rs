//! Tells what a running controller sees and does: to people in sentences, or to machines as lines of the log.
//!
//! Counts it as well. Decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::controller::reload::Reloaded;
use crate::controller::run::{News, Wished};
use crate::model::ids::TableName;
use crate::model::row::ServiceTable;
use crate::plan::hold::Urgency;
use crate::reconcile::pass::PassReport;
use crate::report::holds_text;
use crate::report::style::Role;
use crate::telemetry::metrics::Metrics;

use super::context::Context;
use super::output::{Manner, Output};
use super::tables;
use super::watch::Watch;

/// Says what happens, one line at a time.
pub(super) struct Teller<'a> {
    context: &'a Context<'a>,
    metrics: Arc<Metrics>,
    watches: BTreeMap<TableName, Watch<'a>>,
    /// What was last logged of a table.
    stands: BTreeMap<TableName, Stands>,
}

/// What is worth a line when it changes.
#[derive(PartialEq, Eq)]
struct Stands {
    verdict: &'static str,
    phase: &'static str,
    /// What asks for a person.
    asks: Vec<String>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(context: &'a Context<'a>, metrics: Arc<Metrics>) -> Self {
        Self { context, metrics, watches: BTreeMap::new(), stands: BTreeMap::new() }
    }

    pub(super) fn tell(&mut self, news: &News<'_>) {
        self.count(news);
        match self.context.output.manner {
            Manner::Spoken => self.say(news),
            Manner::Logged => self.log(news),
        }
    }

    fn count(&self, news: &News<'_>) {
        let counts = &self.metrics.counts;
        match news {
            News::Pass(table, report, took) => counts.pass(table, report, *took),
            News::Broken(table, _) => counts.broken(table),
            News::Reloaded(reloaded) => counts.reloaded(reloaded),
            News::Asked(wished) => counts.asked(wished),
        }
    }

    fn say(&mut self, news: &News<'_>) {
        match news {
            News::Pass(table, report, _) => {
                let context = *self.context;
                let watch = self.watches.entry(table.name.clone());
                watch.or_insert_with(|| Watch::lines(context, table.name.as_str())).pass(report);
            }
            News::Broken(table, why) => {
                let bad = self.context.output.talk.paint(Role::Bad, "a pass broke off:");
                let talk = format!("{} {bad} {why}; it is tried again, please report this", table.name);
                self.context.output.say(&talk);
            }
            News::Reloaded(reloaded) => {
                reloaded.gone.iter().for_each(|table| drop(self.watches.remove(&table.name)));
                say_reloaded(&self.context.output, reloaded);
            }
            News::Asked(Wished { table, wish, outcome }) => {
                self.context.output.say(&format!("{table} was asked for: {wish}, {outcome}"));
            }
        }
    }

    fn log(&mut self, news: &News<'_>) {
        match news {
            News::Pass(table, report, _) => self.log_pass(table, report),
            News::Broken(table, why) => tracing::error!(table = %table.name, why, "pass broke off"),
            News::Reloaded(reloaded) => {
                reloaded.gone.iter().for_each(|table| drop(self.stands.remove(&table.name)));
                log_reloaded(reloaded);
            }
            News::Asked(Wished { table, wish, outcome }) => tracing::info!(%table, wish, outcome, "wish answered"),
        }
    }

    /// The pass itself has logged its steps; here is what it means for the table.
    fn log_pass(&mut self, table: &ServiceTable, report: &PassReport) {
        let asking = report.plan.holds.iter().filter(|hold| hold.cause.urgency() >= Urgency::Person);
        let stands = Stands {
            verdict: report.verdict().name(),
            phase: report.plan.rollout.phase.name(),
            asks: asking.map(|hold| holds_text::said(&hold.cause)).collect(),
        };
        if self.stands.get(&table.name) == Some(&stands) {
            return;
        }
        let Stands { verdict, phase, asks } = &stands;
        if asks.is_empty() {
            tracing::info!(table = %table.name, verdict, phase, "table stands");
        } else {
            tracing::warn!(table = %table.name, verdict, phase, asks = asks.join("; "), "table needs a person");
        }
        self.stands.insert(table.name.clone(), stands);
    }
}

fn say_reloaded(output: &Output, Reloaded { changed, gone, problems, unusable, broken, were_broken }: &Reloaded) {
    for table in changed {
        output.say(&format!("{} is new or was edited", table.name));
    }
    for table in gone {
        output.say(&format!("{} is not supervised any more: its file is gone", table.name));
    }
    if *broken == 0 && *were_broken > 0 {
        output.say(&output.talk.paint(Role::Good, "every table file is good again"));
    }
    tables::show(output, problems);
    for (file, why) in unusable {
        output.say(&format!("{file} cannot be used: {why}"));
    }
    if !problems.is_empty() || !unusable.is_empty() {
        let bad = output.talk.paint(Role::Bad, "what these files held before stays in force");
        output.say(&bad);
    }
}

fn log_reloaded(Reloaded { changed, gone, problems, unusable, broken, were_broken }: &Reloaded) {
    changed.iter().for_each(|table| tracing::info!(table = %table.name, "table is new or was edited"));
    gone.iter().for_each(|table| tracing::info!(table = %table.name, "table is gone"));
    if *broken == 0 && *were_broken > 0 {
        tracing::info!("table files are good again");
    }
    for problems in problems {
        for problem in &problems.list {
            let (file, path, why) = (&problems.file, &problem.path, &problem.problem);
            let (line, column) = (problem.line, problem.column);
            tracing::error!(file, line, column, path, why, "table file is broken, what it held before stays in force");
        }
    }
    for (file, why) in unusable {
        tracing::error!(file, why, "table file cannot be used, what it held before stays in force");
    }
}
