//! What can be asked, and the only reader of the environment (beside the AWS SDK's own settings).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::aws::budget::SHARE;
use crate::model::rollout::IdempotencyKey;
use crate::model::tags;
use crate::model::time::Span;

/// Keeps Amazon ECS services matching a service table, and ends every rollout with its task.
///
/// AWS is found by the standard settings: AWS_PROFILE, AWS_ENDPOINT_URL, credentials of every kind. The region and the
/// account are the table's.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What goes to stdout: text for people, or JSON for scripts (docs/output.md).
    #[arg(long, global = true, help_heading = "Everywhere", value_enum, default_value_t = Format::Text, env = "EVENKEEL_OUTPUT")]
    pub output: Format,
    /// When to use colour. NO_COLOR switches it off.
    #[arg(long, global = true, help_heading = "Everywhere", value_enum, default_value_t = When::Auto)]
    pub color: When,
    /// Switches colour off, by any value that is not empty (no-color.org).
    #[arg(long, env = "NO_COLOR", hide = true, global = true, num_args = 0..=1, default_missing_value = "1")]
    pub no_color: Option<String>,
    /// Which logs go to stderr, as `evenkeel=debug`; the AWS SDK's are left out unless they are asked for. Warnings, unless
    /// said otherwise, and a line for each step where a controller writes JSON.
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FILTER", env = "EVENKEEL_LOG")]
    pub log: Option<String>,
    /// How logs look.
    #[arg(long, global = true, help_heading = "Everywhere", value_enum, default_value_t = Format::Text, env = "EVENKEEL_LOG_FORMAT")]
    pub log_format: Format,
    /// An OpenTelemetry collector that gets the logs too, by OTLP over HTTP, as `http://127.0.0.1:4318`.
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp: Option<String>,
    /// How much faster than the wall clock AWS's time runs; only a simulator's does. 1, but 60 for `simulate`.
    #[arg(long, global = true, help_heading = "Everywhere", env = "EVENKEEL_SPEED", value_parser = speed)]
    pub speed: Option<f64>,
    /// What part of the calls that AWS lets an account make this process takes at most, from 0.01 to 1.
    #[arg(long, global = true, help_heading = "Everywhere", env = "EVENKEEL_AWS_SHARE", value_parser = share, default_value_t = SHARE)]
    pub aws_share: f64,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what would change and why, and what is held and why. Changes nothing.
    Plan(Tables),
    /// Makes AWS match the tables, their rollouts and their tasks included.
    Reconcile(Reconcile),
    /// Begins, shows and ends forced rollouts.
    #[command(subcommand)]
    Rollout(Rollout),
    /// Shows how a table stands: rows, conditions, rollout.
    Status(Table),
    /// Checks tables without asking AWS.
    Check(Tables),
    /// Prints the JSON Schema of tables.
    Schema,
    /// Makes a token for the HTTP API: prints it once, and the line for the file of --tokens.
    Token(Token),
    /// Runs the embedded AWS on a local port, with an account laid out for the tables.
    Simulate(Simulate),
    /// Shows the whole job on the embedded AWS: drift, a forced rollout, the deployment task.
    Demo(Demo),
}

/// Tables.
#[derive(Debug, Args)]
pub struct Tables {
    /// Service tables: files, or folders of *.yaml and *.yml.
    #[arg(required = true, value_name = "TABLE")]
    pub tables: Vec<PathBuf>,
}

/// One table.
#[derive(Debug, Args)]
pub struct Table {
    /// The service table.
    #[arg(value_name = "TABLE")]
    pub table: PathBuf,
}

/// `reconcile`.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Which tables.
    #[command(flatten)]
    pub tables: Tables,
    /// Ends when the tables are settled or cannot go on. Without it, tables are supervised until SIGTERM or SIGINT.
    #[arg(long)]
    pub once: bool,
    /// Makes one pass and does not wait for what it began.
    #[arg(long, conflicts_with = "timeout", requires = "once")]
    pub no_wait: bool,
    /// Shows the first pass's plan and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How long to wait, as 30m or 1h 30m.
    #[command(flatten)]
    pub timeout: Timeout,
    /// Without --once: how often the files of tables, tokens and certificates are read again, as 5s or 500ms.
    #[arg(long, default_value = "5s", value_parser = often, value_name = "SPAN", env = "EVENKEEL_RELOAD")]
    pub reload: Duration,
    /// What the controller shows to others.
    #[command(flatten)]
    pub listen: Listen,
}

/// The HTTP API of a controller.
#[derive(Debug, Default, Args)]
pub struct Listen {
    /// Serves the HTTP API and the page here, as 127.0.0.1:8080; not with --once. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", env = "EVENKEEL_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Who may ask: lines that `evenkeel token` prints. Without it, only this machine, and only to look.
    #[arg(long, value_name = "FILE", env = "EVENKEEL_TOKENS")]
    pub tokens: Option<PathBuf>,
    /// Speaks TLS: the certificate chain, in PEM, the server's own first. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "EVENKEEL_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "EVENKEEL_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
}

