//! Accepts a person's command about a rollout: durable first, acknowledged after.
//!
//! Only writes down what is wanted; the next pass of any controller does it. A command follows from the tags alone: where
//! this process has a good look at the table, that is two calls; an abort looks at the services too.

use crate::aws::{Aws, AwsError};
use crate::model::command::Command;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::model::withdrawal::Withdrawal;
use crate::plan::command::{About, Accepted, Judged, Want, Wish, Withdrawing, command};
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::request::Stands;
use crate::reconcile::wish::Subject;

use super::judge::{Asking, judge};

/// Why a command was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It does not go with the newest rollout as it stands.
    #[error("the command cannot be given")]
    Held(Vec<Hold>),
    /// Another rollout is the newest than the one that it is about.
    #[error("another rollout is the newest")]
    Another,
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
    pub command: Given,
    /// What the passes that follow in this process should know: a read that does not show the command yet is behind.
    pub history: History,
}

/// A command that stands on the cluster, or stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was written down just now.
    New(Command),
    /// It was written down just now that a request is not wanted any more; nothing is left to be done.
    Withdrawn(Withdrawal),
    /// It was given before under the same key, and nothing was written.
    Known(Stands),
}

/// Writes a command down, by a process that knows nothing of the table yet.
///
/// # Errors
/// As `accept_knowing`.
pub async fn accept(
    aws: &Aws,
    table: &ServiceTable,
    wish: &Wish,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    accept_knowing(&History::default(), aws, table, wish, fallback).await
}

/// Writes a command down. When this returns it survives any crash.
///
/// # Errors
/// The account, the cluster or the newest rollout is not as it must be; looking at it took three minutes or more; or the
/// tag could not be written. Nothing was begun then.
pub async fn accept_knowing(
    known: &History,
    aws: &Aws,
    table: &ServiceTable,
    wish: &Wish,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    accept_about(Asking { aws, table, known, fallback }, None, wish).await
}

/// The same, if what the command is meant for is still the newest. By the time at which it is given another rollout may have
/// begun, which nobody meant.
///
/// # Errors
/// As `accept_knowing`; or another rollout is the newest.
pub(super) async fn accept_about(
    asking: Asking<'_>,
    about: Option<&About>,
    wish: &Wish,
) -> Result<Acknowledged, Refused> {
    let table = asking.table;
    // Whether a request can be withdrawn is for the services to say: its rows may have been kicked since the newest look.
    let subject = match wish.want {
        Want::Abort => Subject::Services,
        Want::Retry | Want::Resolve(_) | Want::Run => Subject::Tags,
    };
    let allowed = judge(asking, subject, |input| command(input, about, wish)).await.map_err(Refused::Held)?;
    let (too_old, at) = (allowed.is_too_old(), allowed.at);
    let mut history = allowed.seen;
    let command = match allowed.answer {
        Judged::Known(stands) => {
            tracing::info!(table = %table.name, stands = stands.name(), "command was given before");
            Given::Known(stands)
        }
        Judged::New(accepted) if about.is_some_and(|about| !is_meant(about, &accepted.command)) => {
            return Err(Refused::Another);
        }
        Judged::New(_) | Judged::Withdrawn(_) if too_old => return Err(Refused::TooLate),
        Judged::New(accepted) => {
            let Accepted { cluster, keys, command } = *accepted;
            allowed.way.tag(&cluster, &keys.command, &command.tag()).await.map_err(Refused::NotWritten)?;
            tracing::info!(table = %table.name, rollout = %command.rollout, order = %command.order, "command given");
            history.written.command = Some((command.clone(), at));
            Given::New(command)
        }
        Judged::Withdrawn(withdrawing) => {
            let Withdrawing { cluster, keys, withdrawal } = *withdrawing;
            allowed.way.tag(&cluster, &keys.withdrawn, &withdrawal.tag()).await.map_err(Refused::NotWritten)?;
            tracing::info!(table = %table.name, request = %withdrawal.request, "request withdrawn");
            history.written.withdrawn = Some((withdrawal.clone(), at));
            Given::Withdrawn(withdrawal)
        }
    };
    Ok(Acknowledged { command, history })
}

/// Whether a command is about what it is meant for. A request that a rollout has taken up meanwhile is not withdrawn any more.
fn is_meant(about: &About, command: &Command) -> bool {
    match about {
        About::Rollout(rollout) => *rollout == command.rollout,
        About::Request(_) => false,
    }
}
