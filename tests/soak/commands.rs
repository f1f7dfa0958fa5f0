//! What people's commands allow, forbid and must lead to, by the tags as the journal has them.
//!
//! | | is broken when |
//! |---|---|
//! | P1 | a task of a rollout is made after its abort stood on the cluster, or a row is rolled back that nobody aborted |
//! | P2 | a further attempt runs without a retry or a run after the one before, or one of them is not heard |
//! | P3 | a rollout is written down as resolved, failed by word or aborted, without that word, or without who and why |
//! | I9 | an acknowledged command was never written down, or an older one stands in its place |
//!
//! Reads the tags with its own eyes and not with the controller's.

use std::collections::BTreeMap;

use evenkeel::simulator::time::Time;
use serde_json::Value;

use super::people::{BY, REASON};
use super::truth::text;

/// What was written of rollouts and commands so far.
#[derive(Default)]
pub(super) struct Commands {
    /// Each command that came to stand on the cluster, and when.
    written: Vec<(Time, Command)>,
    acknowledged: Vec<String>,
    /// The newest record.
    record: Said,
    /// For each rollout, where it began; and when it was written down that its abort is done.
    bases: BTreeMap<String, String>,
    aborted: Vec<(Time, String)>,
    /// Ends that were written down.
    over: Vec<Over>,
}

/// A command as its tag says it, and how the rollout stood then.
#[derive(Clone, Debug)]
struct Command {
    act: String,
    rollout: String,
    attempt: u32,
    told: String,
    value: String,
    /// The record's state then, and its attempt.
    met: Said,
}

/// What a record says.
#[derive(Clone, Debug, Default)]
struct Said {
    id: String,
    state: String,
    attempt: u32,
}

/// A rollout of which an end was written down.
#[derive(Clone, Debug)]
struct Over {
    at: Time,
    by: String,
    said: Said,
}

