//! `evenkeel simulate`: the embedded AWS on a local port.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use crate::lab::layout::{Start, lay_out};
use crate::model::row::ServiceTable;
use crate::simulator::knobs::Throttling;
use crate::simulator::scenario::Scenario;
use crate::simulator::wire::{SpeedClock, serve};
use crate::simulator::world::{Config, Simulator};

use super::args::{Begin, Simulate};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// Twelve virtual minutes, a whole rollout, take twelve seconds.
pub(super) const SPEED: f64 = 60.0;

/// Serves until it is interrupted.
pub(super) async fn simulate(
    output: &Output,
    args: &Simulate,
    tables: &[ServiceTable],
    speed: f64,
) -> Result<Exit, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::input(format!("{} is not a loopback address", args.listen))
            .hint("the simulator has no guard of its own; listen on 127.0.0.1 or [::1]"));
    }
    let (account, region) = one_place(tables)?;
    let mut simulator =
        Simulator::new(Config { account, region: region.clone(), seed: args.seed, ..Config::default() });
    let start = match args.start {
        Begin::Template => Some(Start::Template),
        Begin::Stated => Some(Start::Stated),
        Begin::Empty => None,
    };
    if let Some(start) = start {
        lay_out(&mut simulator, tables, start)
            .map_err(|error| Failure::input(format!("the tables cannot be laid out: {}", error.message)))?;
    } else {
        // Whoever begins with nothing brings a suite that asks for a task in the same moment in which it ran it.
        simulator.knobs_mut().visible_after_ms = 0;
    }
    if args.throttle {
        simulator.knobs_mut().throttling = Throttling::Published;
    }
    if let Some(path) = &args.scenario {
        let scenario = scenario(path)?;
        output.say(&format!("scenario: {}", scenario.story));
        simulator.play(&scenario);
    }
    let clock = SpeedClock::new(simulator.now(), speed);
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::of(&error).hint(format!("{} may be taken; choose another with --listen", args.listen))
    })?;
    let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
    output.say(&format!(
        "simulating AWS on http://{address}, {speed} times as fast as the wall clock (--speed 1 to read along); try it with"
    ));
    output.text(&format!(
        "export AWS_ENDPOINT_URL=http://{address} AWS_REGION={region} AWS_DEFAULT_REGION={region} \
         AWS_ACCESS_KEY_ID=sim AWS_SECRET_ACCESS_KEY=sim EVENKEEL_SPEED={speed}"
    ));
    serve(listener, Arc::new(Mutex::new(simulator)), Arc::new(clock)).await.map_err(|error| Failure::of(&error))?;
    Ok(Exit::Done)
}

/// Reads a scenario's file.
pub(super) fn scenario(path: &Path) -> Result<Scenario, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| Failure::input(format!("{name}: {error}")))?;
    Scenario::read(&name, &text).map_err(|error| Failure::input(error.to_string()))
}

/// One simulator is one account in one region.
fn one_place(tables: &[ServiceTable]) -> Result<(String, String), Failure> {
    let mut places = tables.iter().map(|table| (table.account.to_string(), table.region.to_string()));
    let first = places.next().ok_or_else(|| Failure::input("no table"))?;
    match places.find(|place| *place != first) {
        None => Ok(first),
        Some(other) => Err(Failure::input(format!("the tables are about {first:?} and {other:?}"))
            .hint("one simulator is one account in one region; start one for each")),
    }
}
