//! What a large account costs: 500 clusters, 5,000 services and 20,000 tasks on one controller, on virtual time.
//!
//! Prints calls of AWS by operation, beside what half of its bucket gives; what a controller of its own takes of resident
//! memory, with the embedded AWS in another process; and how long the launch of a rollout came after its last old task,
//! over many seeds. Nothing is judged here.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it counted")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use evenkeel::controller::handle::{Handle, door};
use evenkeel::controller::reload::{File, Tables};
use evenkeel::controller::request::accept;
use evenkeel::controller::run::run;
use evenkeel::controller::settle::{Until, settle_from};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::model::traffic::attempts;
use evenkeel::reconcile::pass::{Mode, PassReport, Verdict};
use evenkeel::simulator::knobs::Throttling;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::time::{Duration, sleep};

const CLUSTERS: usize = 500;
const SERVICES: usize = 10;
const TASKS: usize = 4;

fn main() {
    let runtime = || Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime().block_on(fleet());
    // Processes run on the wall clock.
    let patient = Builder::new_current_thread().enable_time().build().expect("a runtime");
    patient.block_on(memory()).expect("the program runs");
    runtime().block_on(launches());
}

/// A controller as a process of its own, sixty times as fast as the wall clock.
async fn memory() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fleet");
    fs::create_dir_all(&folder)?;
    for number in 0..CLUSTERS {
        fs::write(folder.join(format!("{number}.yaml")), text(number))?;
    }
    let program = || Command::new(env!("CARGO_BIN_EXE_evenkeel"));
    let mut aws = program();
    aws.args(["simulate", "--start", "stated", "--throttle", "--listen", "127.0.0.1:0"]).arg(&folder);
    let mut aws = Ended(aws.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let mut said = String::new();
    BufReader::new(aws.0.stdout.take().expect("it is piped")).read_line(&mut said)?;
    let settings = said.trim().trim_start_matches("export ").split(' ').filter_map(|pair| pair.split_once('='));
    let mut controller = program();
    controller.envs(settings).arg("reconcile").arg(&folder).stdout(Stdio::null()).stderr(Stdio::null());
    let controller = Ended(controller.spawn()?);
    println!("resident memory of a controller of all of them, every twenty minutes:");
    for _ in 0..4 {
        sleep(Duration::from_secs(20)).await;
        println!("  {} MiB, the embedded AWS {} MiB", resident(controller.0.id()) / 1024, resident(aws.0.id()) / 1024);
    }
    Ok(())
}

/// A process that does not outlive this one.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let Self(process) = self;
        // One that has ended already is what is wanted.
        let _ = process.kill();
        let _ = process.wait();
    }
}

async fn fleet() {
    let texts: BTreeMap<String, String> =
        (0..CLUSTERS).map(|number| (format!("{number}.yaml"), text(number))).collect();
    let tables: Vec<ServiceTable> = texts.iter().map(|(name, text)| read(name, text)).collect();
    let lab = Lab::with_others(tables[0].clone(), &tables[1..], Start::Stated, 1).expect("the tables can be laid out");
    lab.world().knobs_mut().throttling = Throttling::Published;
    // Nobody reads it, and it would be most of the memory.
    lab.world().keep_journal(Some(0));
    lab.wait(Span::minutes(10)).await;
    let files: BTreeMap<String, File> =
        texts.into_iter().map(|(name, text)| (name, File::Read(text.into_bytes()))).collect();
    let mut loaded = Tables::default();
    loaded.reload(files.clone());
    let aws = lab.aws();
    let (handle, door) = door();
    let watching = watch(&lab, &handle);
    let running = run(async |_| aws.clone(), || files.clone(), loaded, lab.pacing(), door, |_| {});
    tokio::select! {
        () = watching => {}
        never = running => match never {},
    }
}

