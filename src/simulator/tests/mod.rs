//! Claims about the simulated ECS, each against what AWS documents or what was observed of it.

mod bench;
mod instances;
mod layout;
mod reading;
mod rolling;
mod rolling_failures;
mod run_task;
mod soak;
