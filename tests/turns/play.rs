//! One play: two processes from a clear gate to the end, in a given order of their calls.

use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel::aws::Aws;
use evenkeel::controller::settle::{End, Ended, Until, settle};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::{Mode, Verdict};
use serde_json::Value;
use tokio::time::{Duration, Instant};

use super::stage::{Stage, Turn};
use crate::world::World;

/// One service and a task: what is searched is the launch, which knows no rows.
const TABLE: &str = r#"apiVersion: evenkeel.dev/v1
kind: ServiceTable
metadata: { name: turns }
spec:
  account: "123456789012"
  region: us-east-1
  cluster: { name: turns }
  image: { repository: turns, tag: v1 }
  rows:
    - { name: web, service: { name: web }, container: web, count: 1, vcpu: .25, memory: 512 }
    - { name: migrate, task: { definition: { name: migrate } }, container: migrate, count: 0, vcpu: .25, memory: 512 }
"#;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next call of one of the two, up to its next one.
    Call(usize),
    /// The first process dies with its call unsent, and another takes its place.
    Death,
}

type Process<'a> = Pin<Box<dyn Future<Output = Ended> + 'a>>;

/// A lab with a rollout whose kicks are long through, and nobody there yet.
pub(super) async fn kicked() -> (Lab, Value) {
    let table = evenkeel::table::read("table.yaml", TABLE.as_bytes()).unwrap();
    let lab = Lab::new(table, Start::Stated, 7).unwrap();
    let begun = lab.world().world_json();
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
    lab.kick("web").unwrap();
    lab.wait(Span::minutes(4)).await;
    (lab, begun)
}

/// How long after its beginning an undisturbed process writes `launching`, less a moment.
pub(super) async fn before_the_launch() -> Duration {
    let (lab, _) = kicked().await;
    let began = lab.now();
    lab.settle(Until::Settled, |_| {}).await;
    let journal = lab.journal();
    let line = journal.iter().find(|line| line["input"].to_string().contains("state=launching")).unwrap();
    let at: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    Duration::from_millis(u64::try_from(at.as_millisecond() - began.millis()).unwrap() - 500)
}

/// Two processes on the stage.
pub(super) struct Play<'a> {
    lab: &'a Lab,
    stage: Arc<Stage>,
    running: [Option<Process<'a>>; 2],
    ended: Vec<Ended>,
    pub(super) deaths: usize,
}

impl<'a> Play<'a> {
    /// Both begin now, and take turns after `before`.
    pub(super) fn new(lab: &'a Lab, before: Duration) -> Self {
        let stage = Stage::new(Instant::now() + before);
        let running = [0, 1].map(|who| Some(process(lab, &stage, who)));
        Self { lab, stage, running, ended: Vec::new(), deaths: 0 }
    }

    /// Lets time pass until each has a call to make, has ended, or waits for nobody any more. Whose calls are held.
    pub(super) async fn decision(&mut self) -> Vec<usize> {
        loop {
            let waits = |who: usize| self.running[who].is_some() && !self.stage.is_free(who);
            let open: Vec<usize> = (0..2).filter(|who| waits(*who)).collect();
            if open.iter().all(|who| self.stage.is_held(*who)) {
                return open;
            }
            self.step().await;
        }
    }

    /// Something happens: a process ends, or has a call to make.
    async fn step(&mut self) {
        let [first, second] = &mut self.running;
        tokio::select! {
            biased;
            ended = async { first.as_mut().expect("it runs").await }, if first.is_some() => {
                *first = None;
                self.ended.push(ended);
            }
            ended = async { second.as_mut().expect("it runs").await }, if second.is_some() => {
                *second = None;
                self.ended.push(ended);
            }
            () = self.stage.arrived.notified() => {}
        }
    }

    /// Does what comes next.
    pub(super) fn take(&mut self, next: Next) {
        match next {
            Next::Call(who) => self.stage.turn(who),
            Next::Death => {
                self.running[0] = None;
                self.stage.forget(0);
                self.running[0] = Some(process(self.lab, &self.stage, 0));
                self.deaths += 1;
            }
        }
    }

    /// Everything that the rest follows from: the world, the moment, and what both know.
    pub(super) fn state(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        let minds = [0, 1].map(|who| self.stage.mind(who));
        let world = self.lab.world().world_json().to_string();
        (minds, world, self.lab.now().millis(), self.deaths).hash(&mut hash);
        hash.finish()
    }

    /// Both go on to the end, and the world is judged.
    pub(super) async fn end(mut self, begun: &Value, case: &[Next]) {
        while self.running.iter().any(Option::is_some) {
            self.step().await;
        }
        let world = World::of(self.lab, begun);
        assert_eq!(world.harms, Vec::<String>::new(), "{case:?}");
        assert_eq!(world.runs.len(), 1, "{case:?}: {:?}", world.runs);
        for ended in &self.ended {
            assert_eq!(ended.end, End::Reached(Verdict::Converged), "{case:?}: {:?}", ended.last.plan.holds);
        }
    }
}

fn process<'a>(lab: &'a Lab, stage: &Arc<Stage>, who: usize) -> Process<'a> {
    let client = Turn { inner: lab.client(), stage: Arc::clone(stage), who };
    let aws = Aws::over(SharedHttpClient::new(client), &lab.table.region);
    Box::pin(async move { settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}).await })
}
