//! The description of the API as OpenAPI 3.1: paths out of the list of endpoints, shapes out of the types that are sent.
//!
//! Nothing is described by hand that a type could say, so that the two cannot differ.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::report::json::{
    AcceptedJson, EventResetJson, EventSyncedJson, HistoryJson, ProblemDetailsJson, ReadinessJson, RolloutEntryJson,
    TableGoneJson, TableJson, TableSummaryJson, TablesJson, WhoamiJson,
};

use super::endpoint::Endpoint;
use super::who::Access;
use super::wishes::{AbortBody, AgainBody, Order, ResolveBody, StartBody};

/// Adds a type to the description, and gives a reference to it.
type Shape = fn(&mut SchemaGenerator) -> Schema;

/// What an endpoint answers.
enum Answer {
    /// One JSON document, under this status.
    Json(u16, Shape),
    /// Something else, of this media type.
    Other(&'static str),
}

/// What is told of an endpoint.
struct Told {
    summary: &'static str,
    answer: Answer,
    body: Option<Shape>,
}

/// The whole description.
pub(super) fn document() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|to| to.definitions_path = "/components/schemas".into());
    let (mut sent, mut taken) = (settings().for_serialize().into_generator(), settings().into_generator());
    let problem = sent.subschema_for::<ProblemDetailsJson>();
    let mut paths = Map::new();
    for endpoint in Endpoint::ALL {
        let (method, path) = endpoint.place();
        let operations = paths.entry(path).or_insert_with(|| json!({}));
        operations[method.as_str().to_lowercase()] = operation(endpoint, &mut sent, &mut taken, &problem);
    }
    // Documents of the event stream, which OpenAPI has no place for.
    event_shapes(&mut sent);
    let mut schemas = sent.take_definitions(true);
    schemas.extend(taken.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "evenkeel",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A controller of Amazon ECS services: how its tables stand, and what is wanted of them",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn event_shapes(sent: &mut SchemaGenerator) {
    sent.subschema_for::<EventResetJson>();
    sent.subschema_for::<TableSummaryJson>();
    sent.subschema_for::<TableGoneJson>();
    sent.subschema_for::<EventSyncedJson>();
}

fn operation(endpoint: Endpoint, sent: &mut SchemaGenerator, taken: &mut SchemaGenerator, problem: &Schema) -> Value {
    let Told { summary, answer, body } = told(endpoint);
    let (status, content) = match answer {
        Answer::Json(status, shape) => (status, json!({"application/json": {"schema": shape(sent)}})),
        Answer::Other(media_type) => (200, json!({media_type: {"schema": {"type": "string"}}})),
    };
    let mut responses = json!({
        status.to_string(): {"description": summary, "content": content},
        "default": {"description": "a problem", "content": {"application/problem+json": {"schema": problem}}},
    });
    if endpoint == Endpoint::Ready {
        responses["503"] = responses["200"].clone();
    }
    let mut operation = json!({
        "operationId": format!("{endpoint:?}").replace(['(', ')'], ""),
        "summary": summary,
        "parameters": parameters(endpoint),
        "responses": responses,
        "security": match endpoint.access() {
            Access::Open => json!([]),
            Access::Read | Access::Operate => json!([{"token": []}]),
        },
    });
    if let Some(body) = body {
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": body(taken)}}});
    }
    operation
}

/// The parts of a path that stand in braces, and headers.
fn parameters(endpoint: Endpoint) -> Vec<Value> {
    let (_, path) = endpoint.place();
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let places = names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let key = json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255}});
    places.chain(Some(key).filter(|_| endpoint.access() == Access::Operate)).collect()
}

fn told(endpoint: Endpoint) -> Told {
    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
    let (summary, answer, body): (_, _, Option<Shape>) = match endpoint {
        Endpoint::Page => ("the page for people", Answer::Other("text/html"), None),
        Endpoint::Live => ("the process runs", Answer::Other("text/plain"), None),
        Endpoint::Ready => {
            ("whether tables are looked at and AWS is seen", Answer::Json(200, of::<ReadinessJson>), None)
        }
        Endpoint::Metrics => ("metrics", Answer::Other("application/openmetrics-text"), None),
        Endpoint::Description => ("this description", Answer::Other("application/json"), None),
        Endpoint::Whoami => ("who asks, and what that one may do", Answer::Json(200, of::<WhoamiJson>), None),
        Endpoint::Tables => ("every table at a glance", Answer::Json(200, of::<TablesJson>), None),
        Endpoint::Table => ("everything about one table", Answer::Json(200, of::<TableJson>), None),
        Endpoint::Rollouts => ("the rollout in hand and the last eight", Answer::Json(200, of::<HistoryJson>), None),
        Endpoint::Rollout => {
            ("one rollout, by its id or its request's", Answer::Json(200, of::<RolloutEntryJson>), None)
        }
        Endpoint::Events => ("what happens, as server-sent events", Answer::Other("text/event-stream"), None),
        Endpoint::Run => ("asks for the deployment task alone", accepted(), Some(of::<AgainBody>)),
        Endpoint::Start => ("asks for a forced rollout", accepted(), Some(of::<StartBody>)),
        Endpoint::Command(order) | Endpoint::CommandAbout(order) => match order {
            Order::Retry => ("asks for the deployment task again", accepted(), Some(of::<AgainBody>)),
            Order::Abort => {
                ("takes an open rollout back, or withdraws a request that waits", accepted(), Some(of::<AbortBody>))
            }
            Order::Resolve => ("says how a rollout ended", accepted(), Some(of::<ResolveBody>)),
        },
    };
    Told { summary, answer, body }
}

fn accepted() -> Answer {
    Answer::Json(202, |generator| generator.subschema_for::<AcceptedJson>())
}
