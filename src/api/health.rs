//! Whether the controller is of use, and its numbers.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use http::header;

use crate::controller::handle::View;
use crate::report::json::ReadinessJson;

use super::problem::put;
use super::router::{self, json};
use super::state::{Api, Scrape};

/// AWS counts as seen for so long after a good look. Longer than the longest wait between two looks at a table in which
/// nothing moves, so that a healthy controller is ready all the time.
const LATELY: Duration = Duration::from_secs(600);

/// `GET /readyz`. Being throttled is said and is no reason against it: another controller would only ask more.
pub(super) fn ready(api: &Api) -> Response {
    let views = api.handle.tables();
    let reasons = against(views.iter().map(AsRef::as_ref));
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let pace = api.handle.slowed().iter().map(|slowed| slowed.pace).fold(1.0, f64::min);
    json(status, &ReadinessJson::of(reasons, pace))
}

/// `GET /metrics`.
pub(super) fn metrics(api: &Api) -> Response {
    let Scrape { media_type, text } = &api.metrics;
    let mut response = router::text(text(&api.served()));
    put(&mut response, header::CONTENT_TYPE, media_type);
    response
}

/// What stands against being ready. No names: everybody may read it.
fn against<'a>(views: impl Iterator<Item = &'a View>) -> Vec<String> {
    let (mut all, mut unseen, mut failing) = (0_usize, 0_usize, 0_usize);
    let mut seen: Option<Duration> = None;
    for View { table: _, report, seen: at, failures, broken, unseen: _ } in views {
        all += 1;
        unseen += usize::from(report.is_none() && broken.is_none());
        failing += usize::from(*failures > 0);
        let age = at.map(|at| at.elapsed());
        seen = [seen, age].into_iter().flatten().min();
    }
    let mut reasons = Vec::new();
    if unseen > 0 {
        reasons.push(format!("{unseen} of {all} tables have not been looked at yet"));
    }
    if all == 0 {
        reasons.push("no table is supervised".to_owned());
    }
    if all > 0 && failing == all {
        reasons.push("AWS could not be seen for any table when it was last looked at".to_owned());
    }
    match seen {
        Some(age) if age > LATELY => reasons.push(format!("AWS was last seen {} s ago", age.as_secs())),
        None if all > unseen => reasons.push("AWS has not been seen yet".to_owned()),
        Some(_) | None => {}
    }
    reasons
}
