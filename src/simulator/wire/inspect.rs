//! `/_sim`: what AWS would never show or let you do, for tests and tools.
//!
//! `GET /_sim/journal[?from=N]`, `GET /_sim/world[?account=…&region=…]`, `POST /_sim/advance {"seconds": n}`,
//! `POST /_sim/images {"repository": …, "tag": …}`, `POST /_sim/load`, `POST /_sim/alarms {"name": …, "state": "ALARM" or "OK"}`,
//! `POST /_sim/do` with actions of scenarios, `GET /_sim/knobs`, `POST /_sim/reset` and `/_sim/faults` (see `inspect_faults`).
//! Refusals are JSON `{"error": …}`. Nothing here is AWS.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::simulator::knobs::RANGES;
use crate::simulator::scenario::{self, Action};
use crate::simulator::strict::Reader;
use crate::simulator::wire::clock::Clock;
use crate::simulator::wire::inspect_faults::faults;
use crate::simulator::world::Simulator;

/// Time can be pushed ahead by a year at once; more would only be a way to hang the server.
const MAX_ADVANCE_SECONDS: f64 = 366.0 * 86_400.0;

/// Where suites that were written for moto's server mode ask for an empty account before each test.
const MOTO_RESET: &str = "/moto-api/reset";

/// Whether a path is none of AWS's.
pub(super) fn is_ours(path: &str) -> bool {
    path.starts_with("/_sim") || path == MOTO_RESET
}

/// Answers a request below `/_sim`, with the world brought up to the clock's present first.
pub(super) fn inspect(simulator: &mut Simulator, clock: &dyn Clock, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    simulator.advance_to(clock.now());
    let path = request.uri().path();
    let answer = match (request.method(), path) {
        (&Method::GET, "/_sim/journal") => journal(simulator, request.uri().query().unwrap_or_default()),
        (&Method::GET, "/_sim/world") => world(simulator, request.uri().query().unwrap_or_default()),
        (&Method::POST, "/_sim/advance") => advance(simulator, clock, request.body()),
        (&Method::POST, "/_sim/images") => push_image(simulator, clock, request.body()),
        (&Method::POST, "/_sim/do") => perform(simulator, request.body()),
        (&Method::GET, "/_sim/knobs") => Ok(json_response(StatusCode::OK, &knobs(simulator))),
        (&Method::POST, "/_sim/load") => load(simulator, request.body()),
        (&Method::POST, "/_sim/alarms") => set_alarm(simulator, request.body()),
        (&Method::POST, "/_sim/reset" | MOTO_RESET) => {
            simulator.reset();
            Ok(json_response(StatusCode::OK, &json!({ "status": "ok" })))
        }
        (method, path) if path == "/_sim/faults" || path.starts_with("/_sim/faults/") => {
            return faults(simulator, method, path, request.body());
        }
        (_, "/_sim/journal" | "/_sim/world" | "/_sim/knobs") => {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "use GET");
        }
        (
            _,
            "/_sim/advance" | "/_sim/images" | "/_sim/do" | "/_sim/load" | "/_sim/alarms" | "/_sim/reset" | MOTO_RESET,
        ) => {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "use POST");
        }
        _ => {
            let known = "known are /_sim/journal, /_sim/world, /_sim/advance, /_sim/images, /_sim/do, /_sim/knobs, /_sim/load, /_sim/alarms, \
                         /_sim/reset, /_sim/faults";
            return refusal(StatusCode::NOT_FOUND, known);
        }
    };
    answer.unwrap_or_else(|why| refusal(StatusCode::BAD_REQUEST, &why))
}

/// `{"error": why}` with this status.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response<Vec<u8>> {
    json_response(status, &json!({ "error": why }))
}

type Answer = Result<Response<Vec<u8>>, String>;

fn journal(simulator: &Simulator, query: &str) -> Answer {
    let from = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "from");
    let from = match from {
        Some((_, text)) => text.parse().map_err(|_| format!("from is not a line number: {text}"))?,
        None => 0,
    };
    let lines = simulator.journal().to_json_lines(from);
    Ok(response(StatusCode::OK, "application/x-ndjson", lines))
}

fn world(simulator: &Simulator, query: &str) -> Answer {
    let mut place = simulator.place().clone();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "account" => place.account = value.into_owned(),
            "region" => place.region = value.into_owned(),
            other => return Err(format!("no parameter {other}; known are account, region")),
        }
    }
    let world = simulator.world_json_at(&place);
    let world = world.ok_or_else(|| format!("nobody has called {} in {}", place.region, place.account))?;
    Ok(json_response(StatusCode::OK, &world))
}

fn advance(simulator: &mut Simulator, clock: &dyn Clock, body: &[u8]) -> Answer {
    let input = parse(body)?;
    let seconds = input["seconds"].as_f64().ok_or("seconds is not a number")?;
    if !(0.0..=MAX_ADVANCE_SECONDS).contains(&seconds) {
        return Err(format!("seconds is not between 0 and {MAX_ADVANCE_SECONDS}"));
    }
    clock.advance((seconds * 1000.0).round() as i64);
    simulator.advance_to(clock.now());
    Ok(json_response(StatusCode::OK, &json!({ "now": simulator.now().rfc3339() })))
}

fn push_image(simulator: &mut Simulator, clock: &dyn Clock, body: &[u8]) -> Answer {
    let input = parse(body)?;
    let repository = input["repository"].as_str().ok_or("repository is not a string")?;
    let tag = input["tag"].as_str().ok_or("tag is not a string")?;
    let digest = simulator.push_image(clock.now(), repository, tag).map_err(|error| error.to_string())?;
    Ok(json_response(StatusCode::OK, &json!({ "digest": digest })))
}

/// Actions as a scenario has them, done at once and in order.
fn perform(simulator: &mut Simulator, body: &[u8]) -> Answer {
    let input = parse(body)?;
    let actions = Action::read_all(&Reader::new("body", &input)).map_err(|error| error.to_string())?;
    let done: Value =
        actions.iter().map(|action| json!({"action": action.name(), "found": simulator.perform(action)})).collect();
    Ok(json_response(StatusCode::OK, &json!({ "done": done })))
}

/// Each duration with what it stands at, and its range.
fn knobs(simulator: &Simulator) -> Value {
    let shown = RANGES.iter().map(|range| {
        json!({"name": range.name, "value": range.read(simulator.knobs()), "least": range.least, "most": range.most})
    });
    json!({ "knobs": shown.collect::<Vec<Value>>() })
}

fn load(simulator: &mut Simulator, body: &[u8]) -> Answer {
    let input = parse(body)?;
    let (service, load) = scenario::load(&Reader::new("load", &input)).map_err(|error| error.to_string())?;
    Ok(json_response(StatusCode::OK, &json!({ "services": simulator.set_load(&service, load) })))
}

fn set_alarm(simulator: &mut Simulator, body: &[u8]) -> Answer {
    let input = parse(body)?;
    let name = input["name"].as_str().ok_or("name is not a string")?;
    let alarming = match input["state"].as_str() {
        Some("ALARM") => true,
        Some("OK") => false,
        Some(_) | None => return Err("state is neither ALARM nor OK".to_owned()),
    };
    simulator.set_alarm(name, alarming);
    Ok(json_response(StatusCode::OK, &json!({"name": name, "state": input["state"]})))
}

pub(super) fn parse(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))
}

pub(super) fn json_response(status: StatusCode, body: &Value) -> Response<Vec<u8>> {
    response(status, "application/json", format!("{body}\n"))
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
