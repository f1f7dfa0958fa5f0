//! Claims about the simulated ECS, each against what AWS documents or what was observed of it.

mod alarms;
mod apps;
mod bench;
mod breaker;
mod images;
mod instances;
mod layout;
mod messages;
mod percents;
mod quotas;
mod reading;
mod rolling;
mod rolling_failures;
mod run_task;
mod seen;
mod soak;
mod traces;
mod zones;
