//! Which wishes the newest rollout allows as it stands, and what to do instead of the others.
//!
//! Judged as the wish itself will be, by the newest look. It is judged again when it is made: another look counts then.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::HoldJson;
use crate::model::command::Told;
use crate::plan::command::{Want, Wish, against_an_abort, command};
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::planner::PlanInput;
use crate::plan::request::{Wanted, request};
use crate::report::subject::Subject;

/// A wish, and what stands against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WishJson {
    /// `start`, `retry`, `resolve`, `abort` or `run`.
    pub wish: &'static str,
    /// What stands against it; empty if it is allowed.
    pub against: Vec<HoldJson>,
}

pub(super) fn of(subject: &Subject<'_>) -> Vec<WishJson> {
    // Memory only ever holds a wish for a while after a write of this process, and whoever takes the wish has its own.
    let history = History::default();
    let input = PlanInput { table: subject.table, observed: subject.observed, history: &history };
    let commanded =
        |want: Want| command(&input, None, &Wish { want, by: None, reason: None, key: None }).err().unwrap_or_default();
    vec![
        WishJson::of("start", &request(&input, &Wanted::default()).err().unwrap_or_default()),
        WishJson::of("retry", &commanded(Want::Retry)),
        WishJson::of("resolve", &commanded(Want::Resolve(Told::Succeeded))),
        WishJson::of(
            "abort",
            &against_an_abort(subject.plan).map_or_else(|| commanded(Want::Abort), |hold| vec![hold]),
        ),
        WishJson::of("run", &commanded(Want::Run)),
    ]
}

impl WishJson {
    fn of(wish: &'static str, against: &[Hold]) -> Self {
        Self { wish, against: against.iter().map(HoldJson::from).collect() }
    }
}
