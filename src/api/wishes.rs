//! What is wanted of a table: checked, handed to the controller, and answered when it is durable.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::timeout;

use crate::controller::handle::{Ask, Granted, Refused};
use crate::model::command::Told;
use crate::model::ids::TableName;
use crate::model::kickoff::Build;
use crate::model::rollout::IdempotencyKey;
use crate::plan::command::{Want, Wish};
use crate::plan::request::Wanted;
use crate::report::json::{AcceptedJson, HoldJson};

use super::body::read;
use super::limits;
use super::problem::{Problem, Reason, put};
use super::rollouts;
use super::router::json;
use super::state::Api;
use super::tables::view;
use super::who::Shown;

/// The body of a request for a rollout.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StartBody {
    /// Why, for those who look later.
    #[serde(default)]
    reason: Option<String>,
    /// What the image was built from: the repository. For Foursight's page.
    #[serde(default)]
    repo: Option<String>,
    /// The commit.
    #[serde(default)]
    commit: Option<String>,
    /// The branch.
    #[serde(default)]
    branch: Option<String>,
}

/// The body of a retry, and of a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AgainBody {
    /// Why, for those who look later.
    #[serde(default)]
    reason: Option<String>,
}

/// The body of an abort.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AbortBody {
    /// Why, for those who look later.
    reason: String,
}

/// The body of a resolve.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ResolveBody {
    /// How the task ended.
    #[serde(rename = "as")]
    told: EndTold,
    /// Why, for those who look later.
    reason: String,
}

/// How a person says that the task ended.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum EndTold {
    /// It has done its work.
    Succeeded,
    /// It has not.
    Failed,
}

/// The commands about a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Retry,
    Abort,
    Resolve,
}

/// A request that wants something: who sent it, about which table, and in which words.
pub(super) struct Asking<'a> {
    pub(super) api: &'a Arc<Api>,
    pub(super) by: &'a Shown,
    pub(super) table: TableName,
    pub(super) head: &'a Parts,
    pub(super) body: Body,
}

/// `POST /v1/tables/{table}/rollouts`.
pub(super) async fn start(asked: Asking<'_>) -> Result<Response, Problem> {
    let Asking { api, by, table, head, body } = asked;
    let key = key(&head.headers)?;
    let StartBody { reason, repo, commit, branch } = read(&api.limits, &head.headers, body).await?;
    let build = Build { repo, commit, branch };
    let wanted = Wanted { key, by: by.name().map(str::to_owned), reason, build };
    grant(api, by, table, Ask::Rollout(wanted)).await
}

/// What makes asking again the same wish.
fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut all = headers.get_all("idempotency-key").iter();
    let Some(key) = all.next() else { return Ok(None) };
    let only = key.to_str().ok().filter(|_| all.next().is_none());
    let key = only.and_then(|key| IdempotencyKey::parse(key).ok());
    key.map(Some).ok_or_else(|| Reason::BadKey.into())
}

/// `POST /v1/tables/{table}/rollouts/{rollout}/abort` and its like; about the newest rollout where none is named.
pub(super) async fn command(asked: Asking<'_>, order: Order, about: Option<&str>) -> Result<Response, Problem> {
    let Asking { api, by, table, head, body } = asked;
    let (key, headers) = (key(&head.headers)?, &head.headers);
    let (want, reason) = match order {
        Order::Retry => {
            let AgainBody { reason } = read(&api.limits, headers, body).await?;
            (Want::Retry, reason)
        }
        Order::Abort => {
            let AbortBody { reason } = read(&api.limits, headers, body).await?;
            (Want::Abort, Some(reason))
        }
        Order::Resolve => {
            let ResolveBody { told, reason } = read(&api.limits, headers, body).await?;
            (Want::Resolve(told.into()), Some(reason))
        }
    };
    let wish = Wish { want, by: by.name().map(str::to_owned), reason, key };
    let ask = match about {
        None => Ask::Command(wish),
        Some(id) => Ask::CommandAbout(rollouts::meant(api, &table, id)?, wish),
    };
    grant(api, by, table, ask).await
}

