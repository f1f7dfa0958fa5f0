//! Every path and method that exists, in one list: the router is made of it, and so is the description of the API.
//!
//! A new endpoint is a new variant, and the build breaks wherever it is not thought of.

use http::Method;

use super::who::Access;
use super::wishes::Order;

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
    /// This list, described.
    Description,
    /// Who asks.
    Whoami,
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
    /// A rollout is wanted.
    Start,
    /// A command about the newest rollout.
    Command(Order),
    /// A command about this rollout.
    CommandAbout(Order),
    /// The deployment task is wanted, alone.
    Run,
}

impl Endpoint {
    pub(super) const ALL: [Self; 19] = [
        Self::Page,
        Self::Live,
        Self::Ready,
        Self::Metrics,
        Self::Description,
        Self::Whoami,
        Self::Tables,
        Self::Table,
        Self::Rollouts,
        Self::Start,
        Self::Rollout,
        Self::Command(Order::Retry),
        Self::Command(Order::Abort),
        Self::Command(Order::Resolve),
        Self::Run,
        Self::CommandAbout(Order::Retry),
        Self::CommandAbout(Order::Abort),
        Self::CommandAbout(Order::Resolve),
        Self::Events,
    ];

    /// Its method and path.
    pub(super) fn place(self) -> (Method, &'static str) {
        match self {
            Self::Page => (Method::GET, "/"),
            Self::Live => (Method::GET, "/livez"),
            Self::Ready => (Method::GET, "/readyz"),
            Self::Metrics => (Method::GET, "/metrics"),
            Self::Description => (Method::GET, "/openapi.json"),
            Self::Whoami => (Method::GET, "/v1/whoami"),
            Self::Tables => (Method::GET, "/v1/tables"),
            Self::Table => (Method::GET, "/v1/tables/{table}"),
            Self::Rollouts => (Method::GET, "/v1/tables/{table}/rollouts"),
            Self::Rollout => (Method::GET, "/v1/tables/{table}/rollouts/{rollout}"),
            Self::Events => (Method::GET, "/v1/events"),
            Self::Start => (Method::POST, "/v1/tables/{table}/rollouts"),
            Self::Run => (Method::POST, "/v1/tables/{table}/rows/{row}/run"),
            Self::Command(Order::Retry) => (Method::POST, "/v1/tables/{table}/rollouts/retry"),
            Self::Command(Order::Abort) => (Method::POST, "/v1/tables/{table}/rollouts/abort"),
            Self::Command(Order::Resolve) => (Method::POST, "/v1/tables/{table}/rollouts/resolve"),
            Self::CommandAbout(Order::Retry) => (Method::POST, "/v1/tables/{table}/rollouts/{rollout}/retry"),
            Self::CommandAbout(Order::Abort) => (Method::POST, "/v1/tables/{table}/rollouts/{rollout}/abort"),
            Self::CommandAbout(Order::Resolve) => (Method::POST, "/v1/tables/{table}/rollouts/{rollout}/resolve"),
        }
    }

    /// What it asks of whoever asks.
    pub(super) fn access(self) -> Access {
        match self {
            Self::Page | Self::Live | Self::Ready | Self::Description => Access::Open,
            Self::Metrics
            | Self::Whoami
            | Self::Tables
            | Self::Table
            | Self::Rollouts
            | Self::Rollout
            | Self::Events => Access::Read,
            Self::Start | Self::Command(_) | Self::CommandAbout(_) | Self::Run => Access::Operate,
        }
    }

    /// Whether it is answered however often it is asked: a load balancer that gets no answer here ends the process,
    /// and anybody behind the same balancer could bring that about.
    pub(super) fn is_probe(path: &str) -> bool {
        [Self::Live, Self::Ready].iter().any(|probe| probe.place().1 == path)
    }
}
