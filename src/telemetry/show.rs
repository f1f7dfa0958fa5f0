//! What is true at this moment, read from the newest passes at each scrape.
//!
//! Nothing is kept: a series ends with what it told of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue};
use prometheus_client::metrics::MetricType;
use tokio::time::Instant;

use crate::controller::handle::{Handle, View};
use crate::model::traffic::{Counts, Slowed, Traffic};
use crate::reconcile::pass::PassReport;

use super::encode::Labels;

/// The tables of a controller.
#[derive(Debug)]
pub(super) struct Shown(pub(super) Handle);

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let views = self.0.tables();
        let labels = [("version", env!("CARGO_PKG_VERSION").to_owned())];
        gauges(&mut encoder, ("build", "Which version runs"), [(Labels(labels), 1_u64)])?;
        gauges(&mut encoder, ("tables", "Tables that are supervised"), [(Labels([]), views.len())])?;
        let help = "Seconds since AWS was last seen for a table; absent before the first time";
        gauges(&mut encoder, ("table_unseen_seconds", help), views.iter().filter_map(unseen))?;
        let help = "Passes in a row that saw nothing of AWS, or broke off";
        gauges(&mut encoder, ("table_failures", help), views.iter().map(|view| (table(view), view.failures)))?;
        let help = "What the newest pass amounts to: 1 at its verdict";
        gauges(&mut encoder, ("table_verdict", help), seen(&views).map(|(view, report)| verdict(view, report)))?;
        let help = "The phase of the newest rollout: 1 at its phase";
        gauges(&mut encoder, ("rollout_phase", help), seen(&views).map(|(view, report)| phase(view, report)))?;
        let help = "Things that are not done now, by cause and by what they ask for";
        gauges(&mut encoder, ("holds", help), seen(&views).flat_map(|(view, report)| holds(view, report)))?;
        let help = "The gate's conditions in a rollout: 1 at whether each holds";
        gauges(&mut encoder, ("gate_condition", help), seen(&views).flat_map(|(view, report)| gate(view, report)))?;
        let help = "Tasks of a row: wanted, new, healthy, old and draining; absent where they could not be read";
        gauges(&mut encoder, ("row_tasks", help), seen(&views).flat_map(|(view, report)| tasks(view, report)))?;
        let help =
            "The part of its share of calls that is used now, because AWS throttles the account; absent if all of it";
        gauges(&mut encoder, ("aws_pace", help), self.0.slowed().into_iter().map(pace))?;
        calls(&mut encoder, &self.0.traffic())
    }
}

/// One of the numbers that are counted of an operation.
type Number = fn(&Counts) -> u64;

/// What was asked of AWS, by operation.
fn calls(encoder: &mut DescriptorEncoder<'_>, traffic: &Traffic) -> fmt::Result {
    let all: [(&str, &str, Number); 4] = [
        ("aws_calls", "Calls to AWS, with every repeat", |counts| counts.attempts),
        ("aws_throttled", "Calls that AWS throttled", |counts| counts.throttled),
        ("aws_lost", "Calls without an answer, or with a 5xx", |counts| counts.lost),
        ("aws_refused", "Calls that AWS refused", |counts| counts.refused),
    ];
    for (name, help, number) in all {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (operation, counts) in traffic {
            let labels = Labels([("operation", (*operation).to_owned())]);
            metric.encode_family(&labels)?.encode_counter::<Labels<0>, _, u64>(&number(counts), None)?;
        }
    }
    Ok(())
}

/// A gauge with its series.
pub(super) fn gauges<const N: usize, V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    series: impl IntoIterator<Item = (Labels<N>, V)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    series.into_iter().try_for_each(|(labels, value)| metric.encode_family(&labels)?.encode_gauge(&value))
}

fn seen(views: &[Arc<View>]) -> impl Iterator<Item = (&View, &PassReport)> {
    views.iter().filter_map(|view| Some((view.as_ref(), view.report.as_deref()?)))
}

fn table(view: &Arc<View>) -> Labels<1> {
    Labels([("table", view.table.name.to_string())])
}

fn unseen(view: &Arc<View>) -> Option<(Labels<1>, f64)> {
    let seen = view.seen?;
    Some((table(view), Instant::now().saturating_duration_since(seen).as_secs_f64()))
}

fn pace(Slowed { region, bucket, pace }: Slowed) -> (Labels<2>, f64) {
    (Labels([("region", region.to_string()), ("bucket", bucket.to_owned())]), pace)
}

fn verdict(view: &View, report: &PassReport) -> (Labels<2>, u64) {
    let labels = [("table", view.table.name.to_string()), ("verdict", report.verdict().name().to_owned())];
    (Labels(labels), 1)
}

fn phase(view: &View, report: &PassReport) -> (Labels<2>, u64) {
    let phase = report.plan.rollout.phase.name().to_owned();
    (Labels([("table", view.table.name.to_string()), ("phase", phase)]), 1)
}

fn holds(view: &View, report: &PassReport) -> BTreeMap<Labels<4>, u64> {
    let mut counted = BTreeMap::new();
    for hold in &report.plan.holds {
        let row = hold.row.as_ref().map(ToString::to_string).unwrap_or_default();
        let labels = Labels([
            ("table", view.table.name.to_string()),
            ("row", row),
            ("cause", hold.cause.name().to_owned()),
            ("urgency", hold.cause.urgency().name().to_owned()),
        ]);
        *counted.entry(labels).or_insert(0) += 1;
    }
    counted
}

fn gate(view: &View, report: &PassReport) -> Vec<(Labels<4>, u64)> {
    let conditions = report.plan.rollout.gate.iter().flat_map(|gate| &gate.conditions);
    let labels = conditions.map(|condition| {
        [
            ("table", view.table.name.to_string()),
            ("number", condition.number.to_string()),
            ("condition", condition.name.to_owned()),
            ("holds", condition.holding.status().to_owned()),
        ]
    });
    labels.map(|labels| (Labels(labels), 1)).collect()
}

fn tasks(view: &View, report: &PassReport) -> Vec<(Labels<3>, u32)> {
    let rows = report.plan.rollout.rows.iter().flat_map(|row| {
        let counts = [
            ("wanted", Some(row.desired)),
            ("new", row.new),
            ("healthy", row.healthy),
            ("old", row.old),
            ("draining", row.draining),
        ];
        counts.map(|(state, count)| (row.row.to_string(), state, count))
    });
    let labels = |row: String, state: &str| {
        Labels([("table", view.table.name.to_string()), ("row", row), ("state", state.to_owned())])
    };
    rows.filter_map(|(row, state, count)| Some((labels(row, state), count?))).collect()
}
