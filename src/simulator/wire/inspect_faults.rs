//! `/_sim/faults`: the rules of what goes wrong.
//!
//! `POST /_sim/faults` with a rule or a list of rules answers `{"ids": […]}`; a bad rule adds none. `GET /_sim/faults`
//! lists them. `DELETE /_sim/faults` ends all, `DELETE /_sim/faults/ID` one.

use http::{Method, Response, StatusCode};
use serde_json::json;

use crate::simulator::fault::Rule;
use crate::simulator::strict::Reader;
use crate::simulator::wire::inspect::{json_response, parse, refusal};
use crate::simulator::world::Simulator;

/// Answers a request about rules.
pub(super) fn faults(simulator: &mut Simulator, method: &Method, path: &str, body: &[u8]) -> Response<Vec<u8>> {
    let id = path.trim_start_matches("/_sim/faults").trim_start_matches('/');
    match (method, id) {
        (&Method::GET, "") => json_response(StatusCode::OK, &simulator.faults().to_json()),
        (&Method::POST, "") => add(simulator, body).unwrap_or_else(|why| refusal(StatusCode::BAD_REQUEST, &why)),
        (&Method::DELETE, "") => {
            simulator.faults_mut().clear();
            json_response(StatusCode::OK, &json!({}))
        }
        (&Method::DELETE, id) => match id.parse().is_ok_and(|id| simulator.faults_mut().remove(id)) {
            true => json_response(StatusCode::OK, &json!({})),
            false => refusal(StatusCode::NOT_FOUND, &format!("there is no rule {id}")),
        },
        (_, "") => refusal(StatusCode::METHOD_NOT_ALLOWED, "use GET, POST or DELETE"),
        (_, _) => refusal(StatusCode::METHOD_NOT_ALLOWED, "use DELETE"),
    }
}

fn add(simulator: &mut Simulator, body: &[u8]) -> Result<Response<Vec<u8>>, String> {
    let document = parse(body)?;
    let rules = Rule::read_all(&Reader::new("rule", &document)).map_err(|error| error.to_string())?;
    let faults = simulator.faults_mut();
    let ids: Vec<u64> = rules.into_iter().map(|rule| faults.add(rule)).collect();
    Ok(json_response(StatusCode::OK, &json!({ "ids": ids })))
}
