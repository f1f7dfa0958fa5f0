//! Accepts a person's command about a rollout: durable first, acknowledged after.
//!
//! Only writes down what is wanted; the next pass of any controller does it.

use tokio::time::Instant;

use crate::aws::{Aws, AwsError};
use crate::model::command::Command;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::command::{Wish, command};
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::planner::PlanInput;
use crate::reconcile::execute::FRESH;
use crate::reconcile::observe::observe;

/// Why a command was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It does not go with the newest rollout as it stands.
    #[error("the command cannot be given")]
    Held(Vec<Hold>),
    /// The look by which it was judged took too long: others may have gone on by it.
    #[error("the look behind the command is too old")]
    TooLate,
    /// AWS did not take the tag.
    #[error("the command could not be written down")]
    NotWritten(#[source] AwsError),
}

/// A command that is durable.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The command.
    pub command: Command,
    /// What the passes that follow in this process should know: a read that does not show the command yet is behind.
    pub history: History,
}

/// Writes a command down. When this returns it survives any crash.
///
/// # Errors
/// The account, the cluster or the newest rollout is not as it must be; looking at it took three minutes or more; or the
/// tag could not be written. Nothing was begun then.
pub async fn accept(
    aws: &Aws,
    table: &ServiceTable,
    wish: &Wish,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    let looked = Instant::now();
    let observed = observe(aws, table, fallback).await;
    let history = History::default();
    let accepted =
        command(&PlanInput { table, observed: &observed, history: &history }, wish).map_err(Refused::Held)?;
    if looked.elapsed() >= FRESH {
        return Err(Refused::TooLate);
    }
    let tag = accepted.command.tag();
    aws.tag(&accepted.cluster, &accepted.keys.command, &tag).await.map_err(Refused::NotWritten)?;
    tracing::info!(table = %table.name, rollout = %accepted.command.rollout, order = %accepted.command.order, "command given");
    let mut history = History::default();
    history.written.command = Some((accepted.command.clone(), observed.at));
    Ok(Acknowledged { command: accepted.command, history })
}