/// `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// Whose it is; told with everything that is done with it.
    #[arg(long)]
    pub name: String,
    /// What it is good for.
    #[arg(long, value_enum)]
    pub role: RoleGiven,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleGiven {
    /// Looking.
    Read,
    /// Looking, and beginning and ending rollouts.
    Operate,
}

impl Cli {
    /// What is asked by the command line and the environment. What cannot be understood ends the process.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let cli = unserved(&matches).and_then(|()| Self::from_arg_matches(&matches));
        cli.unwrap_or_else(|error| error.exit())
    }
}

/// Refuses what was typed for a server that is not asked for; the environment may be meant for another command.
fn unserved(matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some(given) = matches.subcommand_matches("reconcile") else { return Ok(()) };
    let options =
        [("tokens", "--tokens"), ("tls_cert", "--tls-cert"), ("tls_key", "--tls-key"), ("listen", "--listen")];
    let typed = options.iter().find(|(id, _)| given.value_source(id) == Some(ValueSource::CommandLine));
    let Some((_, option)) = typed else { return Ok(()) };
    if !given.contains_id("listen") {
        let why = format!("{option} is of no use without --listen, which serves the HTTP API");
        return Err(Cli::command().error(ErrorKind::MissingRequiredArgument, why));
    }
    if given.get_flag("once") || given.get_flag("dry_run") {
        let why = format!("{option} is of no use with --once or --dry-run: what ends by itself serves no HTTP API");
        return Err(Cli::command().error(ErrorKind::ArgumentConflict, why));
    }
    Ok(())
}

impl Reconcile {
    /// Whether it comes to an end by itself.
    pub fn ends(&self) -> bool {
        self.once || self.dry_run
    }
}

/// How long to wait.
#[derive(Clone, Copy, Debug, Args)]
pub struct Timeout {
    /// How long to wait, as 30m or 1h 30m.
    #[arg(long, default_value = "30m", value_parser = span, value_name = "SPAN")]
    pub timeout: Span,
}

/// `rollout`.
#[derive(Debug, Subcommand)]
pub enum Rollout {
    /// Begins a forced rollout: durable first, then every row gets a new deployment.
    Start {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// Who asks, why, and under which key.
        #[command(flatten)]
        asked: Asked,
        /// Waits until the deployment task has ended.
        #[arg(long)]
        wait: bool,
        /// How long to wait.
        #[command(flatten)]
        timeout: Timeout,
    },
    /// Runs the deployment task again after it failed or nobody knows, once the gate has held again.
    Retry {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// Who wants it.
        #[command(flatten)]
        given: Given,
        /// Waits until the deployment task has ended.
        #[arg(long)]
        wait: bool,
        /// How long to wait.
        #[command(flatten)]
        timeout: Timeout,
    },
    /// Says how a rollout ended of which nobody knows.
    Resolve {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// How the deployment task ended.
        #[arg(long = "as", value_enum, value_name = "END")]
        told: EndTold,
        /// Who says so.
        #[command(flatten)]
        given: Signed,
        /// Waits until the table is settled.
        #[arg(long)]
        wait: bool,
        /// How long to wait.
        #[command(flatten)]
        timeout: Timeout,
    },
    /// Takes an open rollout back where it is still going; its deployment task does not run. Or withdraws a request that waits.
    Abort {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// Who wants it.
        #[command(flatten)]
        given: Signed,
        /// Waits until the table is settled.
        #[arg(long)]
        wait: bool,
        /// How long to wait.
        #[command(flatten)]
        timeout: Timeout,
    },
    /// Runs the deployment task once more after a rollout that has ended, through the same gate, without a new deployment.
    Run {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// The task row that is meant; a table has one at most.
        #[arg(long, value_name = "ROW")]
        row: Option<String>,
        /// Who wants it.
        #[command(flatten)]
        given: Signed,
        /// Giving it again under the same key is the same command: the task runs once for it.
        #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
        idempotency_key: Option<IdempotencyKey>,
        /// Waits until the deployment task has ended.
        #[arg(long)]
        wait: bool,
        /// How long to wait.
        #[command(flatten)]
        timeout: Timeout,
    },
    /// Shows the last rollouts: what began them, how they ended, and who said so.
    History {
        /// Which table.
        #[command(flatten)]
        table: Table,
    },
    /// Shows where the newest rollout stands, and what its task is waiting for.
    Status {
        /// Which table.
        #[command(flatten)]
        table: Table,
        /// Goes on until the rollout has ended. Only looks: somebody else has to supervise it.
        #[arg(long)]
        watch: bool,
        /// How long to watch.
        #[command(flatten)]
        timeout: Timeout,
    },
}

