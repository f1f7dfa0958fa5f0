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
    NoSuchRow,
    MethodNotAllowed,
    WrongHost,
    NotHttp,
    HeadTooLarge,
    HeadTooSlow,
    ConnectionsTaken,
    StreamsTaken,
    NotSeenYet,
    TokenNeeded,
    TokenUnknown,
    RoleNeeded,
    NoTokens,
    CrossSite,
    TooOften,
    NotJson,
    BodyTooLarge,
    BodyTooSlow,
    BadBody,
    BadKey,
    NotTheNewest,
    Held,
    LookTooOld,
    NotWritten,
    NotAnswered,
    Busy,
    Ending,
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
    pub(super) const ALL: [Self; 30] = [
        Self::NoSuchPath,
        Self::NoSuchTable,
        Self::NoSuchRollout,
        Self::NoSuchRow,
        Self::MethodNotAllowed,
        Self::WrongHost,
        Self::NotHttp,
        Self::HeadTooLarge,
        Self::HeadTooSlow,
        Self::ConnectionsTaken,
        Self::StreamsTaken,
        Self::NotSeenYet,
        Self::TokenNeeded,
        Self::TokenUnknown,
        Self::RoleNeeded,
        Self::NoTokens,
        Self::CrossSite,
        Self::TooOften,
        Self::NotJson,
        Self::BodyTooLarge,
        Self::BodyTooSlow,
        Self::BadBody,
        Self::BadKey,
        Self::NotTheNewest,
        Self::Held,
        Self::LookTooOld,
        Self::NotWritten,
        Self::NotAnswered,
        Self::Busy,
        Self::Ending,
    ];

    /// The last part of the type, the status, the title, and what a person can do.
    pub(super) fn said(self) -> (&'static str, StatusCode, &'static str, Option<&'static str>) {
        let (kind, status, title, hint) = match self {
            Self::NoSuchPath => ("no-such-path", 404, "there is nothing at this path", "see /openapi.json"),
            Self::NoSuchTable => {
                ("no-such-table", 404, "no table of this name is supervised", "GET /v1/tables lists those that are")
            }
            Self::NoSuchRollout => {
                let hint = "the one in hand and the last eight that ended are kept";
                ("no-such-rollout", 404, "no rollout of this id is known", hint)
            }
            Self::NoSuchRow => {
                ("no-such-row", 404, "the table has no task row of this name", "only a task row can be run")
            }
            Self::MethodNotAllowed => ("method-not-allowed", 405, "the path has other methods", "see the header Allow"),
            Self::WrongHost => {
                let hint = "without --tokens, ask by 127.0.0.1, [::1] or localhost";
                ("wrong-host", 421, "the host is not this machine", hint)
            }
            Self::HeadTooLarge => ("head-too-large", 431, "path or headers are too long", ""),
            Self::NotHttp => ("not-http", 400, "the request is not HTTP/1.1 as it can be read", ""),
            Self::HeadTooSlow => ("head-too-slow", 408, "the head did not come in time", ""),
            Self::ConnectionsTaken => {
                ("connections-taken", 503, "too many connections are open", "close some, or come back later")
            }
            Self::StreamsTaken => {
                ("streams-taken", 503, "too many event streams are open", "close one, or come back later")
            }
            Self::NotSeenYet => {
                ("not-seen-yet", 503, "the table has not been looked at yet", "the first look takes seconds")
            }
            Self::TokenNeeded => {
                ("token-needed", 401, "this needs a token", "send the header Authorization: Bearer TOKEN")
            }
            Self::TokenUnknown => {
                let hint = "whoever runs the controller makes one by `evenkeel token`";
                ("token-unknown", 401, "nobody has this token", hint)
            }
            Self::RoleNeeded => ("role-needed", 403, "the token's role does not do", "this needs the role operate"),
            Self::NoTokens => {
                let hint = "start the controller with --tokens FILE; `evenkeel token` makes a line of it";
                ("no-tokens", 403, "without tokens nothing can be changed", hint)
            }
            Self::CrossSite => ("cross-site", 403, "the request comes from another site's page", ""),
            Self::TooOften => ("too-often", 429, "too many requests", "wait as long as Retry-After says"),
            Self::NotJson => {
                ("not-json", 415, "the body is not said to be JSON", "send Content-Type: application/json")
            }
            Self::BodyTooLarge => ("body-too-large", 413, "the body has more than 16 KiB", ""),
            Self::BodyTooSlow => ("body-too-slow", 408, "the body did not come in time", ""),
            Self::BadBody => ("bad-body", 400, "the body is not what is asked for", "see /openapi.json"),
            Self::BadKey => {
                let hint = "1 to 255 printable characters; a UUID is a good one";
                ("bad-key", 400, "the Idempotency-Key cannot be one", hint)
            }
            Self::NotTheNewest => {
                ("not-the-newest", 409, "this is not the newest rollout", "only the newest can be commanded")
            }
            Self::Held => ("held", 409, "it cannot be done as the table stands", "each of the holds has its own hint"),
            Self::LookTooOld => ("look-too-old", 503, "AWS answered too slowly to judge by", "ask again"),
            Self::NotWritten => {
                let hint =
                    "nothing was begun, unless AWS wrote it all the same; ask again with the same Idempotency-Key";
                ("not-written", 502, "AWS did not take it", hint)
            }
            Self::NotAnswered => {
                let hint = "it may be written down yet; ask again with the same Idempotency-Key";
                ("not-answered", 504, "it is not known whether it was written down", hint)
            }
            Self::Busy => ("busy", 503, "too many wishes are waiting", "ask again"),
            Self::Ending => ("ending", 503, "the controller is ending", "ask the one that follows it"),
        };
        // All of them are statuses.
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (kind, status, title, Some(hint).filter(|hint| !hint.is_empty()))
    }
}

impl Problem {
    pub(super) fn of(reason: Reason) -> Self {
        Self { reason, detail: None, holds: None, retry_after: None }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn holds(mut self, holds: Vec<HoldJson>) -> Self {
        self.holds = Some(holds);
        self
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
        // For `tally`; it is not sent.
        response.extensions_mut().insert(reason);
        put(&mut response, header::CONTENT_TYPE, "application/problem+json");
        if status == StatusCode::UNAUTHORIZED {
            put(&mut response, header::WWW_AUTHENTICATE, "Bearer realm=\"evenkeel\"");
        }
        if let Some(after) = retry_after {
            // Whole seconds, and never none: an early client is only sent away again.
            put(&mut response, header::RETRY_AFTER, &after.as_millis().div_ceil(1000).max(1).to_string());
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
