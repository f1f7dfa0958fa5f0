//! What a rollout costs: wall time on one core, and calls of AWS.
//!
//! Speed is judged here and never by a test. The numbers of calls are printed once, before the timings.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::plan::history::History;
use evenkeel::plan::planner::{PlanInput, plan};
use evenkeel::reconcile::observe::observe;
use evenkeel::reconcile::pass::Verdict;
use tokio::runtime::{Builder, Runtime};

#[expect(clippy::print_stdout, reason = "a benchmark prints what it counted")]
fn main() {
    let (passes, calls) = runtime().block_on(async {
        let lab = lab(Start::Stated);
        lab.settle(Until::Settled, |_| {}).await;
        let before = calls(&lab);
        accept(&lab.aws(), &lab.table, &Default::default(), lab.now()).await.expect("the request is accepted");
        let ended = lab.settle(Until::Settled, |_| {}).await;
        assert_eq!(ended.end, End::Reached(Verdict::Converged));
        (ended.passes, calls(&lab) - before)
    });
    println!("a forced rollout of the CGAP table: {passes} passes, {calls} calls of AWS");
    divan::main();
}

/// A whole forced rollout of some ten virtual minutes, SDK and simulator included.
#[divan::bench(sample_count = 10)]
fn forced_rollout(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| {
        runtime().block_on(async {
            let lab = lab(Start::Template);
            lab.settle(Until::Settled, |_| {}).await.passes
        })
    });
}

/// One look at a settled table: some fifteen calls through the SDK.
#[divan::bench]
fn look(bencher: divan::Bencher<'_, '_>) {
    let runtime = runtime();
    let lab = runtime.block_on(async { lab(Start::Stated) });
    let aws = runtime.block_on(async { lab.aws() });
    bencher.bench_local(|| runtime.block_on(observe(&aws, &lab.table, lab.now())).rows.len());
}

/// One decision, without any IO.
#[divan::bench]
fn decide(bencher: divan::Bencher<'_, '_>) {
    let runtime = runtime();
    let lab = runtime.block_on(async { lab(Start::Template) });
    let observed = runtime.block_on(observe(&lab.aws(), &lab.table, lab.now()));
    let history = History::default();
    bencher.bench_local(|| plan(&PlanInput { table: &lab.table, observed: &observed, history: &history }).steps.len());
}

/// An idle hour of the simulated world.
#[divan::bench]
fn idle_hour(bencher: divan::Bencher<'_, '_>) {
    bencher.bench_local(|| {
        runtime().block_on(async {
            let lab = lab(Start::Stated);
            lab.wait(Span::minutes(60)).await;
        });
    });
}

fn lab(start: Start) -> Lab {
    Lab::new(table(), start, 1).expect("the users' table can be laid out")
}

fn table() -> ServiceTable {
    evenkeel::table::read("specs/cgap.yaml", include_bytes!("../specs/cgap.yaml")).expect("the users' table is good")
}

fn calls(lab: &Lab) -> usize {
    lab.journal().iter().filter(|line| line["type"] == "api").count()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime without IO")
}
