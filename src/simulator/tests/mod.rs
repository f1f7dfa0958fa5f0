//! Claims about the simulated ECS, each against what AWS documents or what was observed of it.

mod bench;
mod layout;
mod reading;
mod rolling;
mod rolling_failures;
mod run_task;
mod seen;
mod soak;
mod traces;
