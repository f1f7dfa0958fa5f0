//! The invariants, after every line of the journal, by the world's truth.
//!
//! What a controller cannot know is not held against it: what others did since its pass began, or since the moment
//! that a late read shows. Where nothing is late (most seeds), that is the time of one look.

use std::collections::{BTreeMap, BTreeSet};

use evenkeel::model::time::Timestamp;
use evenkeel::simulator::journal::Journal;
use evenkeel::simulator::time::Time;
use serde_json::Value;

use super::commands::{Commands, Harm, word};
use super::truth::{Truth, text};

/// What this program may ever do.
const ALLOWED: [&str; 5] =
    ["UpdateService", "RunTask", "TagResource", "RegisterTaskDefinition", "StopServiceDeployment"];

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
    /// Whether later attempts of the task leave Spot.
    pub(super) fallback: bool,
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
    /// What people say, and what was written down of rollouts.
    pub(super) commands: Commands,
    /// Tasks that were made by a call whose own line is still to come.
    made: Vec<String>,
    /// When the first record was written.
    pub(super) baseline: Option<Time>,
    /// Services whose count a scalable target owns, since when.
    owned: BTreeMap<String, Time>,
    /// Requests that were acknowledged, and those that came to stand on the cluster.
    requests: Vec<String>,
    requested: Vec<String>,
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
            commands: Commands::default(),
            made: Vec::new(),
            baseline: None,
            owned: BTreeMap::new(),
            requests: Vec::new(),
            requested: Vec::new(),
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

    fn harms_of(&mut self, now: Time, harms: impl IntoIterator<Item = Harm>) {
        harms.into_iter().for_each(|(invariant, how)| self.harm(now, invariant, &how));
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
            "StopServiceDeployment" => {
                if !self.account.services.iter().any(|known| text(input, "serviceDeploymentArn").contains(known)) {
                    self.harm(now, "I8", &format!("a roll back of {input}"));
                }
                let harm = self.commands.roll_back(horizon);
                self.harms_of(now, harm);
            }
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
                Some("rollout") if applied => {
                    self.record(now, value);
                    let harm = self.commands.record(now, client, value, &input["tags"]);
                    self.harms_of(now, harm);
                }
                Some("command") if applied => {
                    let harm = self.commands.command(now, client, value);
                    self.harms_of(now, harm);
                }
                Some("request") if applied => self.request(now, value),
                Some(_) => {}
            }
        }
    }

    /// P5: people ask under keys and one after the other, so each wish is written down once. A call that is repeated says the
    /// same.
    fn request(&mut self, now: Time, value: &str) {
        let id = word(value, "id").unwrap_or_default();
        let other = self.requested.iter().find(|known| word(known, "id") == Some(id) && *known != value);
        if let Some(other) = other.filter(|_| self.blindness_ms == 0).cloned() {
            self.harm(now, "P5", &format!("a wish is written down again: {other}, then {value}"));
        }
        self.requested.push(value.to_owned());
    }

    /// What was written down must be so, or be about to be so.
    fn record(&mut self, now: Time, value: &str) {
        let (id, attempt) = (word(value, "id").unwrap_or_default(), word(value, "attempt").unwrap_or_default());
        let task = word(value, "task").unwrap_or_default();
        let launch = format!("evenkeel/{id}/{attempt}");
        let found = self.truth.tasks.iter().find(|(arn, _)| !task.is_empty() && arn.ends_with(task)).map(|(_, it)| it);
        match word(value, "state").unwrap_or_default() {
            "baseline" => self.baseline = self.baseline.or(Some(now)),
            "launching" => drop(self.intents.insert(launch)),
            "launched" if found.is_none_or(|task| task.started_by != launch) => {
                self.harm(now, "S3", &format!("launched was written of {launch}, which made no such task: {task}"));
            }
            "succeeded" => {
                let good = found.is_some_and(|task| {
                    let codes = !task.exit_codes.is_empty() && task.exit_codes.iter().all(|code| *code == Some(0));
                    task.started_by == launch
                        && task.stop_code == "EssentialContainerExited"
                        && task.ran
                        && codes
                        && task.log_is_good
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
        self.is_placed(now, &launch, input);
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
        let mut harms = self.commands.task_made(client, launch, horizon, self.blindness_ms > 0);
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
        self.harms_of(now, harms);
    }

    /// I1: one rollout, one run, and one more for each retry that a person gave. Attempts that never started are none.
    fn task_runs(&mut self, arn: &str) {
        let Some(task) = self.truth.tasks.get(arn) else { return };
        let launch = |it: &super::truth::Task| {
            let (prefix, attempt) = it.started_by.rsplit_once('/')?;
            Some((prefix.strip_prefix("evenkeel/")?.to_owned(), attempt.parse().unwrap_or(0)))
        };
        let Some((id, attempt)) = launch(task) else { return };
        let others = self.truth.tasks.iter().filter(|(other, it)| *other != arn && it.ran).map(|(_, it)| it);
        let others: Vec<u32> = others.filter_map(launch).filter(|(it, _)| *it == id).map(|(_, n)| n).collect();
        let untold = |before: &&u32| !self.commands.retried(&id, **before, attempt);
        if let Some(before) = others.iter().find(untold) {
            let how = format!("attempt {attempt} of {id} runs after attempt {before}, as {arn}; nobody said retry");
            self.harm(task.made, "I1", &how);
        }
    }

    /// P4: with a way out of Spot, the first attempt runs there and every later one does not.
    fn is_placed(&mut self, now: Time, launch: &str, input: &Value) {
        let first = launch.ends_with("/1");
        let spot = text(&input["capacityProviderStrategy"][0], "capacityProvider") == "FARGATE_SPOT";
        if spot != (first || !self.account.fallback) {
            self.harm(now, "P4", &format!("{launch} was to run elsewhere: {input}"));
        }
    }

    fn is_ours(&self, service: &str) -> bool {
        self.account.services.iter().any(|known| known == service)
    }

    /// I9: the newest request that was acknowledged, or a newer one, stands on the cluster.
    pub(super) fn requests_stand(&mut self, now: Time) {
        // Of a request that came after it, its person may have died before it was acknowledged.
        if let Some(last) = self.requests.last()
            && !self.requested.iter().any(|value| word(value, "id") == Some(last))
        {
            let how = format!("request {last} was acknowledged, and the cluster carried {:?}", self.requested);
            self.harm(now, "I9", &how);
        }
        let harm = self.commands.stand();
        self.harms_of(now, harm);
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
