//! Elastic Container Service: clusters, task definitions, services and tasks, and the scheduler between them.
//!
//! Written from what AWS documents and what was observed of it, never from what a client expects. It sees the load
//! balancers and the registry of the same world and nothing else; time, chance and neighbours come in as a `Scene`.
//!
//! | subject | files |
//! |---|---|
//! | doors | operations, input, naming, paging, tags, choose |
//! | resources | state, cluster, task_definition, service, deployment, task, output, container_instance, capacity_providers, app |
//! | where tasks go | capacity, fargate, placement, zones, quota, daemon |
//! | calls | service_ops, service_view, task_view, service_deployments, run_task, start_task, token, task_ops, protection, exec |
//! | more calls | task_set, task_set_ops, service_kept, container_instance_ops, attributes, account_settings, task_definition_end |
//! | what happens by itself | timers, scheduler, census, completion, breaker, alarms, retire, launch, lifecycle, stopping, events |
//!
//! Events in the journal: `task.status` (from, to, desired, group, service, deployment; exit codes when STOPPED),
//! `task.told_to_stop` (stop code, reason), `task.images` (digests), `task.health`, `target.state`, `service.event`
//! (ECS's own words), `service.inactive`, `deployment.created`, `deployment.completed`, `deployment.failed`,
//! `deployment.rolled_back` (from, to).

mod account_settings;
mod alarms;
mod app;
mod attributes;
mod breaker;
mod capacity;
mod capacity_providers;
mod census;
mod choose;
mod cluster;
mod completion;
mod container_instance;
mod container_instance_ops;
mod daemon;
mod deployment;
mod events;
mod exec;
mod fargate;
mod input;
mod interfaces;
mod launch;
mod lifecycle;
mod look;
mod naming;
mod operations;
mod output;
mod paging;
mod placement;
mod protection;
mod quota;
mod retire;
mod run_task;
mod scheduler;
mod service;
mod service_deployments;
mod service_kept;
mod service_ops;
mod service_view;
mod shape;
mod start_task;
mod state;
mod stopping;
mod tags;
mod task;
mod task_definition;
mod task_definition_end;
mod task_definition_given;
mod task_ops;
mod task_set;
mod task_set_ops;
mod task_view;
mod timers;
mod token;
mod truth;
mod zones;

pub use app::App;
pub use interfaces::TaskInterface;
pub use output::LogLine;
pub use state::{Ecs, Scene};
