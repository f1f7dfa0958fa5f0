//! The invariants, after every line of the journal, by the world's truth.
//!
//! What a controller cannot know is not held against it: what others did since its pass began, or since the moment
//! that a late read shows. Where nothing is late (most seeds), that is the time of one look.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel::model::time::Timestamp;
use evenkeel::simulator::journal::Journal;
use evenkeel::simulator::time::Time;
use serde_json::Value;

use super::truth::{Truth, text};

/// What this program may ever do.
const ALLOWED: [&str; 4] = ["UpdateService", "RunTask", "TagResource", "RegisterTaskDefinition"];

/// Operations that only look, by their first word.
const LOOKS: [&str; 4] = ["Describe", "List", "Get", "BatchGet"];

/// What the judge must know of the account.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) cluster_arn: String,
    pub(super) table: String,
    /// Names of the table's services.
    pub(super) services: Vec<String>,
    pub(super) families: Vec<String>,
}

/// Reads the journal as it grows.
pub(super) struct Judge {
    account: Account,
    pub(super) truth: Truth,
    next: usize,
    blindness_ms: i64,
    /// For each client: when its newest pass began, and the one before.
    passes: BTreeMap<String, Time>,
    /// Launches whose intent was written down: `<id>/<attempt>`.
    intents: BTreeSet<String>,
    /// Rollouts of which it was written down that nobody can say: when, and by whom.
    unknown: BTreeMap<String, (Time, String)>,
    /// Tasks that were made by a call whose own line is still to come.
    made: Vec<String>,
    /// When the first record was written.
    pub(super) baseline: Option<Time>,
    /// Services whose count a scalable target owns, since when.
    owned: BTreeMap<String, Time>,
    requests: Vec<String>,
    requested: Option<String>,
    /// Writes of ours that took effect, and when the last did.
    pub(super) writes: usize,
    pub(super) harms: Vec<String>,
}

impl Judge {
    pub(super) fn new(account: Account, truth: Truth, blindness_ms: i64) -> Self {
        Self {
            account,
            truth,
            next: 0,
            blindness_ms,
            passes: BTreeMap::new(),
            intents: BTreeSet::new(),
            unknown: BTreeMap::new(),
            made: Vec::new(),
            baseline: None,
            owned: BTreeMap::new(),
            requests: Vec::new(),
            requested: None,
            writes: 0,
            harms: Vec::new(),
        }
    }

    /// A controller looks anew: what it does from now on, it does by what is true from now on.
    pub(super) fn begins_pass(&mut self, client: &str, now: Timestamp) {
        self.passes.insert(client.to_owned(), Time(now.millis()));
    }

    /// A person was told that a request is durable.
    pub(super) fn acknowledged(&mut self, id: String) {
        self.requests.push(id);
    }

    /// Reads the lines that are new.
    pub(super) fn read(&mut self, journal: &Journal) {
        for entry in journal.lines().skip(self.next) {
            if let Some((kind, event)) = entry.event() {
                let known = text(event, "task").to_owned();
                let is_new = kind == "task.status" && !self.truth.tasks.contains_key(&known);
                self.truth.hear(entry.time, kind, event);
                if is_new {
                    self.made.push(known);
                } else if kind == "task.status" && text(event, "to") == "RUNNING" {
                    self.task_runs(&known);
                }
            }
            if entry.operation().is_some_and(|operation| !LOOKS.iter().any(|look| operation.starts_with(look))) {
                self.call(entry.time, &entry.line());
            }
        }
        self.next = journal.len();
    }

    fn harm(&mut self, now: Time, invariant: &str, how: &str) {
        self.harms.push(format!("{invariant} at {}: {how}", now.rfc3339()));
    }

    /// Since when a client may be blind.
    fn horizon(&self, client: &str, now: Time) -> Time {
        self.passes.get(client).copied().unwrap_or(now).plus_millis(-self.blindness_ms)
    }

