//! Shapes that only the HTTP API has: lists, one rollout among many, events, readiness.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, HoldJson};
use super::history::PastJson;
use super::rollout::RolloutFacts;
use super::summary::TableSummaryJson;
use crate::model::command::Command;
use crate::model::ids::RequestId;
use crate::model::past::Past;
use crate::model::rollout::Request;
use crate::model::withdrawal::Withdrawal;
use crate::plan::command::Want;
use crate::plan::request::Stands;
use crate::report::subject::Subject;

/// `kind: Tables`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TablesJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Tables`.
    pub kind: &'static str,
    /// Every table that is supervised, by name.
    pub tables: Vec<TableSummaryJson>,
}

/// `kind: RolloutEntry`: one rollout, by its id or the id of the request that began it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutEntryJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `RolloutEntry`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// The id that was asked for.
    pub id: String,
    /// When AWS was looked at.
    pub at: String,
    /// `Requested`: not begun. `InHand`: it goes on. `Ended`. `Withdrawn`: a request for which nothing was done. `Over`: a request
    /// whose place a newer one took.
    pub stage: &'static str,
    /// Where it stands; absent once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutFacts>,
    /// How it ended; absent until it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<PastJson>,
    /// What is not done in this table, and why; empty once it has ended.
    pub holds: Vec<HoldJson>,
}

/// `kind: TableGone`, in the event stream: the table is not supervised any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableGoneJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `TableGone`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// `kind: EventReset`, in the event stream: everything follows anew; what was told before is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventResetJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `EventReset`.
    pub kind: &'static str,
    /// `Connected`, or `Behind`: the reader was too slow for what happened.
    pub reason: &'static str,
}

/// `kind: EventSynced`, in the event stream: every table has been told since the last reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventSyncedJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `EventSynced`.
    pub kind: &'static str,
    /// How many tables are supervised.
    pub tables: usize,
}

/// `kind: Whoami`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Whoami`.
    pub kind: &'static str,
    /// The token's name; absent where there are no tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `read` or `operate`.
    pub role: &'static str,
}

/// `kind: Accepted`: a wish is written down, and survives any crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Accepted`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// `rollout`, `retry`, `resolve`, `abort` or `run`.
    pub wish: &'static str,
    /// The id of the request; of a command, the rollout or the waiting request that it is about. All are found below the
    /// table's rollouts. Absent for a command that was there already and waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it was there already, under the same key; nothing was written then.
    pub known: bool,
    /// `Pending`; of an abort that withdraws a request `Withdrawn`; and of one that was there already also `InHand`, `Ended`,
    /// `Withdrawn`, or `Over`: a newer one took its place.
    pub stands: &'static str,
    /// When it was written down; absent if it was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Who wanted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, as far as a tag can hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `kind: Readiness`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Readiness`.
    pub kind: &'static str,
    /// Whether every table has been looked at, and AWS was seen lately.
    pub ready: bool,
    /// Why not, for people; without names, since whoever has no token may read it.
    pub reasons: Vec<String>,
    /// What is amiss without standing against it, for people.
    pub remarks: Vec<String>,
    /// The part of its share of calls that the controller uses where AWS throttles the account most; 1 where it does not.
    pub aws_pace: f64,
}

impl TablesJson {
    /// A list of tables.
    pub fn of(tables: Vec<TableSummaryJson>) -> Self {
        Self { api_version: API_VERSION, kind: "Tables", tables }
    }
}

impl RolloutEntryJson {
    /// The rollout of this id, or what became of the request of this id; `None` if this look knows of neither.
    pub fn of(subject: &Subject<'_>, id: &str) -> Option<Self> {
        let report = &subject.plan.rollout;
        let recorded = report.record.as_ref().is_some_and(|record| record.id.as_str() == id);
        if recorded || report.id.as_ref().is_some_and(|newest| newest.as_str() == id) {
            return Some(Self::newest(subject, id, id));
        }
        if let Some(past) = subject.past().into_iter().find(|past| past.rollout.as_str() == id) {
            return Some(Self::ended(subject, id, &past));
        }
        let asked = report.request.as_ref().is_some_and(|request| request.id.as_str() == id);
        Some(match subject.stands(&RequestId::told(id))? {
            Stands::Pending => Self::going_on(subject, id, "Requested"),
            Stands::Withdrawn if asked => Self::going_on(subject, id, "Withdrawn"),
            // What stands beside it is about the newer one.
            Stands::Withdrawn => Self::bare(subject, id, "Withdrawn"),
            Stands::Over => Self::bare(subject, id, "Over"),
            Stands::InHand(rollout) => Self::newest(subject, id, rollout.as_str()),
            Stands::Ended(rollout, _) if report.record.as_ref().is_some_and(|record| record.id == rollout) => {
                Self::newest(subject, id, rollout.as_str())
            }
            Stands::Ended(rollout, _) => {
                let past = subject.past().into_iter().find(|past| past.rollout == rollout)?;
                Self::ended(subject, id, &past)
            }
        })
    }

