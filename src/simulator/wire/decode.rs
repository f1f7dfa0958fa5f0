//! From an HTTP request to a call.
//!
//! Owns telling the protocols, services and places apart, and shortening the user agent. Signatures are read and never
//! checked. Says in which protocol a refusal must
//! be written, since a request can be bad in a way that still tells who sent it.

use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Request};
use serde_json::{Map, Value};

use crate::simulator::arn::Place;
use crate::simulator::call::{Call, Service};
use crate::simulator::error::ApiError;
use crate::simulator::wire::query;
use crate::simulator::{ec2, elb, sts};

/// The prefixes of `X-Amz-Target`.
const TARGETS: [(&str, Service); 4] = [
    ("AmazonEC2ContainerServiceV20141113", Service::Ecs),
    ("AmazonEC2ContainerRegistry_V20150921", Service::Ecr),
    ("AnyScaleFrontendService", Service::AutoScaling),
    ("Logs_20140328", Service::Logs),
];

/// How a service wants its answers written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    /// AWS JSON 1.1; `message_key` is the member that carries the words of an error.
    Json { message_key: &'static str },
    /// AWS Query, XML in this namespace.
    Query { namespace: &'static str },
    /// EC2's dialect of AWS Query, XML in this namespace.
    Ec2 { namespace: &'static str },
}

#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) protocol: Protocol,
    pub(super) call: Call,
}

/// A request that is no call.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) protocol: Protocol,
    pub(super) error: ApiError,
}

const JSON: Protocol = Protocol::Json { message_key: "message" };

/// Decodes a request of either protocol. `home` is where it is sent that does not say where.
pub(super) fn decode(home: &Place, request: &Request<Vec<u8>>) -> Result<Decoded, Refused> {
    let headers = request.headers();
    if let Some(target) = text(headers, "x-amz-target") {
        return decode_json(home, target, headers, request.body());
    }
    let content_type = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return decode_query(home, request.body(), headers);
    }
    match request.uri().query() {
        Some(query) if query.contains("Action=") => decode_query(home, query.as_bytes(), headers),
        Some(_) | None => Err(Refused { protocol: JSON, error: ApiError::unknown_operation() }),
    }
}

fn decode_json(home: &Place, target: &str, headers: &HeaderMap, body: &[u8]) -> Result<Decoded, Refused> {
    let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
    let Some((_, service)) = TARGETS.iter().find(|(known, _)| *known == prefix) else {
        return Err(Refused { protocol: JSON, error: ApiError::unknown_operation() });
    };
    let message_key = if *service == Service::AutoScaling { "Message" } else { "message" };
    let protocol = Protocol::Json { message_key };
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    let mut input = match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Value::Object(members),
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(Refused { protocol, error: malformed("Expected an object at the top of the body") });
        }
        Err(error) => {
            return Err(Refused { protocol, error: malformed(&error.to_string()) });
        }
    };
    input.sort_all_objects();
    let place = elsewhere(home, headers);
    let call = Call { service: *service, operation: operation.to_owned(), input, client: client(headers), place };
    Ok(Decoded { protocol, call })
}

fn decode_query(home: &Place, form: &[u8], headers: &HeaderMap) -> Result<Decoded, Refused> {
    let elb = Protocol::Query { namespace: elb::NAMESPACE };
    let mut members = match query::nested(form) {
        Ok(members) => members,
        Err(error) => {
            return Err(Refused { protocol: elb, error });
        }
    };
    let action = taken(&mut members, "Action");
    let version = taken(&mut members, "Version");
    let (service, protocol) = match version.as_str() {
        elb::VERSION => (Service::Elb, elb),
        sts::VERSION => (Service::Sts, Protocol::Query { namespace: sts::NAMESPACE }),
        ec2::VERSION => (Service::Ec2, Protocol::Ec2 { namespace: ec2::NAMESPACE }),
        _ => {
            return Err(Refused { protocol: elb, error: ApiError::invalid_action(&action, &version) });
        }
    };
    let input = match protocol {
        Protocol::Ec2 { .. } => query::numbered(Value::Object(members)),
        Protocol::Query { .. } | Protocol::Json { .. } => Value::Object(members),
    };
    let place = elsewhere(home, headers);
    let call = Call { service, operation: action, input, client: client(headers), place };
    Ok(Decoded { protocol, call })
}

fn taken(members: &mut Map<String, Value>, key: &str) -> String {
    members.remove(key).as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn malformed(why: &str) -> ApiError {
    ApiError::client("SerializationException", why)
}

/// Where a request is sent, if that is not `home`: the region that its signature was made for, and the account whose
/// number its access key is. Other keys belong to the home account.
fn elsewhere(home: &Place, headers: &HeaderMap) -> Option<Place> {
    let scope = text(headers, AUTHORIZATION.as_str())?.split_once("Credential=")?.1;
    let mut parts = scope.split([',', ' ']).next()?.split('/');
    let (key, region) = (parts.next()?, parts.nth(1)?);
    let is_account = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let place = Place {
        account: if is_account { key } else { &home.account }.to_owned(),
        region: if is_region { region } else { &home.region }.to_owned(),
    };
    (place != *home).then_some(place)
}

/// The application that a user agent names (`app/…`), else its first product; versions stay, platforms go.
fn client(headers: &HeaderMap) -> String {
    let agents = ["x-amz-user-agent", USER_AGENT.as_str()].map(|name| text(headers, name).unwrap_or_default());
    let application = agents.iter().flat_map(|agent| agent.split(' ')).find_map(|part| part.strip_prefix("app/"));
    let product = agents.iter().rev().find_map(|agent| agent.split(' ').find(|part| !part.is_empty()));
    application.or(product).unwrap_or("unknown").chars().take(64).collect()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
