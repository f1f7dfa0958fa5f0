//! Judges a run by the simulator's journal: what was true in the world, event by event, whatever anybody believed.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel::lab::bench::Lab;
use serde_json::Value;

use super::seen;

/// What the journal tells, in the order in which it happened.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Runs of the deployment task: every task of its family that was ever made.
    pub(crate) runs: Vec<Run>,
    /// Writes of ours: operation and the resource's name.
    pub(crate) writes: Vec<String>,
    /// What must never happen and did.
    pub(crate) harms: Vec<String>,
    /// Retries that a person gave: each is one more run that is wanted.
    retries: BTreeSet<String>,
}

/// One task of the deployment task's family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) task: String,
    pub(crate) started_by: String,
    pub(crate) provider_calls: usize,
    pub(crate) reached_running: bool,
    pub(crate) stopped: bool,
}

/// The truth as the events tell it.
#[derive(Default)]
struct Truth {
    /// Tasks short of STOPPED: which service, which deployment.
    alive: BTreeMap<String, (String, String)>,
    /// Each service's PRIMARY deployment.
    primary: BTreeMap<String, String>,
    /// Targets that drain.
    draining: BTreeMap<String, String>,
}

pub(crate) const WRITES: [&str; 14] = [
    "UpdateService",
    "RunTask",
    "TagResource",
    "UntagResource",
    "RegisterTaskDefinition",
    "DeregisterTaskDefinition",
    "CreateService",
    "DeleteService",
    "StopTask",
    "StopServiceDeployment",
    "PutClusterCapacityProviders",
    "UpdateCluster",
    "CreateCluster",
    "RegisterTargets",
];

impl World {
    /// The world of a lab from its beginning; `begun` is what `begin` gave before anything happened.
    pub(crate) fn of(lab: &Lab, begun: &Value) -> Self {
        let lines = lab.journal();
        seen::keep(&lines);
        Self::told(&lines, begun, lab.laid_out.foreign_service.as_deref().unwrap_or_default())
    }

    /// The world as the lines of a journal tell it. Nobody may touch the service `foreign`, if it has a name.
    pub(crate) fn told(lines: &[Value], begun: &Value, foreign: &str) -> Self {
        let mut world = Self::default();
        let mut truth = Truth::begin(begun);
        for line in lines {
            world.read(line, &mut truth, foreign);
        }
        world.judge_attempts();
        world
    }

    /// Writes of ours after the first `seen` of them.
    pub(crate) fn writes_since(&self, seen: usize) -> &[String] {
        &self.writes[seen.min(self.writes.len())..]
    }

    fn read(&mut self, line: &Value, truth: &mut Truth, foreign: &str) {
        let ours = text(line, "client").starts_with("evenkeel");
        let operation = text(line, "operation");
        if ours && WRITES.contains(&operation) {
            self.writes.push(format!("{operation} {}", subject(line)));
            let values = line["input"]["tags"].as_array().into_iter().flatten().map(|tag| text(tag, "value"));
            self.retries.extend(
                values
                    .filter(|value| value.starts_with("do=retry ") || value.starts_with("do=run "))
                    .map(str::to_owned),
            );
            let input = line["input"].to_string();
            if !foreign.is_empty() && input.contains(foreign) {
                self.harms.push(format!("I8: {operation} on the foreign service: {input}"));
            }
            if operation == "RunTask" && input.to_lowercase().contains("initial") {
                self.harms.push(format!("I5: the initial deployment was run: {input}"));
            }
        }
        if operation == "DeleteService" {
            // Whatever is left of it is old.
            truth.primary.insert(subject(line), String::new());
        }
        match text(line, "event") {
            "deployment.created" => {
                truth.primary.insert(text(line, "service").to_owned(), text(line, "deployment").to_owned());
            }
            "deployment.rolled_back" => {
                truth.primary.insert(text(line, "service").to_owned(), text(line, "to").to_owned());
            }
            "target.state" => {
                let target = format!("{}:{}", text(line, "ip"), line["port"]);
                match text(line, "to") {
                    "draining" => drop(truth.draining.insert(target, text(line, "targetGroup").to_owned())),
                    _ => drop(truth.draining.remove(&target)),
                }
            }
            "task.status" => self.task(line, truth),
            _ => {}
        }
    }

