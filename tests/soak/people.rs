//! People who give commands: `rollout retry`, `resolve`, `abort` and `run`, each once the rollout stands as they have it in mind.
//!
//! A person goes by the record on the cluster, as the journal has it, and needs a while to act. What is accepted goes
//! through the controller's own code, as on the command line; a refusal is an outcome as good as any.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use evenkeel::controller::command::{Given, accept};
use evenkeel::model::rollout::IdempotencyKey;
use evenkeel::plan::command::{Want, Wish};
use tokio::time::sleep;

use super::process::Stage;

/// Who gives each command of a history, and why: the record of what a person decided must say so.
pub(super) const BY: &str = "ada";
pub(super) const REASON: &str = "looked at the index";

/// A command that a person means to give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) want: Want,
    /// How the rollout stands when it comes to that.
    pub(super) stand: Stand,
    /// How many milliseconds later it is given.
    pub(super) after: i64,
}

/// How the newest rollout stands by its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// However.
    Any,
    /// It is open.
    Open,
    /// Its launch is written down.
    Launching,
    /// It failed.
    Failed,
    /// It ended well.
    Succeeded,
    /// Nobody knows.
    Unknown,
}

impl Stand {
    fn is(self, state: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Open => state == "open",
            Self::Launching => state == "launching",
            Self::Failed => state == "failed",
            Self::Succeeded => state == "succeeded",
            Self::Unknown => state == "unknown",
        }
    }
}

/// Between two looks of a person at the record.
const BETWEEN: Duration = Duration::from_secs(2);

/// Gives what is to be given, in any order, for as long as the history lasts.
pub(super) async fn people(stage: &Arc<Stage>) {
    let mut waiting: VecDeque<Order> = VecDeque::new();
    loop {
        sleep(BETWEEN).await;
        waiting.extend(stage.take_orders());
        if stage.is_ending() {
            waiting.clear();
        }
        if waiting.is_empty() {
            continue;
        }
        stage.catch_up();
        let state = stage.judge().commands.state().to_owned();
        let Some(next) = waiting.iter().position(|order| order.stand.is(&state)) else { continue };
        if let Some(order) = waiting.remove(next) {
            sleep(Duration::from_millis(order.after.unsigned_abs())).await;
            if !stage.is_ending() {
                give(stage, order.want).await;
            }
        }
    }
}

/// One command under a key, twice: whoever was told may not have heard it. Each time it is a process of its own, which may
/// die over it.
pub(super) async fn give(stage: &Stage, want: Want) {
    let key = IdempotencyKey::parse(&format!("command {}", stage.wishes())).ok();
    let wish = Wish { want, by: Some(BY.to_owned()), reason: Some(REASON.to_owned()), key };
    for _ in 0..2 {
        say(stage, &wish).await;
    }
}

async fn say(stage: &Stage, wish: &Wish) {
    let aws = stage.person();
    let accepted = tokio::select! {
        biased;
        _ = stage.hand.died() => return,
        accepted = accept(&aws, &stage.lab.table, wish, stage.lab.now()) => accepted,
    };
    match accepted.map(|accepted| accepted.command) {
        Ok(Given::New(command)) => stage.judge().commands.acknowledged(command.tag()),
        Ok(Given::Withdrawn(_) | Given::Known(_)) | Err(_) => {}
    }
}