    fn call(&mut self, now: Time, line: &Value) {
        let (client, operation, input) = (text(line, "client"), text(line, "operation"), &line["input"]);
        let applied = line["status"] == 200;
        if !client.starts_with("evenkeel") {
            if operation == "RegisterScalableTarget" && applied {
                let service = text(input, "ResourceId").rsplit('/').next().unwrap_or_default();
                self.owned.entry(service.to_owned()).or_insert(now);
            }
            return;
        }
        if !ALLOWED.contains(&operation) {
            return self.harm(now, "I10", &format!("{client} called {operation}"));
        }
        self.writes += usize::from(applied);
        let horizon = self.horizon(client, now);
        match operation {
            "UpdateService" => self.update(now, horizon, input, applied),
            "TagResource" => self.tag(now, client, input, applied),
            "RunTask" => self.run(now, client, horizon, input),
            _ => {
                let family = text(input, "family");
                if !self.account.families.iter().any(|known| known == family) {
                    self.harm(now, "I8", &format!("a revision of {family}"));
                }
            }
        }
    }

    fn update(&mut self, now: Time, horizon: Time, input: &Value, applied: bool) {
        let service = text(input, "service").rsplit('/').next().unwrap_or_default().to_owned();
        if !self.account.services.contains(&service) {
            self.harm(now, "I8", &format!("UpdateService of {service}, which is not the table's"));
        }
        if input.get("desiredCount").is_some() && self.owned.get(&service).is_some_and(|since| *since < horizon) {
            self.harm(now, "I6", &format!("the count of {service} was written, which a scalable target owns"));
        }
        let members = ["taskDefinition", "capacityProviderStrategy"];
        let kicks = input["forceNewDeployment"] == true || members.iter().any(|member| input.get(*member).is_some());
        let alive =
            self.truth.alive().find(|(_, task)| task.started_by.starts_with("evenkeel/") && task.made < horizon);
        if let (true, true, Some((task, _))) = (applied, kicks, alive) {
            let how = format!("a new deployment of {service} while the deployment task {task} is alive");
            self.harm(now, "I2", &how);
        }
    }

    fn tag(&mut self, now: Time, client: &str, input: &Value, applied: bool) {
        let arn = text(input, "resourceArn");
        if arn != self.account.cluster_arn {
            self.harm(now, "I8", &format!("a tag on {arn}"));
        }
        for tag in input["tags"].as_array().into_iter().flatten() {
            let (key, value) = (text(tag, "key"), text(tag, "value"));
            let ours = format!("evenkeel:{}:", self.account.table);
            match key.strip_prefix(&ours) {
                None => self.harm(now, "I8", &format!("the tag {key}")),
                Some("rollout") if applied => self.record(now, client, value),
                Some("request") if applied => self.requested = word(value, "id").map(str::to_owned),
                Some(_) => {}
            }
        }
    }

    /// What was written down must be so, or be about to be so.
    fn record(&mut self, now: Time, client: &str, value: &str) {
        let (id, attempt) = (word(value, "id").unwrap_or_default(), word(value, "attempt").unwrap_or_default());
        let task = word(value, "task").unwrap_or_default();
        let launch = format!("evenkeel/{id}/{attempt}");
        let found = self.truth.tasks.iter().find(|(arn, _)| !task.is_empty() && arn.ends_with(task)).map(|(_, it)| it);
        match word(value, "state").unwrap_or_default() {
            "baseline" => self.baseline = self.baseline.or(Some(now)),
            "launching" => drop(self.intents.insert(launch)),
            "unknown" => drop(self.unknown.entry(id.to_owned()).or_insert_with(|| (now, client.to_owned()))),
            "launched" if found.is_none_or(|task| task.started_by != launch) => {
                self.harm(now, "S3", &format!("launched was written of {launch}, which made no such task: {task}"));
            }
            "succeeded" => {
                let good = found.is_some_and(|task| {
                    let codes = !task.exit_codes.is_empty() && task.exit_codes.iter().all(|code| *code == Some(0));
                    task.started_by == launch && task.stop_code == "EssentialContainerExited" && task.ran && codes
                });
                if !good {
                    self.harm(now, "S3", &format!("succeeded was written of {launch}: {found:?}"));
                }
            }
            _ => {}
        }
    }