/// Who asks for a rollout, why, and under which key.
#[derive(Clone, Debug, Default, Args)]
pub struct Asked {
    /// Who asks, for those who look later; kept in a tag.
    #[arg(long, value_name = "NAME", value_parser = tellable)]
    pub by: Option<String>,
    /// Why, for those who look later; kept in a tag.
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Asking again under the same key is the same wish: it begins nothing if it was asked for before.
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
    pub idempotency_key: Option<IdempotencyKey>,
    /// What the image was built from, for Foursight's page.
    #[command(flatten)]
    pub build: BuiltFrom,
}

/// What an image was built from. It goes into Foursight's tags, where the cluster carries them.
#[derive(Clone, Debug, Default, Args)]
pub struct BuiltFrom {
    /// The repository that the image was built from, for Foursight's page.
    #[arg(long, value_name = "URL", value_parser = tellable)]
    pub repo: Option<String>,
    /// The commit that the image was built from, for Foursight's page.
    #[arg(long, value_name = "COMMIT", value_parser = tellable)]
    pub commit: Option<String>,
    /// The branch that the image was built from, for Foursight's page.
    #[arg(long, value_name = "BRANCH", value_parser = tellable)]
    pub branch: Option<String>,
}

/// Who gives a command, and why; both may be left out.
#[derive(Clone, Debug, Args)]
pub struct Given {
    /// Who, for those who look later; kept in a tag.
    #[arg(long, value_name = "NAME", value_parser = tellable)]
    pub by: Option<String>,
    /// Why, for those who look later; kept in a tag.
    #[arg(long, value_name = "TEXT", value_parser = tellable)]
    pub reason: Option<String>,
}

/// Who gives a command, and why; neither may be left out.
#[derive(Clone, Debug, Args)]
pub struct Signed {
    /// Who, for those who look later; kept in a tag.
    #[arg(long, value_name = "NAME", value_parser = tellable)]
    pub by: String,
    /// Why, for those who look later; kept in a tag.
    #[arg(long, value_name = "TEXT", value_parser = tellable)]
    pub reason: String,
}

/// How a person says that the deployment task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EndTold {
    /// It has done its work.
    Succeeded,
    /// It has not.
    Failed,
}

/// `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Service tables to lay an account out for; without one, CGAP's.
    #[arg(value_name = "TABLE")]
    pub tables: Vec<PathBuf>,
    /// Where to listen. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:4566")]
    pub listen: SocketAddr,
    /// Everything that is left to chance follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How the account begins.
    #[arg(long, value_enum, default_value_t = Begin::Template)]
    pub start: Begin,
    /// A story that begins with the simulator: a JSON file of timed actions, as in specs/scenarios.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Limits calls as AWS does, by the token buckets that it publishes.
    #[arg(long)]
    pub throttle: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The table; without one, CGAP's.
    #[arg(value_name = "TABLE")]
    pub table: Option<PathBuf>,
    /// Everything that is left to chance follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Tells a story instead (specs/scenarios/), on an account that is as the table states.
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Does not slow down for a person to watch.
    #[arg(long)]
    pub fast: bool,
}

/// Text or JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a simulated account begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Begin {
    /// As CGAP's stack template makes it, which differs from the users' table.
    Template,
    /// As the table states it.
    Stated,
    /// With nothing in it.
    Empty,
}

fn span(text: &str) -> Result<Span, String> {
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| "write it as 30m, 90s or 1h 30m".to_owned())?;
    let millis = i64::try_from(parsed.as_millis()).map_err(|_| "that is too long".to_owned())?;
    if millis <= 0 { Err("it must be longer than nothing".to_owned()) } else { Ok(Span::from_millis(millis)) }
}

fn often(text: &str) -> Result<Duration, String> {
    let often = span(text)?.as_duration();
    let (least, most) = (Duration::from_millis(10), Duration::from_secs(3600));
    if (least..=most).contains(&often) { Ok(often) } else { Err("it must be between 10ms and 1h".to_owned()) }
}

/// Words of which a tag can hold something.
fn tellable(text: &str) -> Result<String, String> {
    match tags::free(text, tags::LONGEST).as_str() {
        "" => Err("write it in letters or digits: a tag cannot hold anything of this".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "write a number, as 0.5".to_owned())?;
    if (0.01..=1.0).contains(&share) { Ok(share) } else { Err("it must be between 0.01 and 1".to_owned()) }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "write a number, as 60".to_owned())?;
    if (0.01..=100_000.0).contains(&speed) { Ok(speed) } else { Err("it must be between 0.01 and 100000".to_owned()) }
}
