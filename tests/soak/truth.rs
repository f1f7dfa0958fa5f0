//! What is true of the simulated account, as its events tell it: tasks, deployments, targets.
//!
//! Knows no invariant and no controller.

use std::collections::BTreeMap;

use evenkeel::simulator::time::Time;
use serde_json::Value;

/// One task that was ever made.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) made: Time,
    pub(super) service: Option<String>,
    pub(super) deployment: String,
    pub(super) family: String,
    pub(super) started_by: String,
    pub(super) ran: bool,
    pub(super) stopped: Option<Time>,
    pub(super) stop_code: String,
    pub(super) exit_codes: Vec<Option<i64>>,
    /// Whether it writes what is asked of its log.
    pub(super) log_is_good: bool,
}

/// Everything that was ever true.
#[derive(Default, Debug)]
pub(super) struct Truth {
    pub(super) tasks: BTreeMap<String, Task>,
    /// The tasks short of STOPPED, so that nobody has to look at all of them.
    pub(super) alive: std::collections::BTreeSet<String>,
    /// For each service: which deployment was PRIMARY from when on.
    pub(super) primaries: BTreeMap<String, Vec<(Time, String)>>,
    /// Targets that drain, with the moment at which that began.
    pub(super) draining: BTreeMap<String, Time>,
    /// Whether deployment tasks that start now write what is asked of their log.
    pub(super) log_is_good: bool,
}

impl Truth {
    /// The account before anything happens, as `world_json` shows it.
    pub(super) fn begin(world: &Value, now: Time) -> Self {
        let mut truth = Self::default();
        for task in world["tasks"].as_array().into_iter().flatten() {
            let service = text(task, "group").strip_prefix("service:").map(str::to_owned);
            let mut known = Task::new(now, text(task, "startedBy"), service);
            known.deployment = text(task, "startedBy").to_owned();
            known.stopped = (text(task, "lastStatus") == "STOPPED").then_some(now);
            if known.stopped.is_none() {
                truth.alive.insert(text(task, "taskArn").to_owned());
            }
            truth.tasks.insert(text(task, "taskArn").to_owned(), known);
        }
        let clusters = world["clusters"].as_array().into_iter().flatten();
        for service in clusters.flat_map(|cluster| cluster["services"].as_array()).flatten() {
            let deployments = service["deployments"].as_array().into_iter().flatten();
            for primary in deployments.filter(|deployment| text(deployment, "status") == "PRIMARY") {
                truth.is_primary(text(service, "serviceName"), text(primary, "id"), Time(0));
            }
        }
        truth
    }

    /// Takes in one event.
    pub(super) fn hear(&mut self, now: Time, kind: &str, event: &Value) {
        match kind {
            "deployment.created" => self.is_primary(text(event, "service"), text(event, "deployment"), now),
            "deployment.rolled_back" => self.is_primary(text(event, "service"), text(event, "to"), now),
            "target.state" => {
                let target = format!("{} {}:{}", text(event, "targetGroup"), text(event, "ip"), event["port"]);
                match text(event, "to") {
                    "draining" => drop(self.draining.insert(target, now)),
                    _ => drop(self.draining.remove(&target)),
                }
            }
            "task.status" => self.task(now, event),
            _ => {}
        }
    }

    fn task(&mut self, now: Time, event: &Value) {
        let service = event["service"].as_str().map(str::to_owned);
        let arn = text(event, "task");
        let log_is_good = self.log_is_good;
        let task =
            self.tasks.entry(arn.to_owned()).or_insert_with(|| Task::new(now, text(event, "startedBy"), service));
        text(event, "family").clone_into(&mut task.family);
        text(event, "deployment").clone_into(&mut task.deployment);
        match text(event, "to") {
            "RUNNING" => (task.ran, task.log_is_good) = (true, log_is_good),
            "STOPPED" => {
                task.stopped = Some(now);
                text(event, "stopCode").clone_into(&mut task.stop_code);
                let codes = event["exitCodes"].as_array().into_iter().flatten();
                task.exit_codes = codes.map(|code| code["exitCode"].as_i64()).collect();
            }
            _ => {}
        }
        match task.stopped {
            Some(_) => self.alive.remove(arn),
            None => self.alive.insert(arn.to_owned()),
        };
    }

    fn is_primary(&mut self, service: &str, deployment: &str, now: Time) {
        self.primaries.entry(service.to_owned()).or_default().push((now, deployment.to_owned()));
    }

    /// Tasks short of STOPPED.
    pub(super) fn alive(&self) -> impl Iterator<Item = (&str, &Task)> {
        self.alive.iter().filter_map(|arn| Some((arn.as_str(), self.tasks.get(arn)?)))
    }

    /// Whether a deployment of a service was superseded before a moment, and is not PRIMARY again.
    pub(super) fn was_old(&self, service: &str, deployment: &str, at: Time) -> bool {
        let Some(primaries) = self.primaries.get(service) else { return false };
        let last = primaries.iter().rposition(|(since, _)| *since <= at).unwrap_or(0);
        !primaries[last..].iter().any(|(_, primary)| primary == deployment)
    }

    /// When the deployment was made that a service is at now. One that came back is as old as it was: what was undone
    /// before anybody saw it needs no run.
    pub(super) fn newest(&self, service: &str) -> Option<Time> {
        let primaries = self.primaries.get(service)?;
        let (_, now) = primaries.last()?;
        primaries.iter().find(|(_, primary)| primary == now).map(|(made, _)| *made)
    }
}

impl Task {
    fn new(made: Time, started_by: &str, service: Option<String>) -> Self {
        Self {
            made,
            service,
            deployment: String::new(),
            family: String::new(),
            started_by: started_by.to_owned(),
            ran: false,
            stopped: None,
            stop_code: String::new(),
            exit_codes: Vec::new(),
            log_is_good: true,
        }
    }
}

/// A member of a journal line that is a text; empty if it is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
