//! `evenkeel reconcile TABLE…`: supervises tables for as long as it runs, and tells on stderr what it sees and does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::controller::handle::door;
use crate::controller::reload::{File, Reloaded, Tables};
use crate::controller::run::{News, Wished, run};
use crate::model::ids::TableName;
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::report::style::Role;
use crate::telemetry::count::Counts;
use crate::telemetry::metrics::Metrics;

use super::context::Context;
use super::failure::Failure;
use super::listen::Listening;
use super::tables;
use super::watch::Watch;

/// Runs until it is dropped. `first` is what the files hold at the start; the tables in them have been found good.
pub(super) async fn controller(
    context: &Context<'_>,
    paths: &[PathBuf],
    first: BTreeMap<String, File>,
    listening: Option<Listening>,
) -> Result<std::convert::Infallible, Failure> {
    let mut loaded = Tables::default();
    loaded.reload(first.clone());
    let mut last = Some(first);
    let files = move || {
        // A folder that cannot be listed for once says nothing of its files.
        last = tables::snapshot(paths).or(last.take());
        last.clone().unwrap_or_default()
    };
    let said = loaded.in_force().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
    context.output.say(&format!("supervising {said}"));
    let aws = async |table: &ServiceTable| context.aws(table).await;
    let (handle, door) = door();
    let metrics = Arc::new(Metrics::new(handle.clone()));
    // Lives as long as the controller does.
    let _server = match listening {
        Some(listening) => Some(listening.serve(context, handle, Arc::clone(&metrics))?),
        None => None,
    };
    let mut teller = Teller { context, metrics, watches: BTreeMap::new() };
    Ok(run(aws, files, loaded, context.pacing(Span::ZERO), door, |news| teller.tell(&news)).await)
}

/// Says what happens, one line at a time.
struct Teller<'a> {
    context: &'a Context<'a>,
    metrics: Arc<Metrics>,
    watches: BTreeMap<TableName, Watch<'a>>,
}

impl Teller<'_> {
    fn counts(&self) -> &Counts {
        &self.metrics.counts
    }

    fn tell(&mut self, news: &News<'_>) {
        match news {
            News::Pass(table, report, took) => {
                self.counts().pass(table, report, *took);
                let context = *self.context;
                let watch = self.watches.entry(table.name.clone());
                watch.or_insert_with(|| Watch::lines(context, table.name.as_str())).pass(report);
            }
            News::Broken(table, why) => {
                self.counts().broken(table);
                let bad = self.context.output.talk.paint(Role::Bad, "a pass broke off:");
                let talk = format!("{} {bad} {why}; it is tried again, please report this", table.name);
                self.context.output.say(&talk);
            }
            News::Reloaded(reloaded) => {
                self.counts().reloaded(reloaded);
                self.reloaded(reloaded);
            }
            News::Asked(wished @ Wished { table, wish, outcome }) => {
                self.counts().asked(wished);
                self.context.output.say(&format!("{table} was asked for: {wish}, {outcome}"));
            }
        }
    }

    fn reloaded(&mut self, Reloaded { changed, gone, problems, unreadable, broken, were_broken }: &Reloaded) {
        let output = &self.context.output;
        for table in changed {
            output.say(&format!("{} is new or was edited", table.name));
        }
        for table in gone {
            self.watches.remove(&table.name);
            output.say(&format!("{} is not supervised any more: its file is gone", table.name));
        }
        if *broken == 0 && *were_broken > 0 {
            output.say(&output.talk.paint(Role::Good, "every table file is good again"));
        }
        tables::show(output, problems);
        for (file, why) in unreadable {
            output.say(&format!("{file} cannot be read: {why}"));
        }
        if !problems.is_empty() || !unreadable.is_empty() {
            let bad = output.talk.paint(Role::Bad, "what these files held before stays in force");
            output.say(&bad);
        }
    }
}
