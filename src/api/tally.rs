//! Counts what is asked and what is answered, for `/metrics`.
//!
//! By the paths that exist, the methods that mean something and the reasons there are: what clients send cannot make it
//! grow. Only grows, and starts from nothing with each server; what is open now is `seats`'.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::Response;
use http::{Method, StatusCode};

use crate::model::served::{Answered, Served};

use super::endpoint::Endpoint;
use super::problem::Reason;

/// What was neither looked for nor named here.
const OTHER: &str = "other";

/// Counters.
#[derive(Debug)]
pub(super) struct Tally(Mutex<Served>);

impl Tally {
    /// Counters that stand at nothing. A series that begins at one shows no increase, so reasons are there before.
    pub(super) fn new() -> Self {
        let problems = Reason::ALL.iter().map(|reason| (reason.said().0, 0)).collect();
        Self(Mutex::new(Served { problems, ..Served::default() }))
    }

    /// A request was answered after so long, by the endpoint and with the problem that the response carries.
    pub(super) fn answered(&self, method: &Method, response: &Response, took: Duration) {
        let path = response.extensions().get::<Endpoint>().map_or(OTHER, |endpoint| endpoint.place().1);
        let (method, status) = (name(method), class(response.status()));
        let mut served = self.lock();
        *served.requests.entry(Answered { path, method, status }).or_default() += 1;
        served.lasted.entry(method).or_default().add(took);
        drop(served);
        if let Some(reason) = response.extensions().get::<Reason>() {
            self.told(*reason);
        }
    }

    /// A problem was told, or would have been where there was no room even for that.
    pub(super) fn told(&self, reason: Reason) {
        *self.lock().problems.entry(reason.said().0).or_default() += 1;
    }

    /// What was counted so far.
    pub(super) fn so_far(&self) -> Served {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A method that some path has. The others are what a client likes.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => OTHER,
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
