//! What a scrape tells of a rollout, and that rules, dashboard and docs name what exists.

use std::collections::BTreeSet;

use evenkeel::controller::handle::{Ask, door};
use evenkeel::controller::reload::{File, Tables};
use evenkeel::controller::run::{News, run};
use evenkeel::model::ids::TableName;
use evenkeel::model::served::Served;
use evenkeel::model::time::Span;
use evenkeel::plan::request::Wanted;
use evenkeel::telemetry::metrics::Metrics;

use super::story::Story;

const TABLE: &str = include_str!("../../specs/cgap.yaml");
const ALERTS: &str = include_str!("../../docs/monitoring/alerts.yaml");
const DASHBOARD: &str = include_str!("../../docs/monitoring/dashboard.json");
const DOCS: &str = include_str!("../../docs/metrics.md");

/// Scrapes of a rollout that somebody asked for: before it, every minute, and after it.
async fn scrapes(seed: u64) -> Vec<String> {
    let story = Story::settled(seed).await;
    let files = || [("cgap.yaml".to_owned(), File::Read(TABLE.as_bytes().to_vec()))].into();
    let mut tables = Tables::default();
    tables.reload(files());
    let (handle, door) = door();
    let metrics = Metrics::new(handle.clone());
    let counts = &metrics.counts;
    let told = |news: News<'_>| match news {
        News::Pass(table, report, took) => counts.pass(table, report, took),
        News::Broken(table, _) => counts.broken(table),
        News::Reloaded(reloaded) => counts.reloaded(reloaded),
        News::Asked(wished) => counts.asked(wished),
    };
    let aws = story.lab.aws();
    let running = run(async |_| aws.clone(), files, tables, story.lab.pacing(), door, told);
    let meanwhile = async {
        story.lab.wait(Span::minutes(2)).await;
        let mut scrapes = vec![metrics.text(&Served::default())];
        let table = TableName::parse("cgap-devtest").unwrap();
        handle.ask(table, Ask::Rollout(Wanted::default())).await.unwrap();
        for _ in 0..45 {
            story.lab.wait(Span::minutes(1)).await;
            scrapes.push(metrics.text(&Served::default()));
        }
        scrapes
    };
    tokio::select! {
        biased;
        scrapes = meanwhile => scrapes,
        never = running => match never {},
    }
}

/// The value of a series, whose labels are given in order.
fn value(scrape: &str, series: &str) -> Option<f64> {
    scrape.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// The names of all metrics in a scrape, as its types say.
fn families(scrape: &str) -> BTreeSet<String> {
    let typed = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = typed.filter_map(|line| {
        let (name, kind) = line.split_once(' ')?;
        Some(if kind == "counter" { format!("{name}_total") } else { name.to_owned() })
    });
    names.collect()
}

/// The names of metrics that a text speaks of.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("evenkeel_")).map(|word| word.trim_end_matches("_bucket").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_how_the_rollout_goes() {
    let scrapes = scrapes(320).await;
    let (before, after) = (&scrapes[0], scrapes.last().unwrap());
    let phase = |scrape: &str, phase: &str| {
        value(scrape, &format!("evenkeel_rollout_phase{{table=\"cgap-devtest\",phase=\"{phase}\"}}"))
    };
    assert_eq!((phase(before, "Settled"), phase(after, "Settled")), (Some(1.0), Some(1.0)));
    let draining: Vec<&String> = scrapes.iter().filter(|scrape| phase(scrape, "Draining").is_some()).collect();
    assert!(draining.len() >= 3, "a drain takes five minutes: {}", draining.len());
    let shut = "evenkeel_gate_condition{table=\"cgap-devtest\",number=\"6\",condition=\"every old task is stopped\",\
                holds=\"False\"}";
    assert!(draining.iter().all(|scrape| value(scrape, shut) == Some(1.0)), "{}", draining[0]);
    let tasks = |scrape: &str, state: &str| {
        value(scrape, &format!("evenkeel_row_tasks{{table=\"cgap-devtest\",row=\"portal\",state=\"{state}\"}}"))
    };
    assert_eq!((tasks(draining[0], "wanted"), tasks(draining[0], "healthy")), (Some(4.0), Some(4.0)));
    assert!(tasks(draining[0], "draining") > Some(0.0));
    for (series, least) in [
        ("evenkeel_rollouts_ended_total{table=\"cgap-devtest\",state=\"succeeded\"}", 1.0),
        ("evenkeel_requests_total{table=\"cgap-devtest\",kind=\"rollout\",outcome=\"granted\"}", 1.0),
        ("evenkeel_steps_total{table=\"cgap-devtest\",step=\"Run\",result=\"done\"}", 1.0),
        ("evenkeel_phase_seconds_count{phase=\"Draining\"}", 1.0),
        ("evenkeel_aws_calls_total{operation=\"ecs:RunTask\"}", 1.0),
        ("evenkeel_aws_throttled_total{operation=\"ecs:RunTask\"}", 0.0),
    ] {
        assert_eq!(value(after, series), Some(least), "{series}\n{after}");
    }
    // What has not happened yet stands at nothing, so that its first time shows as an increase.
    for series in [
        "evenkeel_rollouts_ended_total{table=\"cgap-devtest\",state=\"succeeded\"}",
        "evenkeel_requests_total{table=\"cgap-devtest\",kind=\"rollout\",outcome=\"granted\"}",
        "evenkeel_steps_total{table=\"cgap-devtest\",step=\"Run\",result=\"failed\"}",
        "evenkeel_plans_refused_total{table=\"cgap-devtest\"}",
        "evenkeel_phase_seconds_count{phase=\"Draining\"}",
    ] {
        assert_eq!(value(before, series), Some(0.0), "{series}\n{before}");
    }
    let unseen = value(after, "evenkeel_table_unseen_seconds{table=\"cgap-devtest\"}");
    assert!(unseen.is_some_and(|seconds| seconds < 60.0), "{unseen:?}");
}

#[tokio::test(start_paused = true)]
async fn rules_dashboard_and_docs_name_what_exists_and_docs_all_of_it() {
    let scrapes = scrapes(321).await;
    let exist: BTreeSet<String> = scrapes.iter().flat_map(|scrape| families(scrape)).collect();
    for (what, text) in [("rules", ALERTS), ("dashboard", DASHBOARD), ("docs", DOCS)] {
        let unknown: Vec<_> = named(text).difference(&exist).cloned().collect();
        assert!(unknown.is_empty(), "{what}: {unknown:?}");
    }
    let documented = named(DOCS);
    let undocumented: Vec<_> = exist.difference(&documented).collect();
    assert!(undocumented.is_empty(), "{undocumented:?}");
}
