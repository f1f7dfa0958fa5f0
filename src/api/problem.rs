//! Why a request is not answered as it was asked, as RFC 9457 has it: one type for each reason, stable for scripts.
//!
//! docs/api.md lists the types; a test compares. Nothing that a client sent is repeated in one, so no secret comes back.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderName, StatusCode};

use crate::report::json::{HoldJson, ProblemDetailsJson};

/// The reasons. Each has one type, one status and one title for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    NoSuchPath,
    NoSuchTable,
    NoSuchRollout,
    MethodNotAllowed,
    WrongHost,
    HeadTooLarge,
    StreamsTaken,
    NotSeenYet,
}

/// One occurrence of a reason.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) reason: Reason,
    detail: Option<String>,
    holds: Option<Vec<HoldJson>>,
    retry_after: Option<Duration>,
}

impl Reason {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::NoSuchPath,
        Self::NoSuchTable,
        Self::NoSuchRollout,
        Self::MethodNotAllowed,
        Self::WrongHost,
        Self::HeadTooLarge,
        Self::StreamsTaken,
        Self::NotSeenYet,
    ];

    /// The last part of the type, the status, the title, and what a person can do.
    pub(super) fn said(self) -> (&'static str, StatusCode, &'static str, Option<&'static str>) {
        use StatusCode as S;
        match self {
            Self::NoSuchPath => {
                ("no-such-path", S::NOT_FOUND, "there is nothing at this path", Some("see /openapi.json"))
            }
            Self::NoSuchTable => (
                "no-such-table",
                S::NOT_FOUND,
                "no table of this name is supervised",
                Some("GET /v1/tables lists those that are"),
            ),
            Self::NoSuchRollout => (
                "no-such-rollout",
                S::NOT_FOUND,
                "no rollout of this id is known",
                Some("the one in hand and the last eight that ended are kept"),
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                S::METHOD_NOT_ALLOWED,
                "the path has other methods",
                Some("see the header Allow"),
            ),
            Self::WrongHost => (
                "wrong-host",
                S::MISDIRECTED_REQUEST,
                "the host is not this machine",
                Some("without --tokens, ask by 127.0.0.1, [::1] or localhost"),
            ),
            Self::HeadTooLarge => {
                ("head-too-large", S::REQUEST_HEADER_FIELDS_TOO_LARGE, "path or headers are too long", None)
            }
            Self::StreamsTaken => (
                "streams-taken",
                S::SERVICE_UNAVAILABLE,
                "too many event streams are open",
                Some("close one, or come back later"),
            ),
            Self::NotSeenYet => (
                "not-seen-yet",
                S::SERVICE_UNAVAILABLE,
                "the table has not been looked at yet",
                Some("the first look takes seconds"),
            ),
        }
    }
}

impl Problem {
    pub(super) fn of(reason: Reason) -> Self {
        Self { reason, detail: None, holds: None, retry_after: None }
    }

    pub(super) fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self::of(reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { reason, detail, holds, retry_after } = self;
        let (kind, status, title, hint) = reason.said();
        let kind = format!("/problems/{kind}");
        let problem = ProblemDetailsJson { kind, title, status: status.as_u16(), detail, hint, holds };
        let mut response = super::router::json(status, &problem);
        put(&mut response, header::CONTENT_TYPE, "application/problem+json");
        if let Some(after) = retry_after {
            // Whole seconds, and never none: an early client is only sent away again.
            put(&mut response, header::RETRY_AFTER, &after.as_secs().max(1).to_string());
        }
        response
    }
}

/// Sets a header whose value is ours, and therefore visible ASCII.
pub(super) fn put(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_documented_with_its_status_and_no_other_is() {
        let page = include_str!("../../docs/api.md");
        for reason in Reason::ALL {
            let (kind, status, title, _) = reason.said();
            let row = format!("| `/problems/{kind}` | {} | {title} |", status.as_u16());
            assert!(page.contains(&row), "docs/api.md should have: {row}");
        }
        assert_eq!(page.matches("| `/problems/").count(), Reason::ALL.len());
    }
}