    fn task(&mut self, line: &Value, truth: &mut Truth) {
        let (task, to) = (text(line, "task").to_owned(), text(line, "to"));
        let service = text(line, "service");
        if !service.is_empty() {
            match to {
                "STOPPED" => drop(truth.alive.remove(&task)),
                _ => drop(truth.alive.insert(task, (service.to_owned(), text(line, "deployment").to_owned()))),
            }
            return;
        }
        if !self.runs.iter().any(|run| run.task == task) {
            let started_by = text(line, "startedBy").to_owned();
            if started_by.starts_with("evenkeel/") {
                self.judge_launch(&started_by, truth);
            }
            let task = task.clone();
            self.runs.push(Run { task, started_by, provider_calls: 0, reached_running: false, stopped: false });
        }
        for run in self.runs.iter_mut().filter(|run| run.task == task) {
            run.reached_running |= to == "RUNNING";
            run.stopped |= to == "STOPPED";
        }
    }

    /// I1: of all attempts of one rollout, one reaches RUNNING at most, and one more for each retry or run that a person gave.
    fn judge_attempts(&mut self) {
        let mut ran: BTreeMap<&str, usize> = BTreeMap::new();
        for run in self.runs.iter().filter(|run| run.reached_running && run.started_by.starts_with("evenkeel/")) {
            let rollout = run.started_by.rsplit_once('/').map_or("", |(rollout, _)| rollout);
            *ran.entry(rollout).or_default() += 1;
        }
        let told = |rollout: &str| {
            let id = rollout.trim_start_matches("evenkeel/");
            self.retries.iter().filter(|command| command.contains(&format!("rollout={id} "))).count()
        };
        let twice = ran.into_iter().filter(|(rollout, times)| *times > 1 + told(rollout));
        let harms: Vec<String> = twice.map(|(rollout, times)| format!("I1: {rollout} ran {times} times")).collect();
        self.harms.extend(harms);
    }

    /// I2 and I3, at the instant at which a task of ours is made.
    fn judge_launch(&mut self, started_by: &str, truth: &Truth) {
        for (task, (service, deployment)) in &truth.alive {
            if truth.primary.get(service).is_some_and(|primary| primary != deployment) {
                self.harms.push(format!("I2: {started_by} while old task {task} of {service} is alive"));
            }
        }
        for target in truth.draining.keys() {
            self.harms.push(format!("I2: {started_by} while target {target} drains"));
        }
        if let Some(other) = self.runs.iter().find(|run| !run.stopped) {
            self.harms.push(format!("I3: {started_by} while {} is alive", other.task));
        }
    }
}

impl Truth {
    fn begin(world: &Value) -> Self {
        let mut truth = Self::default();
        for task in world["tasks"].as_array().into_iter().flatten() {
            let Some(service) = text(task, "group").strip_prefix("service:") else { continue };
            if text(task, "lastStatus") != "STOPPED" {
                let alive = (service.to_owned(), text(task, "startedBy").to_owned());
                truth.alive.insert(text(task, "taskArn").to_owned(), alive);
            }
        }
        for service in
            world["clusters"].as_array().into_iter().flatten().flat_map(|c| c["services"].as_array()).flatten()
        {
            let deployments = service["deployments"].as_array().into_iter().flatten();
            for primary in deployments.filter(|deployment| text(deployment, "status") == "PRIMARY") {
                truth.primary.insert(text(service, "serviceName").to_owned(), text(primary, "id").to_owned());
            }
        }
        truth
    }
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

fn subject(line: &Value) -> String {
    let input = &line["input"];
    let name = ["service", "taskDefinition", "family", "resourceArn"].iter().find_map(|key| input[*key].as_str());
    name.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}
