//! What every request passes before anybody looks at what it wants, and what every answer gets on its way out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header;
use http::request::Parts;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::limits;
use super::problem::{Problem, Reason, put};
use super::seats::Seat;
use super::state::Api;
use super::who::Shown;

/// The address that a request came from; an extension of each.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The peer of a socket.
    pub(super) fn of_address(address: SocketAddr) -> Self {
        Self(address.ip().to_canonical())
    }

    /// Whom it counts for. An IPv6 client has a whole /64 to choose addresses from, so that counts as one.
    pub(super) fn counted(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Where a request came from.
    pub(super) fn of(head: &Parts) -> Self {
        head.extensions.get::<Self>().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

/// Lets a request in, or says why not; counts the answer.
pub(super) async fn pass(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), request.method().clone());
    let mut response = match check(&api, &request) {
        Ok(shown) => {
            request.extensions_mut().insert(shown);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    dress(&mut response);
    api.tally.answered(&method, &response, began.elapsed());
    response
}

/// What the request shows, if it may come in at all.
fn check(api: &Api, request: &Request) -> Result<Shown, Problem> {
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if request.uri().to_string().len() > limits::PATH || lines.sum::<usize>() > limits::HEADERS {
        return Err(Reason::HeadTooLarge.into());
    }
    // With tokens there is nothing to be had without one, by whatever name this machine is called.
    if api.tokens.is_none() && !is_local(request.headers()) {
        return Err(Reason::WrongHost.into());
    }
    let shown = Shown::of(api, request.headers());
    if let (Shown::Token(_), Some(seat)) = (&shown, request.extensions().get::<Arc<Seat>>()) {
        seat.keep();
    }
    if !Endpoint::is_probe(request.uri().path()) {
        let peer = request.extensions().get::<Peer>().copied();
        api.allow_request(&shown, peer)?;
    }
    Ok(shown)
}

/// Whether a request means this machine by its own name.
///
/// A page of a stranger can have its own name resolve to 127.0.0.1, and then reads as one of ours would; but the browser
/// says its name here.
fn is_local(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What browsers need to be told about every answer; `candid` knows ours by it.
pub(super) fn dress(response: &mut Response) {
    if !response.headers().contains_key(header::CACHE_CONTROL) {
        put(response, header::CACHE_CONTROL, "no-store");
    }
    put(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(response, header::REFERRER_POLICY, "no-referrer");
    put(response, header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hosts: &[&str], local: bool) {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        assert_eq!(is_local(&headers), local, "{hosts:?}");
    }

    #[test]
    fn only_this_machine_is_local() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "LocalHost", "[::1]:80", "127.9.9.9"] {
            check(&[host], true);
        }
        for host in
            ["evil.example", "evil.example:8080", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example", ""]
        {
            check(&[host], false);
        }
        check(&[], false);
        check(&["localhost", "evil.example"], false);
    }
}
