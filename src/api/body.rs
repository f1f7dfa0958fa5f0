//! The body of a request: small, JSON, in time, and exactly what its endpoint takes.

use axum::body::{Body, to_bytes};
use http::HeaderMap;
use http::header;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::limits::{self, Limits};
use super::problem::{Problem, Reason};

/// Reads a body.
///
/// # Errors
/// It is no JSON, too large, too slow, or not what is asked for.
pub(super) async fn read<T: DeserializeOwned>(limits: &Limits, headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    from_here(headers)?;
    if !is_json(headers) {
        return Err(Reason::NotJson.into());
    }
    let told = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > limits::BODY) {
        return Err(Reason::BodyTooLarge.into());
    }
    let bytes = match timeout(limits.body, to_bytes(body, limits::BODY)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) if is_too_large(&error) => return Err(Reason::BodyTooLarge.into()),
        Ok(Err(_)) => return Err(Problem::of(Reason::BadBody).detail("the body broke off")),
        Err(_) => return Err(Reason::BodyTooSlow.into()),
    };
    // A list would do for serde, by the order of fields, which nobody promises.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::of(Reason::BadBody).detail("the body is no JSON object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::of(Reason::BadBody).detail(said(&error.to_string())))
}

/// What serde_json expected and where, without the value that it found: somebody may have put a token there. A field's name
/// it may repeat.
fn said(error: &str) -> String {
    let values = ["unknown variant ", "invalid type: ", "invalid value: ", "invalid length "];
    let expected = values.iter().any(|value| error.starts_with(value)).then(|| error.rsplit_once(", expected "));
    let said = match expected {
        Some(Some((_, expected))) => format!("expected {expected}"),
        Some(None) => "a value is not what is asked for".to_owned(),
        None => error.to_owned(),
    };
    said.chars().take(200).collect()
}

/// A form of a stranger's page can send text, but not this type; and browsers say where a request comes from.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Whether a browser says that the request comes from another place than this server's own page.
fn from_here(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    let own_site = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = text(header::ORIGIN).map(|origin| origin.split_once("://").map_or("", |(_, host)| host));
    let own_origin = origin.is_none_or(|origin| text(header::HOST) == Some(origin));
    if own_site && own_origin { Ok(()) } else { Err(Reason::CrossSite.into()) }
}

fn is_too_large(error: &axum::Error) -> bool {
    // axum keeps what its limit said as the source.
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("limit"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
        for (name, value) in all {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_request_of_a_strangers_page_is_refused() {
        for own in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(from_here(&headers(own)).is_ok(), "{own:?}");
        }
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "http://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:9")],
        ] {
            assert!(from_here(&headers(foreign)).is_err(), "{foreign:?}");
        }
    }

    #[test]
    fn only_json_is_json() {
        for good in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_json(&headers(&[("content-type", good)])), "{good}");
        }
        for bad in ["text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", ""] {
            assert!(!is_json(&headers(&[("content-type", bad)])), "{bad}");
        }
        assert!(!is_json(&headers(&[])));
    }

    #[test]
    fn what_is_said_of_a_body_repeats_no_value_of_it() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Taken {
            #[serde(rename = "as")]
            _told: Told,
            #[serde(rename = "reason")]
            _reason: String,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        enum Told {
            Succeeded,
            Failed,
        }
        for (body, expected) in [
            (r#"{"as": "evk_x, expected y"}"#, "expected `succeeded` or `failed` at line 1 column 26"),
            (r#"{"reason": 5}"#, "expected a string at line 1 column 12"),
            (r#"{"reason": ["evk_x"]}"#, "expected a string at line 1 column 11"),
            (r#"{"as": "failed", "why": 1}"#, "unknown field `why`, expected `as` or `reason` at line 1 column 22"),
            (r#"{"as": "failed"}"#, "missing field `reason` at line 1 column 16"),
        ] {
            let error = serde_json::from_str::<Taken>(body).expect_err(body).to_string();
            assert_eq!(said(&error), expected, "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_is_said_to_be_whether_its_length_was_told_or_not() {
        let json = headers(&[("content-type", "application/json")]);
        let body = || Body::from("x".repeat(limits::BODY + 1));
        let refused = read::<()>(&Limits::default(), &json, body()).await.unwrap_err();
        assert_eq!(refused.reason, Reason::BodyTooLarge);
        let told = headers(&[("content-type", "application/json"), ("content-length", "999999999")]);
        let refused = read::<()>(&Limits::default(), &told, Body::empty()).await.unwrap_err();
        assert_eq!(refused.reason, Reason::BodyTooLarge);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_come_is_given_up() {
        let json = headers(&[("content-type", "application/json")]);
        let never = futures_util::stream::pending::<Result<axum::body::Bytes, std::convert::Infallible>>();
        let refused = read::<()>(&Limits::default(), &json, Body::from_stream(never)).await.unwrap_err();
        assert_eq!(refused.reason, Reason::BodyTooSlow);
    }
}