/// What is wrong, by its invariant.
pub(super) type Harm = (&'static str, String);

impl Commands {
    /// The state of the newest record; empty before the first.
    pub(super) fn state(&self) -> &str {
        &self.record.state
    }

    /// Whether the newest rollout was ended by a person's word that its task has done its work.
    pub(super) fn is_resolved(&self) -> bool {
        self.record.state == "resolved"
    }

    /// A person was told that a command is durable.
    pub(super) fn acknowledged(&mut self, value: String) {
        self.acknowledged.push(value);
    }

    /// A command came to stand on the cluster.
    pub(super) fn command(&mut self, now: Time, client: &str, value: &str) -> Option<Harm> {
        let of = |key: &str| word(value, key).unwrap_or_default().to_owned();
        self.written.push((
            now,
            Command {
                act: of("do"),
                rollout: of("rollout"),
                attempt: of("attempt").parse().unwrap_or(0),
                told: of("as"),
                value: value.to_owned(),
                met: self.record.clone(),
            },
        ));
        (client != "evenkeel-hand").then(|| ("I8", format!("{client} writes a person's command: {value}")))
    }

    /// A record came to stand on the cluster, in a call with these tags.
    pub(super) fn record(&mut self, now: Time, client: &str, value: &str, tags: &Value) -> Option<Harm> {
        let of = |key: &str| word(value, key).unwrap_or_default().to_owned();
        let said = Said { id: of("id"), state: of("state"), attempt: of("attempt").parse().unwrap_or(0) };
        // The end of an abort may have another base than the rollout had.
        let base = self.bases.entry(said.id.clone()).or_insert_with(|| of("base")).clone();
        let again = said.id == self.record.id && said.state == self.record.state && said.attempt == self.record.attempt;
        self.record = said.clone();
        let how = of("how");
        let over = ["succeeded", "failed", "unknown", "resolved", "skipped"].contains(&said.state.as_str());
        if over {
            self.over.push(Over { at: now, by: client.to_owned(), said: said.clone() });
        }
        if how == "aborted" {
            self.aborted.push((now, base.clone()));
        }
        let needed = match (said.state.as_str(), how.as_str()) {
            ("resolved", _) => ("resolve", "succeeded"),
            ("failed", "told") => ("resolve", "failed"),
            ("failed", "aborted") => ("abort", ""),
            _ => return None,
        };
        // Kicks that joined the rollout gave it another id; the abort is about all of it.
        let about =
            |it: &Command| it.rollout == said.id || (it.act == "abort" && self.bases.get(&it.rollout) == Some(&base));
        let given = self
            .written
            .iter()
            .any(|(_, it)| it.act == needed.0 && it.told == needed.1 && about(it) && it.attempt == said.attempt);
        if !given {
            return Some(("P3", format!("nobody said so: {value}")));
        }
        let mut tags = tags.as_array().into_iter().flatten();
        let past = tags.find(|tag| text(tag, "key").contains(":past-")).map(|tag| text(tag, "value"));
        let kept = past.is_some_and(|past| {
            word(past, "id") == Some(&said.id) && word(past, "by") == Some(BY) && past.contains(REASON)
        });
        (!kept && !again).then(|| ("P3", format!("written without who and why: {value}; kept {past:?}")))
    }

    /// Whether a person said that the task of a rollout is to run again: after an attempt, and before the one that does.
    pub(super) fn retried(&self, rollout: &str, after: u32, attempt: u32) -> bool {
        self.runs_again(rollout, attempt).any(|(_, it)| it.attempt >= after)
    }

    /// When a person said that the task of a rollout is to run again, before this attempt.
    fn again(&self, rollout: &str, attempt: u32) -> impl Iterator<Item = Time> {
        self.runs_again(rollout, attempt).map(|(at, _)| *at)
    }

    fn runs_again(&self, rollout: &str, attempt: u32) -> impl Iterator<Item = &(Time, Command)> {
        let again = |it: &Command| it.act == "retry" || it.act == "run";
        self.written.iter().filter(move |(_, it)| again(it) && it.rollout == rollout && it.attempt < attempt)
    }

    /// A task was made of a launch, by a client that may be blind since a moment.
    pub(super) fn task_made(&self, client: &str, launch: &str, horizon: Time, blind: bool) -> Vec<Harm> {
        let (id, attempt) = launch.rsplit_once('/').unwrap_or((launch, ""));
        let attempt = attempt.parse().unwrap_or(0);
        let mut harms = Vec::new();
        // Who wrote it down knows it at once, unless a call of its own from before is still on its way.
        let known = |over: &&Over| over.said.id == id && (over.at < horizon || (over.by == client && !blind));
        let untold = |over: &&Over| !self.retried(id, over.said.attempt, attempt);
        for over in self.over.iter().filter(known).filter(untold) {
            let state = &over.said.state;
            let invariant = if state == "unknown" { "S12" } else { "P2" };
            harms.push((invariant, format!("{launch} begins after {state} was written down, and nobody said retry")));
        }
        let base = self.bases.get(id);
        let aborts = self.written.iter().filter(|(at, it)| it.act == "abort" && *at < horizon);
        for (at, abort) in aborts {
            let same = abort.rollout == id || (base.is_some() && self.bases.get(&abort.rollout) == base);
            // Who has the task run again after an abort that came too late has changed their mind.
            let overruled = self.again(id, attempt).any(|then| then > *at);
            if same && abort.could_be_obeyed() && !overruled {
                harms.push(("P1", format!("{launch} begins, aborted at {}: {}", at.rfc3339(), abort.value)));
            }
        }
        harms
    }

    /// A deployment is rolled back.
    pub(super) fn roll_back(&self, horizon: Time) -> Option<Harm> {
        let asked = self.written.iter().rev().find(|(_, it)| it.act == "abort");
        let Some((at, abort)) = asked else { return Some(("P1", "a roll back that nobody asked for".to_owned())) };
        let base = self.bases.get(&abort.rollout);
        let done = self.aborted.iter().any(|(then, of)| then > at && *then < horizon && Some(of) == base);
        done.then(|| ("P1", format!("a roll back after the abort was done: {}", abort.value)))
    }

    /// I9: what was acknowledged last stands on the cluster, or what came after it.
    pub(super) fn stand(&self) -> Option<Harm> {
        let last = self.acknowledged.last()?;
        let at = self.written.iter().position(|(_, it)| it.value == *last);
        let standing = self.written.last().map(|(_, it)| it.value.clone());
        let newer = standing.as_ref().is_some_and(|standing| given(standing) >= given(last));
        (at.is_none() || !newer)
            .then(|| ("I9", format!("the command {last} was acknowledged, and the cluster carries {standing:?}")))
    }

    /// A command that is still to be heard, though the table stands; `ended` is whether it stands for the rollout's end.
    pub(super) fn unheard(&self, ended: bool) -> Option<Harm> {
        let (_, it) = self.written.last().filter(|(_, it)| it.rollout == self.record.id)?;
        let (state, attempt) = (self.record.state.as_str(), self.record.attempt);
        let pending = match it.act.as_str() {
            "resolve" => state == "unknown" && it.attempt == attempt,
            "retry" => ended && ["failed", "unknown"].contains(&state) && it.attempt == attempt && attempt > 0,
            "run" => {
                let ends = ["baseline", "succeeded", "resolved", "skipped"];
                (ends.contains(&state) || (ended && state == "failed" && attempt > 0)) && it.attempt == attempt
            }
            _ => false,
        };
        pending.then(|| ("P2", format!("the rollout is {state}, and nothing comes of: {}", it.value)))
    }
}

impl Command {
    /// An abort that came when the task was launched, or was tried again already, is void.
    fn could_be_obeyed(&self) -> bool {
        let Said { id: _, state, attempt } = &self.met;
        state == "open" || (state == "launching" && *attempt == 1)
    }
}

/// When a command was given, by its own word.
fn given(value: &str) -> i64 {
    word(value, "at").and_then(|at| at.parse().ok()).unwrap_or(0)
}

/// One word of a tag.
pub(super) fn word<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    value.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}