async fn watch(lab: &Lab, handle: &Handle) {
    println!("{CLUSTERS} clusters, {} services, {} tasks", CLUSTERS * SERVICES, CLUSTERS * SERVICES * TASKS);
    let mut minutes = 0;
    while !has_converged(handle) && minutes < 60 {
        lab.wait(Span::minutes(1)).await;
        minutes += 1;
    }
    println!("every table converged after {minutes} minutes, {} calls", attempts(&handle.traffic()));
    let at_rest = handle.traffic();
    lab.wait(Span::minutes(20)).await;
    println!("at rest, calls a second over twenty minutes (whole looks among them):");
    for (operation, counts) in &handle.traffic() {
        let made = counts.attempts - at_rest.get(operation).map_or(0, |before| before.attempts);
        println!("  {operation:<48} {:>7.3}   throttled {}", rate(made), counts.throttled);
    }
}

fn rate(calls: u64) -> f64 {
    u32::try_from(calls).map_or(f64::INFINITY, f64::from) / 1200.0
}

/// Whether every table was looked at, and none wants anything.
fn has_converged(handle: &Handle) -> bool {
    let tables = handle.tables();
    let converged = |report: &Arc<PassReport>| report.verdict() == Verdict::Converged;
    tables.len() == CLUSTERS && tables.iter().all(|view| view.report.as_ref().is_some_and(converged))
}

/// Rollouts of the users' table over many seeds.
async fn launches() {
    let mut late = Vec::new();
    let mut calls = Vec::new();
    for seed in 1..=51 {
        let (after, made) = rollout(seed).await;
        late.push(after);
        calls.push(made);
    }
    late.sort_unstable();
    calls.sort_unstable();
    let (middle, last) = (late.len() / 2, late.len() - 1);
    println!("51 rollouts of the users' table, from the first UpdateService until settled:");
    println!("  calls of AWS: {} at the median, {} at most", calls[middle], calls[last]);
    println!(
        "  RunTask after the last old task was STOPPED and the settle time over: {} ms, {} ms",
        late[middle], late[last]
    );
}

async fn rollout(seed: u64) -> (i64, usize) {
    let table = read("specs/cgap.yaml", include_str!("../specs/cgap.yaml"));
    let lab = Lab::new(table, Start::Stated, seed).expect("the users' table can be laid out");
    lab.settle(Until::Settled, |_| {}).await;
    let (aws, pacing) = (lab.aws(), lab.pacing());
    let asked = accept(&aws, &lab.table, &Default::default(), lab.now()).await.expect("the request is accepted");
    let from = lab.journal().len();
    settle_from(asked.history, &aws, &lab.table, Mode::Act, Until::Settled, pacing, |_| {}).await;
    let journal = lab.journal().split_off(from);
    let kick = journal.iter().position(|line| line["operation"] == "UpdateService").expect("rows are kicked");
    let run = journal.iter().find(|line| line["operation"] == "RunTask").map(millis).expect("the task is run");
    let ends = journal.iter().filter(|line| line["event"] == "task.status" && line["to"] == "STOPPED").map(millis);
    let last = ends.filter(|at| *at < run).max().expect("old tasks stop");
    let calls = journal[kick..].iter().filter(|line| line["type"] == "api").count();
    (run - last - lab.table.policy.settle.millis(), calls)
}

fn millis(line: &Value) -> i64 {
    let at: jiff::Timestamp = line["time"].as_str().unwrap_or_default().parse().expect("the journal tells time");
    at.as_millisecond()
}

fn read(name: &str, text: &str) -> ServiceTable {
    evenkeel::table::read(name, text.as_bytes()).expect("the table is good")
}

fn text(number: usize) -> String {
    let mut text = format!(
        "apiVersion: evenkeel.dev/v1\nkind: ServiceTable\nmetadata: {{ name: fleet-{number} }}\nspec:\n  \
         account: \"123456789012\"\n  region: us-east-1\n  cluster: {{ name: fleet-{number} }}\n  rows:\n"
    );
    for service in 0..SERVICES {
        let name = format!("fleet-{number}-s{service}");
        text += &format!("    - name: s{service}\n      service: {{ name: {name} }}\n      count: {TASKS}\n");
    }
    text
}

/// Resident memory of a process, in KiB; 0 where there is no `/proc`.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or_default()
}
