//! Parse, run, exit code.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use evenkeel::cli::args::Cli;
use evenkeel::model::time::Timestamp;

fn main() -> ExitCode {
    let cli = Cli::read();
    ExitCode::from(evenkeel::cli::run(&cli, now()).code())
}

#[expect(clippy::disallowed_methods, reason = "the one door through which local time comes in")]
fn now() -> Timestamp {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}