    fn run(&mut self, now: Time, client: &str, horizon: Time, input: &Value) {
        let launch = text(input, "startedBy").to_owned();
        if input.to_string().to_lowercase().contains("initial") {
            self.harm(now, "I5", &format!("the initial deployment was asked for: {input}"));
        }
        let intent = launch.strip_prefix("evenkeel/").is_some_and(|_| self.intents.contains(&launch));
        if !intent {
            self.harm(now, "S9", &format!("RunTask of {launch:?} without its intent written down"));
        }
        let (made, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.made)
            .into_iter()
            .partition(|arn| self.truth.tasks.get(arn).is_some_and(|task| task.started_by == launch));
        self.made = others;
        made.iter().for_each(|arn| self.task_made(now, client, horizon, arn));
    }

    /// A deployment task has come to be, by a call of somebody who may be blind since `horizon`.
    fn task_made(&mut self, now: Time, client: &str, horizon: Time, arn: &str) {
        let task = self.truth.tasks[arn].clone();
        if task.family.to_lowercase().contains("initial") {
            self.harm(now, "I5", &format!("{} runs", task.family));
        }
        let Some(launch) = task.started_by.strip_prefix("evenkeel/") else { return };
        let id = launch.split('/').next().unwrap_or_default();
        let mut harms = Vec::new();
        // Who wrote it down knows it at once, unless a call of its own from before is still on its way.
        let knows = |(since, by): &(Time, String)| *since < horizon || (by == client && self.blindness_ms == 0);
        if self.unknown.get(id).is_some_and(knows) {
            harms.push(("S12", format!("{launch} begins after it was written down that nobody can say")));
        }
        for (other, alive) in self.truth.alive().filter(|(other, _)| *other != arn) {
            match &alive.service {
                Some(service) if self.truth.was_old(service, &alive.deployment, horizon) && self.is_ours(service) => {
                    harms.push(("I2", format!("{launch} begins while old task {other} of {service} is alive")));
                }
                None if alive.family == task.family && alive.made < horizon => {
                    harms.push(("I3", format!("{launch} begins while {other} is alive")));
                }
                Some(_) | None => {}
            }
        }
        for (target, since) in self.truth.draining.iter().filter(|(_, since)| **since < horizon) {
            harms.push(("I2", format!("{launch} begins while {target} drains, since {}", since.rfc3339())));
        }
        harms.iter().for_each(|(invariant, how)| self.harm(now, invariant, how));
    }

    /// I1: one rollout, one run. Attempts that never started are none.
    fn task_runs(&mut self, arn: &str) {
        let Some(task) = self.truth.tasks.get(arn) else { return };
        let Some((prefix, _)) = task.started_by.rsplit_once('/').filter(|(it, _)| it.starts_with("evenkeel/")) else {
            return;
        };
        let same =
            |it: &&super::truth::Task| it.ran && it.started_by.rsplit_once('/').is_some_and(|(it, _)| it == prefix);
        let runs = self.truth.tasks.values().filter(same).count();
        if runs > 1 {
            let (now, how) = (task.made, format!("{prefix} runs for the {runs}th time, as {arn}"));
            self.harm(now, "I1", &how);
        }
    }

    fn is_ours(&self, service: &str) -> bool {
        self.account.services.iter().any(|known| known == service)
    }

    /// I9: the newest request that was acknowledged, or a newer one, stands on the cluster.
    pub(super) fn requests_stand(&mut self, now: Time) {
        if let Some(last) = self.requests.last()
            && self.requested.as_ref() != Some(last)
        {
            let how = format!("request {last} was acknowledged, and the cluster carries {:?}", self.requested);
            self.harm(now, "I9", &how);
        }
    }

    /// The newest deployment task that has run and ended well: when it was made.
    pub(super) fn last_success(&self) -> Option<Time> {
        let ours = self.truth.tasks.values().filter(|task| task.started_by.starts_with("evenkeel/"));
        let good =
            ours.filter(|task| task.ran && task.stop_code == "EssentialContainerExited" && task.stopped.is_some());
        good.map(|task| task.made).max()
    }

    /// When the newest deployment of the table's services was made.
    pub(super) fn newest_deployment(&self) -> Option<Time> {
        self.account.services.iter().filter_map(|service| self.truth.newest(service)).max()
    }
}

fn word<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    value.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}
