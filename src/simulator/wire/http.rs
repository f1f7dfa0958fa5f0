//! One HTTP request in, one HTTP response out: the whole simulated AWS behind one function.
//!
//! Owns the order: decode, call, encode, and the headers that every answer has. In process and over TCP alike.

use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Request, Response};

use crate::simulator::time::Time;
use crate::simulator::wire::decode::{Refused, decode};
use crate::simulator::wire::encode::{Encoded, encode};
use crate::simulator::world::Simulator;

/// Answers an API request that arrives at `now`.
///
/// Guarantees: always a response, whatever the bytes; the same world, request and moment give the same response.
pub fn respond(simulator: &mut Simulator, now: Time, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let request_id = simulator.request_id();
    let encoded = match decode(&request) {
        Ok(decoded) => {
            let outcome = simulator.call(now, &decoded.call);
            encode(decoded.protocol, &decoded.call.operation, outcome, &request_id)
        }
        Err(Refused { protocol, error }) => encode(protocol, "", Err(error), &request_id),
    };
    let Encoded { status, content_type, error_type, body } = encoded;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(DATE, header_value(&simulator.now().http_date()));
    headers.insert(HeaderName::from_static("x-amzn-requestid"), header_value(&request_id));
    if let Some(code) = error_type {
        headers.insert(HeaderName::from_static("x-amzn-errortype"), header_value(&code));
    }
    response
}

/// Dates, ids and error codes are plain ASCII; should one not be, the body says it anyway.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
