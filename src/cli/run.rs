//! Runs a command, and says how it ended. Interrupting is always safe: what was begun stands on AWS.

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::aws::{Budgets, Meter};
use crate::model::time::Timestamp;
use crate::telemetry::otlp::Otlp;

use super::args::{Cli, Command, Format};
use super::context::{Context, Place};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Output};
use super::sources::Sources;
use super::talk::{self, Stderr};
use super::{controller, demo, listen, plan, reconcile, rollout, schema, simulate, status, tables, token};

/// Runs what was asked. `started` is the local time.
pub fn run(cli: &Cli, started: Timestamp) -> Exit {
    let mut output = Output::of(cli);
    if is_logged(cli) {
        output.manner = Manner::Logged;
    }
    let said = |failure: Failure| {
        output.failure(&failure);
        failure.exit
    };
    // Dropped last: it waits for the last words.
    let _aside = match runs_on(cli).then(talk::aside).transpose() {
        Ok(aside) => aside,
        Err(failure) => return said(failure),
    };
    let logged = match log(cli) {
        Ok(logged) => logged,
        Err(failure) => return said(failure),
    };
    let ended = attempt(cli, &output, started);
    drop(logged);
    ended.unwrap_or_else(said)
}

fn attempt(cli: &Cli, output: &Output, started: Timestamp) -> Result<Exit, Failure> {
    let speed = cli.speed.unwrap_or(1.0);
    let (meter, budgets) = (Meter::default(), Budgets::new(cli.aws_share, speed));
    let context = Context {
        output: *output,
        place: Place::Settings,
        meter: &meter,
        budgets: &budgets,
        speed,
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
            let (sources, files) = Sources::open(output, &args.tables.tables)?;
            // Signals are heard before the first word is said: who has read it may send one.
            let work = async {
                let listening = listen::bind(output, &args.listen, args.reload)?;
                match controller::controller(&context, sources, files, args.reload, listening).await? {}
            };
            let ended = runtime(output)?.block_on(until_interrupted(work));
            if ended.is_ok() {
                output.say("ended; what was begun stands on AWS, and the next process goes on from there");
            }
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

/// Whether stderr is a log and nothing else: of what runs on, and whose log a machine reads.
fn is_logged(cli: &Cli) -> bool {
    runs_on(cli) && cli.log_format == Format::Json
}

/// Whether it is a controller: what runs for months, in a container.
fn runs_on(cli: &Cli) -> bool {
    matches!(&cli.command, Command::Reconcile(args) if !args.ends())
}

/// Logs go to stderr, and to a collector where one is named; the last lines are sent when the answer is dropped.
fn log(cli: &Cli) -> Result<Option<Otlp>, Failure> {
    let otlp = match cli.otlp.as_deref() {
        Some(endpoint) => Some(Otlp::new(endpoint).map_err(|error| {
            let failure = Failure { exit: Exit::BadInput, ..Failure::of(&error) };
            failure.hint("--otlp and OTEL_EXPORTER_OTLP_ENDPOINT take an address as http://127.0.0.1:4318")
        })?),
        None => None,
    };
    // Where the log is all that there is, it has a line for each step.
    let usual = if is_logged(cli) { "evenkeel=info" } else { "evenkeel=warn" };
    let filter = || EnvFilter::new(cli.log.as_deref().unwrap_or(usual));
    let stderr = fmt::layer().with_writer(|| Stderr);
    let stderr = match cli.log_format {
        Format::Text => stderr.with_ansi(false).boxed(),
        Format::Json => stderr.json().boxed(),
    };
    // Other crates' lines stay here: sending makes some of them.
    let ours = FilterFn::new(|line| line.target().starts_with("evenkeel"));
    let sent = otlp.as_ref().map(|otlp| otlp.bridge().with_filter(filter()).with_filter(ours));
    // A second call in one process (tests) keeps the first logger.
    let _ = tracing_subscriber::registry().with(stderr.with_filter(filter())).with(sent).try_init();
    Ok(otlp)
}
