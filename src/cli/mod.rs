//! The command line: what was asked, where it goes, and how it ended.
//!
//! One file per subcommand. `args` is the only reader of the environment, `output` the only printer.

pub mod args;
mod command;
pub mod exit;

mod context;
mod controller;
mod demo;
mod demo_scenario;
mod failure;
mod file;
mod listen;
mod output;
mod plan;
mod reconcile;
mod rollout;
mod run;
mod schema;
mod simulate;
mod sources;
mod status;
mod tables;
mod talk;
mod teller;
mod token;
mod watch;
mod window;

pub use run::run;
