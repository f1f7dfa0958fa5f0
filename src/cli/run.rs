//! Runs a command, and says how it ended. Interrupting is always safe: what was begun stands on AWS.

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::aws::Meter;
use crate::model::time::Timestamp;

use super::args::{Cli, Command, Format};
use super::context::{Context, Place};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::{controller, demo, listen, plan, reconcile, rollout, schema, simulate, status, tables, token};

/// Runs what was asked. `started` is the local time.
pub fn run(cli: &Cli, started: Timestamp) -> Exit {
    let output = Output::of(cli);
    log(cli);
    match attempt(cli, &output, started) {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit
        }
    }
}

fn attempt(cli: &Cli, output: &Output, started: Timestamp) -> Result<Exit, Failure> {
    let meter = Meter::default();
    let context = Context {
        output: *output,
        place: Place::Settings,
        meter: &meter,
        speed: cli.speed.unwrap_or(1.0),
        started,
        pause: std::time::Duration::ZERO,
        window: None,
    };
    match &cli.command {
        Command::Schema => Ok(schema::schema(output)),
        Command::Token(args) => token::token(output, args),
        Command::Check(args) => Ok(schema::check(output, &tables::load(output, &args.tables)?)),
        Command::Plan(args) => {
            let tables = tables::load(output, &args.tables)?;
            runtime(output)?.block_on(interruptible(output, async { Ok(plan::plan(&context, &tables).await) }))
        }
        Command::Reconcile(args) if !args.ends() => {
            // Problems of tables end it before anything has begun; later they are told, and what was stays in force.
            tables::load(output, &args.tables.tables)?;
            let files = tables::snapshot(&args.tables.tables).unwrap_or_default();
            let listening = listen::bind(output, &args.listen)?;
            let work =
                async { match controller::controller(&context, &args.tables.tables, files, listening).await? {} };
            let ended = runtime(output)?.block_on(until_interrupted(work));
            output.say("ended; what was begun stands on AWS, and the next process goes on from there");
            ended
        }
        Command::Reconcile(args) => {
            let tables = tables::load(output, &args.tables.tables)?;
            let work = async { Ok(reconcile::reconcile(&context, args, &tables).await) };
            runtime(output)?.block_on(interruptible(output, work))
        }
        Command::Rollout(command) => {
            let table = tables::load_one(output, rollout::table_of(command))?;
            runtime(output)?.block_on(interruptible(output, rollout::rollout(&context, command, &table)))
        }
        Command::Status(args) => {
            let table = tables::load_one(output, &args.table)?;
            runtime(output)?.block_on(interruptible(output, async { Ok(status::status(&context, &table).await) }))
        }
        Command::Simulate(args) => {
            let tables = match args.tables.as_slice() {
                [] => tables::read(output, &[tables::CGAP])?,
                named => tables::load(output, named)?,
            };
            let speed = cli.speed.unwrap_or(simulate::SPEED);
            let work = simulate::simulate(output, args, &tables, speed);
            runtime(output)?.block_on(until_interrupted(work))
        }
        Command::Demo(args) => {
            let table = match &args.table {
                None => tables::read(output, &[tables::CGAP])?.into_iter().next(),
                Some(path) => Some(tables::load_one(output, path)?),
            };
            let table = table.ok_or_else(|| Failure::input("no table"))?;
            // The demo's time is virtual: a paused clock jumps to whatever comes next.
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
            let runtime = runtime.map_err(|error| Failure::of(&error))?;
            runtime.block_on(demo::demo(*output, args, table))
        }
    }
}

fn runtime(output: &Output) -> Result<Runtime, Failure> {
    tracing::debug!(format = ?output.format, "runtime starts");
    Builder::new_current_thread().enable_all().build().map_err(|error| Failure::of(&error))
}

/// Work that ends at once, and safely, on SIGINT or SIGTERM.
async fn interruptible(output: &Output, work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        ended = work => ended,
        () = signals.any() => {
            output.say("interrupted; what was begun stands on AWS, and the next run goes on from there");
            Ok(Exit::Interrupted)
        }
    }
}

/// Work whose proper end is being interrupted.
async fn until_interrupted(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        ended = work => ended,
        () = signals.any() => Ok(Exit::Done),
    }
}

/// SIGINT and SIGTERM, heard from the moment at which this is made, before any work begins.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let heard = |kind| signal(kind).map_err(|error| Failure::of(&error));
        Ok(Self { interrupt: heard(SignalKind::interrupt())?, terminate: heard(SignalKind::terminate())? })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn log(cli: &Cli) {
    let filter = tracing_subscriber::EnvFilter::new(&cli.log);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call in one process (tests) keeps the first logger.
    let _ = match cli.log_format {
        Format::Text => subscriber.with_ansi(false).try_init(),
        Format::Json => subscriber.json().try_init(),
    };
}
