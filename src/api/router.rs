//! From a request to whoever answers it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::StatusCode;
use http::header;
use serde::Serialize;

use crate::model::ids::TableName;
use crate::report::json::WhoamiJson;

use super::endpoint::Endpoint;
use super::problem::{Problem, Reason, put};
use super::state::Api;
use super::tokens::Role;
use super::who::Shown;
use super::wishes::Asking;
use super::{entrance, events, health, page, rollouts, tables, wishes};

/// The parts of a path that stand for names.
type Params = Result<RawPathParams, RawPathParamsRejection>;

/// Everything that can be asked, behind the checks of the entrance.
///
/// Requests should carry a `Peer`, as those of `server` do; one without counts as of nobody's address.
pub fn router(api: &Arc<Api>) -> Router {
    let mut router = Router::new();
    for endpoint in Endpoint::ALL {
        let (method, path) = endpoint.place();
        // Methods of the list are among those that a filter knows.
        let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::GET);
        let api = Arc::clone(api);
        let answer = move |params: Params, request: Request| async move {
            let answered = match params {
                Ok(params) => answer(&api, endpoint, &params, request).await,
                // What is no text when it is decoded names nothing.
                Err(_) => Err(Reason::NoSuchPath.into()),
            };
            let mut response = answered.unwrap_or_else(Problem::into_response);
            // For `tally`; it is not sent.
            response.extensions_mut().insert(endpoint);
            response
        };
        router = router.route(path, on(filter, answer));
    }
    router
        .fallback(async || Problem::of(Reason::NoSuchPath))
        .method_not_allowed_fallback(async || Problem::of(Reason::MethodNotAllowed))
        .layer(from_fn_with_state(Arc::clone(api), entrance::pass))
}

async fn answer(
    api: &Arc<Api>,
    endpoint: Endpoint,
    params: &RawPathParams,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let shown = head.extensions.get::<Shown>().cloned().unwrap_or(Shown::Nothing);
    shown.admit(api, endpoint.access())?;
    let asking = |body| -> Result<Asking<'_>, Problem> {
        api.allow_wish(&shown)?;
        Ok(Asking { api, by: &shown, table: table(params)?, head: &head, body })
    };
    match endpoint {
        Endpoint::Page => Ok(page::page(api, &head)),
        Endpoint::Live => Ok(text("alive\n")),
        Endpoint::Ready => Ok(health::ready(api)),
        Endpoint::Metrics => Ok(health::metrics(api)),
        Endpoint::Tables => Ok(tables::all(api)),
        Endpoint::Table => tables::one(api, &table(params)?),
        Endpoint::Rollouts => rollouts::all(api, &table(params)?),
        Endpoint::Rollout => rollouts::one(api, &table(params)?, part(params, "rollout")),
        Endpoint::Events => events::events(api, &head, &shown),
        Endpoint::Description => Ok(rendered(StatusCode::OK, api.description())),
        Endpoint::Whoami => Ok(whoami(api, &shown)),
        Endpoint::Start => wishes::start(asking(body)?).await,
        Endpoint::Run => wishes::run(asking(body)?, part(params, "row")).await,
        Endpoint::Command(order) => wishes::command(asking(body)?, order, None).await,
        Endpoint::CommandAbout(order) => wishes::command(asking(body)?, order, Some(part(params, "rollout"))).await,
    }
}

/// `GET /v1/whoami`.
fn whoami(api: &Api, shown: &Shown) -> Response {
    let role = shown.role(api).unwrap_or(Role::Read).name();
    json(StatusCode::OK, &WhoamiJson::of(shown.name(), role))
}

/// A response of one JSON document.
pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    // Our own structs have text for keys and nothing else that could not be written.
    rendered(status, serde_json::to_vec(document).unwrap_or_default())
}

/// A response of JSON that was written before.
pub(super) fn rendered(status: StatusCode, document: impl Into<Body>) -> Response {
    let mut response = Response::new(document.into());
    *response.status_mut() = status;
    put(&mut response, header::CONTENT_TYPE, "application/json");
    response
}

/// A response of plain text.
pub(super) fn text(text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    put(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    response
}

fn table(params: &RawPathParams) -> Result<TableName, Problem> {
    TableName::parse(part(params, "table")).map_err(|_| Reason::NoSuchTable.into())
}

fn part<'a>(params: &'a RawPathParams, name: &str) -> &'a str {
    params.iter().find_map(|(key, value)| (key == name).then_some(value)).unwrap_or_default()
}
