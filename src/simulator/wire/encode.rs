//! From the outcome of a call to the body of a response, in the protocol of its service.
//!
//! Owns how errors are spelt on the wire: `__type` in JSON, `ErrorResponse` in Query, `Response` in
//! EC2's dialect of it.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::simulator::error::ApiError;
use crate::simulator::fault::Outcome;
use crate::simulator::wire::decode::Protocol;
use crate::simulator::wire::xml;

/// What a response is made of, but for the headers that all have.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    /// The error code, for `x-amzn-errortype`.
    pub(super) error_type: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Encodes an outcome of `operation`.
pub(super) fn encode(protocol: Protocol, operation: &str, outcome: Outcome, request_id: &str) -> Encoded {
    let (status, error_type) = match &outcome {
        Ok(_) => (StatusCode::OK, None),
        Err(error) => (StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST), Some(error.code.clone())),
    };
    let (content_type, body) = match (protocol, outcome) {
        (Protocol::Json { .. }, Ok(result)) => (JSON, json(&result)),
        (Protocol::Json { message_key }, Err(error)) => (JSON, json(&json_error(message_key, error))),
        (Protocol::Query { namespace }, Ok(result)) => {
            (XML, xml::response(operation, namespace, &result, request_id).into_bytes())
        }
        (Protocol::Query { namespace }, Err(error)) => (XML, xml::error(namespace, &error, request_id).into_bytes()),
        (Protocol::Ec2 { namespace }, Ok(result)) => {
            (EC2_XML, xml::ec2_response(operation, namespace, &result, request_id).into_bytes())
        }
        (Protocol::Ec2 { .. }, Err(error)) => (EC2_XML, xml::ec2_error(&error, request_id).into_bytes()),
    };
    Encoded { status, content_type, error_type, body }
}

const JSON: &str = "application/x-amz-json-1.1";
const XML: &str = "text/xml";
const EC2_XML: &str = "text/xml;charset=UTF-8";

fn json(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("a JSON value has nothing but string keys")
}

fn json_error(message_key: &str, error: ApiError) -> Value {
    let ApiError { status: _, code, message, extra } = error;
    let mut members = Map::new();
    members.insert("__type".to_owned(), json!(code));
    members.insert(message_key.to_owned(), json!(message));
    members.extend(*extra);
    Value::Object(members)
}
