//! Every path and method that exists, in one list: the router is made of it, and so is the description of the API.
//!
//! A new endpoint is a new variant, and the build breaks wherever it is not thought of.

use http::Method;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    /// The page.
    Page,
    /// Whether the process runs.
    Live,
    /// Whether it is of use.
    Ready,
    /// Numbers for Prometheus.
    Metrics,
    /// All tables.
    Tables,
    /// One of them.
    Table,
    /// Its rollouts.
    Rollouts,
    /// One of them.
    Rollout,
    /// What happens.
    Events,
}

impl Endpoint {
    pub(super) const ALL: [Self; 9] = [
        Self::Page,
        Self::Live,
        Self::Ready,
        Self::Metrics,
        Self::Tables,
        Self::Table,
        Self::Rollouts,
        Self::Rollout,
        Self::Events,
    ];

    /// Its method and path.
    pub(super) fn place(self) -> (Method, &'static str) {
        match self {
            Self::Page => (Method::GET, "/"),
            Self::Live => (Method::GET, "/livez"),
            Self::Ready => (Method::GET, "/readyz"),
            Self::Metrics => (Method::GET, "/metrics"),
            Self::Tables => (Method::GET, "/v1/tables"),
            Self::Table => (Method::GET, "/v1/tables/{table}"),
            Self::Rollouts => (Method::GET, "/v1/tables/{table}/rollouts"),
            Self::Rollout => (Method::GET, "/v1/tables/{table}/rollouts/{rollout}"),
            Self::Events => (Method::GET, "/v1/events"),
        }
    }
}
