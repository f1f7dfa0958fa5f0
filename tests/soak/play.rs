//! One history from its beginning to its end, on virtual time and one thread.

use std::sync::Arc;

use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::simulator::time::Time;
use futures_util::future::join_all;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::runtime::Builder;
use tokio::time::{Duration, Instant, sleep_until};

use super::deeds;
use super::ending;
use super::judge::{Account, Judge};
use super::people::people;
use super::process::{Stage, controller};
use super::story::Story;
use super::truth::Truth;
use super::wire::Wire;
use super::wrong::{Known, Mischief};

/// The longest history: two days of absence, several times over. What is not over then would not be found at all.
const LONGEST: Duration = Duration::from_hours(10 * 24);

/// What a history came to.
#[derive(Debug)]
pub(super) struct Played {
    /// What must never happen and did; a history ends with the first.
    pub(super) harms: Vec<String>,
    /// Deployment tasks that ran.
    pub(super) runs: usize,
    /// How long it was, in virtual milliseconds.
    pub(super) lasted_ms: i64,
    /// The journal, where it was asked for.
    pub(super) journal: Vec<Value>,
    /// SHA-256 of the whole journal, where it was asked for.
    pub(super) hash: String,
}

/// Lets a story happen. The journal is costly, and kept where `told` only.
pub(super) fn play(story: &Story, mischief: Option<Mischief>, told: bool) -> Played {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(Box::pin(happen(story, mischief, told)))
}

async fn happen(story: &Story, mischief: Option<Mischief>, told: bool) -> Played {
    let lab = Lab::new(story.table(), Start::Stated, story.seed).unwrap();
    *lab.world().knobs_mut() = story.knobs();
    let began = Instant::now();
    let truth = Truth::begin(&lab.world().world_json(), Time(lab.now().millis()));
    let judge = Judge::new(account(&lab, story), truth, story.blindness_ms());
    let known = Known::of(&lab);
    let wire = |name: &str, salt: u64| {
        Wire::new(name, lab.client(), story.latency_ms, story.seed.rotate_left(17) ^ salt).wrong(mischief, &known)
    };
    let wires = ["evenkeel-a", "evenkeel-b"][..story.paces.len()].iter().zip(1..).map(|(name, n)| wire(name, n));
    let (wires, hand) = (wires.collect(), wire("evenkeel-hand", 9));
    let stage = Arc::new(Stage::new(story.clone(), lab, wires, hand, judge));
    deeds::prepare(&stage);
    let controllers = join_all((0..stage.wires.len()).map(|number| controller(&stage, number)));
    tokio::select! {
        biased;
        () = direct(&stage, began) => {}
        _ = controllers => {}
        () = people(&stage) => {}
        () = sleep_until(began + LONGEST) => stage.judge().harms.push("L3: the history has no end".to_owned()),
    }
    stage.catch_up();
    played(&stage, began, told)
}

/// Does the deeds in time, then lets everything that goes wrong end, and waits for the end.
async fn direct(stage: &Arc<Stage>, began: Instant) {
    let after = |ms: i64| sleep_until(began + Duration::from_millis(ms.unsigned_abs()));
    for deed in &stage.story.deeds {
        after(deed.at).await;
        stage.catch_up();
        if !stage.judge().harms.is_empty() {
            return;
        }
        deeds::act(stage, &deed.what).await;
    }
    after(stage.story.calm_ms).await;
    stage.wires.iter().chain([&stage.hand]).for_each(Wire::calm);
    deeds::calm(stage);
    if stage.story.is_stuck_with_an_image() {
        deeds::request(stage).await;
    }
    ending::ends(stage).await;
}

fn played(stage: &Stage, began: Instant, told: bool) -> Played {
    let journal = if told { stage.lab.journal() } else { Vec::new() };
    let mut hash = Sha256::new();
    journal.iter().for_each(|line| hash.update(line.to_string()));
    let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let judge = stage.judge();
    let violations = (0..stage.wires.len()).flat_map(|number| stage.seen(number).violations);
    let violations = violations.map(|violation| format!("the audit refused a plan: {violation}"));
    let ours = judge.truth.tasks.values().filter(|task| task.started_by.starts_with("evenkeel/") && task.ran);
    Played {
        harms: judge.harms.iter().cloned().chain(violations).collect(),
        runs: ours.count(),
        lasted_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
        journal,
        hash,
    }
}

fn account(lab: &Lab, story: &Story) -> Account {
    let definitions = lab.laid_out.task_definitions.values();
    Account {
        cluster_arn: lab.laid_out.cluster_arn.clone(),
        table: lab.table.name.to_string(),
        services: lab.laid_out.services.values().cloned().collect(),
        fallback: story.fallback,
        families: definitions.map(|arn| family(arn)).collect(),
    }
}

fn family(arn: &str) -> String {
    let name = arn.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_owned()
}