/// `POST /v1/tables/{table}/rows/{row}/run`: the deployment task alone. It is the only row that can be run.
pub(super) async fn run(asked: Asking<'_>, row: &str) -> Result<Response, Problem> {
    let Asking { api, by, table, head, body } = asked;
    let key = key(&head.headers)?;
    let AgainBody { reason } = read(&api.limits, &head.headers, body).await?;
    let shown = view(api, &table)?;
    if shown.table.task_row().is_none_or(|(task, _)| task.name.as_str() != row) {
        return Err(Reason::NoSuchRow.into());
    }
    let wish = Wish { want: Want::Run, by: by.name().map(str::to_owned), reason, key };
    grant(api, by, table, Ask::Command(wish)).await
}

/// Has a wish written down, and says so: to whoever asked, and to whoever runs the controller. The latter also where the
/// client has gone, since the wish has not.
async fn grant(api: &Arc<Api>, by: &Shown, table: TableName, ask: Ask) -> Result<Response, Problem> {
    let (api, by) = (Arc::clone(api), by.name().unwrap_or_default().to_owned());
    let granting = tokio::spawn(async move { grant_to(&api, &by, &table, ask).await });
    // It ends early only where this server does.
    granting.await.unwrap_or_else(|_| Err(Problem::of(Reason::Ending).retry_after(limits::COME_BACK)))
}

async fn grant_to(api: &Api, who: &str, table: &TableName, ask: Ask) -> Result<Response, Problem> {
    let wish = ask.name();
    let asked = timeout(limits::ANSWER, api.handle.ask(table.clone(), ask)).await;
    let granted = match asked {
        Ok(Ok(granted)) => granted,
        Ok(Err(refused)) => {
            tracing::info!(table = %table, wish, who, refused = refused.name(), "wish refused");
            return Err(refused.into());
        }
        Err(_) => {
            tracing::warn!(table = %table, wish, who, "wish not answered in time");
            return Err(Problem::of(Reason::NotAnswered).retry_after(limits::COME_BACK));
        }
    };
    let accepted = match &granted {
        Granted::Rollout(request) => AcceptedJson::rollout(table.as_str(), request),
        Granted::Known(request, stands) => AcceptedJson::known(table.as_str(), request, stands),
        Granted::KnownCommand(stands) => AcceptedJson::known_command(table.as_str(), wish, stands),
        Granted::Command(command) => AcceptedJson::command(table.as_str(), command),
        Granted::Withdrawn(withdrawal) => AcceptedJson::withdrawn(table.as_str(), withdrawal),
    };
    let id = accepted.id.clone().unwrap_or_default();
    tracing::info!(table = %table, wish, who, id, outcome = granted.name(), "wish granted");
    if !accepted.known {
        api.say(&format!("{table}: {wish} by {who} over the API, {id}"));
    }
    let mut response = json(StatusCode::ACCEPTED, &accepted);
    let place = if id.is_empty() { String::new() } else { format!("/{id}") };
    put(&mut response, header::LOCATION, &format!("/v1/tables/{table}/rollouts{place}"));
    Ok(response)
}

impl From<EndTold> for Told {
    fn from(told: EndTold) -> Self {
        match told {
            EndTold::Succeeded => Self::Succeeded,
            EndTold::Failed => Self::Failed,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoTable => Reason::NoSuchTable.into(),
            Refused::Held(holds) => Self::of(Reason::Held).holds(holds.iter().map(HoldJson::from).collect()),
            Refused::Another => Reason::NotTheNewest.into(),
            Refused::TooLate => Self::of(Reason::LookTooOld).retry_after(limits::COME_BACK),
            Refused::NotWritten(error) => Self::of(Reason::NotWritten).detail(chain(error.as_ref())),
            Refused::Busy => Self::of(Reason::Busy).retry_after(limits::COME_BACK),
            Refused::Ending => Self::of(Reason::Ending).retry_after(limits::COME_BACK),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said = format!("{said}: {error}");
        source = error.source();
    }
    said
}
