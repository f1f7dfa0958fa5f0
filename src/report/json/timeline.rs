//! A rollout moment by moment, for those who watch it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::subject::Subject;
use crate::report::timeline::{Event, Next, Timeline};
use crate::report::witness::Witness;

/// The rollout in hand, or else the newest one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimelineJson {
    /// What happened, oldest first; what cannot be told any more is left out.
    pub events: Vec<EventJson>,
    /// What comes next; absent where nothing is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<NextJson>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventJson {
    /// `Requested`, `Commanded`, `Kicked`, `FirstRunning`, `AllRunning`, `AllHealthy`, `TargetsGone`, `TasksStopped`, `Clear`,
    /// `Launched`, `Started`, `Ended` or `Closed`.
    pub event: &'static str,
    /// When, in AWS's time.
    pub at: String,
    /// `Told` by AWS or the record, or `Seen`: by a look, and it happened since the look before.
    pub source: &'static str,
    /// The row, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// For people.
    pub message: &'static str,
    /// What there is to say beside it, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextJson {
    /// As in an event.
    pub event: &'static str,
    /// For people.
    pub message: &'static str,
    /// What it waits for, for people.
    pub waits_for: String,
    /// When it will be about, in AWS's time; absent unless it follows from a fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl TimelineJson {
    pub(super) fn of(subject: &Subject<'_>, witness: &Witness) -> Self {
        let Timeline { events, next } = Timeline::of(subject, witness);
        Self { events: events.iter().map(EventJson::from).collect(), next: next.as_ref().map(NextJson::from) }
    }
}

impl From<&Event> for EventJson {
    fn from(event: &Event) -> Self {
        let Event { at, source, what, row, detail } = event;
        Self {
            event: what.name(),
            at: at.to_string(),
            source: source.name(),
            row: row.as_ref().map(ToString::to_string),
            message: what.said(),
            detail: detail.clone(),
        }
    }
}

impl From<&Next> for NextJson {
    fn from(next: &Next) -> Self {
        let Next { what, waits, expected } = next;
        let expected = expected.map(|moment| moment.to_string());
        Self { event: what.name(), message: what.said(), waits_for: waits.clone(), expected }
    }
}
