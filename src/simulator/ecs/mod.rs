//! Elastic Container Service: clusters, task definitions, services and tasks, and the scheduler between them.
//!
//! Written from what AWS documents and what was observed of it, never from what a client expects. It sees the load
//! balancers and the registry of the same world and nothing else; time, chance and neighbours come in as a `Scene`.
//!
//! | subject | files |
//! |---|---|
//! | doors | operations, input, paging, tags, choose |
//! | resources | state, cluster, task_definition, service, deployment, task, capacity, fargate, app |
//! | calls | service_ops, service_view, service_deployments, run_task, token, task_ops |
//! | what happens by itself | timers, scheduler, census, completion, breaker, retire, launch, lifecycle, stopping, events |
//!
//! Events in the journal: `task.status` (from, to, desired, group, service, deployment; exit codes when STOPPED),
//! `task.told_to_stop` (stop code, reason), `task.images` (digests), `task.health`, `target.state`, `service.event`
//! (ECS's own words), `service.inactive`, `deployment.created`, `deployment.completed`, `deployment.failed`,
//! `deployment.rolled_back` (from, to).

mod app;
mod breaker;
mod capacity;
mod census;
mod choose;
mod cluster;
mod completion;
mod deployment;
mod events;
mod fargate;
mod input;
mod interfaces;
mod launch;
mod lifecycle;
mod operations;
mod paging;
mod retire;
mod run_task;
mod scheduler;
mod service;
mod service_deployments;
mod service_ops;
mod service_view;
mod shape;
mod state;
mod stopping;
mod tags;
mod task;
mod task_definition;
mod task_ops;
mod timers;
mod token;
mod truth;

pub use app::App;
pub use interfaces::TaskInterface;
pub use state::{Ecs, Scene};
