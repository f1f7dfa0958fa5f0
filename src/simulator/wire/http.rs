//! One HTTP request in, one reply out: the whole simulated AWS behind one function.
//!
//! Owns the order: decode, deliver, encode, and the headers that every answer has. In process and over TCP alike.

use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Request, Response};

use crate::simulator::fault::{Delivery, Outcome, Way};
use crate::simulator::time::Time;
use crate::simulator::wire::decode::{Protocol, Refused, decode};
use crate::simulator::wire::encode::{Encoded, encode};
use crate::simulator::world::Simulator;

/// What comes back over the wire.
#[derive(Debug)]
pub enum Reply {
    /// Nothing at all.
    Nothing,
    /// A response, and how it gets to the caller.
    Response(Response<Vec<u8>>, Way),
}

/// Answers an API request that arrives at `now`.
///
/// Guarantees: a response, whatever the bytes, unless a fault rule says otherwise; the same world, request and moment
/// give the same reply.
pub fn respond(simulator: &mut Simulator, now: Time, request: &Request<Vec<u8>>) -> Reply {
    let request_id = simulator.request_id();
    let (protocol, operation, delivery) = match decode(simulator.place(), request) {
        Ok(decoded) => {
            let delivery = simulator.deliver(now, &decoded.call);
            (decoded.protocol, decoded.call.operation, delivery)
        }
        Err(Refused { protocol, error }) => {
            let delivery = Delivery::Answer { outcome: Err(error), way: Way::Whole, date: simulator.now() };
            (protocol, String::new(), delivery)
        }
    };
    match delivery {
        Delivery::Nothing => Reply::Nothing,
        Delivery::Answer { outcome, way, date } => {
            let mut response = response(protocol, &operation, outcome, date, &request_id);
            if way == Way::Garbled {
                let half = response.body().len() / 2;
                response.body_mut().truncate(half);
            }
            Reply::Response(response, way)
        }
    }
}

fn response(protocol: Protocol, operation: &str, outcome: Outcome, date: Time, request_id: &str) -> Response<Vec<u8>> {
    let Encoded { status, content_type, error_type, body } = encode(protocol, operation, outcome, request_id);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(DATE, header_value(&date.http_date()));
    headers.insert(HeaderName::from_static("x-amzn-requestid"), header_value(request_id));
    if let Some(code) = error_type {
        headers.insert(HeaderName::from_static("x-amzn-errortype"), header_value(&code));
    }
    response
}

/// Dates, ids and error codes are plain ASCII; should one not be, the body says it anyway.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
