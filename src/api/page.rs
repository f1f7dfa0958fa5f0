//! The page for people: one file, compiled in, that may load nothing and run nothing but itself.
//!
//! Its Content-Security-Policy is made of the hashes of the styles and scripts that stand in it.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::problem::put;
use super::state::Api;

const INDEX: &str = include_str!("page/index.html");

/// The page, and what is sent along with it.
#[derive(Debug)]
pub(super) struct Page {
    etag: String,
    policy: String,
}

impl Default for Page {
    fn default() -> Self {
        Self { etag: format!("\"{}\"", &hash(INDEX)[..22]), policy: policy(INDEX) }
    }
}

/// `GET /`.
pub(super) fn page(api: &Api, head: &Parts) -> Response {
    let Page { etag, policy } = &api.page;
    let known = head.headers.get_all(header::IF_NONE_MATCH).iter();
    let fresh = known.filter_map(|value| value.to_str().ok()).any(|known| known.contains(etag.as_str()));
    let mut response = Response::new(if fresh { "".into() } else { INDEX.into() });
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    put(&mut response, header::CONTENT_TYPE, "text/html; charset=utf-8");
    // Kept, but asked for every time: a new version of the program shows its own page at once.
    put(&mut response, header::CACHE_CONTROL, "no-cache");
    put(&mut response, header::ETAG, etag);
    put(&mut response, header::CONTENT_SECURITY_POLICY, policy);
    put(&mut response, header::X_FRAME_OPTIONS, "DENY");
    response
}

/// Nothing from anywhere but this server, and of styles and scripts only those of the file.
fn policy(page: &str) -> String {
    let hashes = |element: &str| {
        let all = inline(page, element);
        let all: Vec<String> = all.into_iter().map(|text| format!(" 'sha256-{}'", hash(text))).collect();
        if all.is_empty() { " 'none'".to_owned() } else { all.concat() }
    };
    format!(
        "default-src 'none'; script-src{}; style-src{}; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hashes("script"),
        hashes("style")
    )
}

/// What stands between the tags of an element that occurs without attributes.
fn inline<'a>(page: &'a str, element: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let after = page.split(open.as_str()).skip(1);
    after.filter_map(|rest| rest.split_once(close.as_str()).map(|(text, _)| text)).collect()
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_what_stands_in_the_page_and_nothing_else() {
        // The hash of `x` is known: printf x | openssl dgst -sha256 -binary | base64
        let policy = policy("<style>x</style><script>x</script>");
        assert!(policy.contains("script-src 'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=';"), "{policy}");
        assert!(policy.contains("style-src 'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(super::policy("<p>").contains("script-src 'none'; style-src 'none'"));
    }

    #[test]
    fn the_page_loads_nothing_and_has_no_style_or_script_that_its_policy_forbids() {
        for forbidden in ["<script ", "<style ", "<link ", " style=\"", " onclick=", "src=\"http", "@import"] {
            assert!(!INDEX.contains(forbidden), "the page has `{forbidden}`");
        }
    }
}
