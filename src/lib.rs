//! evenkeel keeps Amazon ECS services matching a declarative service table, and ends every rollout with its task.

pub mod api;
pub mod aws;
pub mod cli;
pub mod controller;
pub mod lab;
pub mod model;
pub mod plan;
pub mod reconcile;
pub mod report;
pub mod simulator;
pub mod table;
pub mod telemetry;
