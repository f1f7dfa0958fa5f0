//! What happens, counted from a controller's news.
//!
//! Only grows, and starts from nothing with each process. What is true at this moment is `show`'s.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::controller::reload::Reloaded;
use crate::controller::run::Wished;
use crate::model::ids::TableName;
use crate::model::past::Past;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::reconcile::execute::StepResult;
use crate::reconcile::pass::{PassReport, Verdict};

use super::encode::Labels;

/// Counters, kept from the beginning of the process.
#[derive(Debug)]
pub struct Counts {
    passes: Family<Labels<2>, Counter>,
    pass_seconds: Histogram,
    broken: Family<Labels<1>, Counter>,
    steps: Family<Labels<3>, Counter>,
    requests: Family<Labels<3>, Counter>,
    refused: Family<Labels<1>, Counter>,
    rollouts: Family<Labels<2>, Counter>,
    phase_seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    broken_files: Gauge,
    /// The phase of each table that was passed, and since when, if its beginning was seen.
    phases: Mutex<BTreeMap<TableName, (&'static str, Option<Timestamp>)>>,
}

// A series that begins at one shows no increase. So each that may come stands at nothing before.
const VERDICTS: [Verdict; 4] = [Verdict::Converged, Verdict::Progressing, Verdict::Held, Verdict::Failed];
const STEPS: [&str; 6] = ["Record", "Change", "Update", "Register", "RollBack", "Run"];
const RESULTS: [&str; 3] = ["done", "failed", "skipped"];
const ENDS: [&str; 5] = ["succeeded", "failed", "unknown", "resolved", "skipped"];
const WISHES: [&str; 5] = ["rollout", "retry", "resolve", "abort", "run"];
const OUTCOMES: [&str; 6] = ["granted", "known", "held", "another", "too-late", "not-written"];
const UNSEEN: &str = "Unseen";
const PHASES: [&str; 10] =
    [UNSEEN, "Settled", "Requested", "Rolling", "Draining", "Settling", "Clear", "Deploying", "Failed", "Unknown"];

/// A pass takes from two calls to a few hundred, so from a tenth of a second to a minute when AWS is slow.
fn pass_buckets() -> Histogram {
    Histogram::new([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

/// Phases last from one look to the hour that a drain may take.
fn phase_buckets() -> Histogram {
    Histogram::new([5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0])
}

impl Counts {
    /// Counters that stand at nothing, shown in `registry`.
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let counts = Self {
            passes: Family::default(),
            pass_seconds: pass_buckets(),
            broken: Family::default(),
            steps: Family::default(),
            requests: Family::default(),
            refused: Family::default(),
            rollouts: Family::default(),
            phase_seconds: Family::new_with_constructor(phase_buckets),
            broken_files: Gauge::default(),
            phases: Mutex::default(),
        };
        let Self { passes, pass_seconds, broken, steps, requests, refused, rollouts, .. } = &counts;
        let Self { phase_seconds, broken_files, .. } = &counts;
        for phase in PHASES {
            let _ = phase_seconds.get_or_create(&Labels([("phase", phase.to_owned())]));
        }
        registry.register("passes", "Passes, by what they amounted to", passes.clone());
        let unit = Unit::Seconds;
        registry.register_with_unit("pass", "How long passes took", unit.clone(), pass_seconds.clone());
        registry.register("passes_broken_off", "Passes that ended with a mistake of this program", broken.clone());
        registry.register("steps", "Steps, by kind and by what became of them", steps.clone());
        registry.register("requests", "What people asked for through the API, by answer", requests.clone());
        let help = "Plans that the audit refused, by a mistake of this program: nothing was done then";
        registry.register("plans_refused", help, refused.clone());
        registry.register("rollouts_ended", "Rollouts whose end was written down, by state", rollouts.clone());
        registry.register_with_unit("phase", "How long a phase of a rollout lasted", unit, phase_seconds.clone());
        let help = "Table files that are broken or unreadable now; what they held before stays in force";
        registry.register("broken_files", help, broken_files.clone());
        counts
    }

    /// A pass has ended.
    pub fn pass(&self, table: &ServiceTable, report: &PassReport, took: Duration) {
        self.begin(&table.name);
        let name = table.name.to_string();
        let verdict = report.verdict().name().to_owned();
        self.passes.get_or_create(&Labels([("table", name.clone()), ("verdict", verdict)])).inc();
        if !report.violations.is_empty() {
            self.refused.get_or_create(&Labels([("table", name.clone())])).inc();
        }
        self.pass_seconds.observe(took.as_secs_f64());
        for outcome in &report.outcomes {
            let result = match outcome.result {
                StepResult::Done(_) => "done",
                StepResult::Failed(_) => "failed",
                StepResult::Skipped(_) => "skipped",
            };
            let step = outcome.step.action.name().to_owned();
            let labels = [("table", name.clone()), ("step", step), ("result", result.to_owned())];
            self.steps.get_or_create(&Labels(labels)).inc();
        }
        if let Some(record) = report.written().filter(|record| Past::is_an_end(&record.state)) {
            let state = record.state.name().to_owned();
            self.rollouts.get_or_create(&Labels([("table", name), ("state", state)])).inc();
        }
        self.phase(&table.name, report.plan.rollout.phase.name(), report.at);
    }

    /// Everything that may be counted of a table stands at nothing before its first pass is.
    fn begin(&self, table: &TableName) {
        if self.phases.lock().unwrap_or_else(PoisonError::into_inner).contains_key(table) {
            return;
        }
        let own = |name: &'static str, value: &str| [("table", table.to_string()), (name, value.to_owned())];
        for verdict in VERDICTS {
            let _ = self.passes.get_or_create(&Labels(own("verdict", verdict.name())));
        }
        for family in [&self.broken, &self.refused] {
            let _ = family.get_or_create(&Labels([("table", table.to_string())]));
        }
        for state in ENDS {
            let _ = self.rollouts.get_or_create(&Labels(own("state", state)));
        }
        for (step, result) in STEPS.iter().flat_map(|step| RESULTS.map(|result| (step, result))) {
            let [table, step] = own("step", step);
            let _ = self.steps.get_or_create(&Labels([table, step, ("result", result.to_owned())]));
        }
        for (kind, outcome) in WISHES.iter().flat_map(|kind| OUTCOMES.map(|outcome| (kind, outcome))) {
            let [table, kind] = own("kind", kind);
            let _ = self.requests.get_or_create(&Labels([table, kind, ("outcome", outcome.to_owned())]));
        }
    }

    /// A pass broke off.
    pub fn broken(&self, table: &ServiceTable) {
        self.begin(&table.name);
        self.broken.get_or_create(&Labels([("table", table.name.to_string())])).inc();
    }

    /// Somebody asked for something.
    pub fn asked(&self, wished: &Wished) {
        let Wished { table, wish, outcome } = wished;
        let labels = [("table", table.to_string()), ("kind", (*wish).to_owned()), ("outcome", (*outcome).to_owned())];
        self.requests.get_or_create(&Labels(labels)).inc();
    }

    /// Table files have changed.
    pub fn reloaded(&self, reloaded: &Reloaded) {
        self.broken_files.set(i64::try_from(reloaded.broken).unwrap_or(i64::MAX));
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        phases.retain(|name, _| !reloaded.gone.iter().any(|table| table.name == *name));
    }

    /// A phase has a length when its end was seen, and its beginning too: of one that was there at the first look, or when
    /// the table could be seen again, nobody knows the beginning.
    fn phase(&self, table: &TableName, now: &'static str, at: Timestamp) {
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let before = phases.get(table).copied();
        if before.is_some_and(|(before, _)| before == now) {
            return;
        }
        if let Some((before, Some(since))) = before.filter(|_| now != UNSEEN) {
            let labels = Labels([("phase", before.to_owned())]);
            self.phase_seconds.get_or_create(&labels).observe(at.since(since).as_duration().as_secs_f64());
        }
        let began = before.is_some_and(|(before, _)| before != UNSEEN).then_some(at);
        phases.insert(table.clone(), (now, began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_counts_if_its_beginning_and_its_end_were_seen() {
        let counts = Counts::registered(&mut Registry::default());
        let table = TableName::told("cgap");
        let story = [
            ("Draining", 0),
            ("Settling", 100),
            ("Clear", 130),
            ("Clear", 140),
            (UNSEEN, 150),
            ("Deploying", 200),
            ("Settled", 260),
            ("Rolling", 300),
        ];
        for (phase, at) in story {
            counts.phase(&table, phase, Timestamp::from_millis(1000 * at));
        }
        let mut text = String::new();
        let mut registry = Registry::default();
        registry.register("phase", "", counts.phase_seconds.clone());
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let sum = |phase: &str| {
            let series = format!("phase_sum{{phase=\"{phase}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&series)?.parse::<f64>().ok())
        };
        let all = PHASES.map(|phase| sum(phase).unwrap());
        assert_eq!(all, [50.0, 40.0, 0.0, 0.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