    /// The newest rollout, which may go on after its end by a person's word.
    fn newest(subject: &Subject<'_>, id: &str, rollout: &str) -> Self {
        if subject.rollout_is_in_hand() {
            return Self::going_on(subject, id, "InHand");
        }
        match subject.past().iter().find(|past| past.rollout.as_str() == rollout) {
            Some(past) => Self::ended(subject, id, past),
            None => Self::going_on(subject, id, "Ended"),
        }
    }

    fn ended(subject: &Subject<'_>, id: &str, past: &Past) -> Self {
        Self { ended: Some(PastJson::from(past)), ..Self::bare(subject, id, "Ended") }
    }

    /// A rollout that was requested a moment ago, which no look shows yet.
    pub fn requested(subject: &Subject<'_>, id: &str) -> Self {
        Self::bare(subject, id, "Requested")
    }

    fn going_on(subject: &Subject<'_>, id: &str, stage: &'static str) -> Self {
        Self {
            rollout: Some(RolloutFacts::from(&subject.plan.rollout)),
            holds: subject.plan.holds.iter().map(HoldJson::from).collect(),
            ..Self::bare(subject, id, stage)
        }
    }

    fn bare(subject: &Subject<'_>, id: &str, stage: &'static str) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "RolloutEntry",
            table: subject.table.name.to_string(),
            id: id.to_owned(),
            at: subject.observed.at.to_string(),
            stage,
            rollout: None,
            ended: None,
            holds: Vec::new(),
        }
    }
}

impl TableGoneJson {
    /// This table is gone.
    pub fn of(name: &str) -> Self {
        Self { api_version: API_VERSION, kind: "TableGone", name: name.to_owned() }
    }
}

impl EventResetJson {
    /// The stream begins.
    pub fn connected() -> Self {
        Self { api_version: API_VERSION, kind: "EventReset", reason: "Connected" }
    }

    /// The stream begins anew.
    pub fn behind() -> Self {
        Self { reason: "Behind", ..Self::connected() }
    }
}

impl EventSyncedJson {
    /// So many tables were told.
    pub fn of(tables: usize) -> Self {
        Self { api_version: API_VERSION, kind: "EventSynced", tables }
    }
}

impl WhoamiJson {
    /// Who asks.
    pub fn of(name: Option<&str>, role: &'static str) -> Self {
        Self { api_version: API_VERSION, kind: "Whoami", name: name.map(str::to_owned), role }
    }
}

impl AcceptedJson {
    /// A rollout is requested.
    pub fn rollout(table: &str, request: &Request) -> Self {
        let Request { id, after: _, at, before: _, also: _, by, reason } = request;
        let (at, by, reason) = (Some(at.to_string()), by.clone(), reason.clone());
        Self { at, by, reason, ..Self::bare(table, "rollout", Some(id.to_string())) }
    }

    /// A rollout was requested before.
    pub fn known(table: &str, request: &RequestId, stands: &Stands) -> Self {
        Self { known: true, stands: stands.name(), ..Self::bare(table, "rollout", Some(request.to_string())) }
    }

    /// A command was given before.
    pub fn known_command(table: &str, wish: &'static str, stands: &Stands) -> Self {
        let id = match stands {
            Stands::InHand(rollout) | Stands::Ended(rollout, _) => Some(rollout.to_string()),
            Stands::Pending | Stands::Over | Stands::Withdrawn => None,
        };
        Self { known: true, stands: stands.name(), ..Self::bare(table, wish, id) }
    }

    /// A command is given.
    pub fn command(table: &str, command: &Command) -> Self {
        let Command { rollout, base: _, order, at, id: _, by, reason } = command;
        let (at, by, reason) = (Some(at.to_string()), by.clone(), reason.clone());
        Self { at, by, reason, ..Self::bare(table, order.name(), Some(rollout.to_string())) }
    }

    /// A request is withdrawn.
    pub fn withdrawn(table: &str, withdrawal: &Withdrawal) -> Self {
        let Withdrawal { request, before: _, at, id: _, by, reason } = withdrawal;
        let (at, by, reason) = (Some(at.to_string()), by.clone(), reason.clone());
        let stands = Stands::Withdrawn.name();
        Self { at, by, reason, stands, ..Self::bare(table, Want::Abort.name(), Some(request.to_string())) }
    }

    fn bare(table: &str, wish: &'static str, id: Option<String>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Accepted",
            table: table.to_owned(),
            wish,
            id,
            known: false,
            stands: Stands::Pending.name(),
            at: None,
            by: None,
            reason: None,
        }
    }
}

impl ReadinessJson {
    /// Ready if there is no reason against it, however slowly AWS has it go.
    pub fn of(reasons: Vec<String>, aws_pace: f64) -> Self {
        let throttled =
            || format!("AWS throttles the account: some calls go at {:.0} % of their share", 100.0 * aws_pace);
        let remarks = (aws_pace < 1.0).then(throttled).into_iter().collect();
        Self { api_version: API_VERSION, kind: "Readiness", ready: reasons.is_empty(), reasons, remarks, aws_pace }
    }
}
