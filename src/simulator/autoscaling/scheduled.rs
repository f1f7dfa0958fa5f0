//! Scheduled actions: bounds that change at their time.
//!
//! Owns putting, describing, deleting and firing them.
//!
//! Divergence from AWS: time zones are kept and not used; an action whose time is over stays.

use fastrand::Rng;
use serde_json::{Value, json};

use super::operations::Looks;
use super::schedule::Schedule;
use super::state::{AutoScaling, Effect, Key, ScheduledAction, invalid, not_found, page};
use crate::simulator::arn;
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts, whole};
use crate::simulator::time::Time;

/// Most actions on a page.
const PAGE: i64 = 50;

/// Most actions of one target.
const MOST: usize = 200;

impl AutoScaling {
    pub(super) fn put_scheduled(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let key = self.registered(input)?;
        let name = text(input, "ScheduledActionName")?.unwrap_or_default().to_owned();
        if name.contains([':', '/', '|']) || name.starts_with(' ') || name.ends_with(' ') {
            return Err(invalid(format!(
                "1 validation error detected: Value '{name}' at 'scheduledActionName' failed to satisfy constraint: Member \
                 must satisfy regular expression pattern: (?!((^[ ]+.*)|(.*([\\u0000-\\u001f]|[\\u007f-\\u009f]|[:/|])+.*)\
                 |(.*[ ]+$))).+"
            )));
        }
        let place = (key.clone(), name.clone());
        let known = self.scheduled.get(&place);
        let mine = self.scheduled.keys().filter(|(of, _)| *of == key).count();
        if known.is_none() && mine >= MOST {
            let message = format!("A scalable target can have at most {MOST} scheduled actions");
            return Err(ApiError::client("LimitExceededException", message));
        }
        let schedule = match (text(input, "Schedule")?, known) {
            (Some(text), _) => {
                let parsed =
                    Schedule::parse(text).ok_or_else(|| invalid(format!("Invalid schedule expression: {text}")))?;
                (text.to_owned(), parsed)
            }
            (None, Some(action)) => action.schedule.clone(),
            (None, None) => return Err(invalid("Schedule is required when creating a new scheduled action")),
        };
        let moment = |name: &str| input[name].as_f64().map(|seconds| Time((seconds * 1000.0) as i64));
        let bounds = action_bounds(input, known)?;
        let id = arn::uuid(rng);
        let begins = moment("StartTime").or(known.and_then(|action| action.begins));
        let mut action = ScheduledAction {
            arn: match known {
                Some(action) => action.arn.clone(),
                None => self.arn("scheduledAction", &id, &key, &format!("scheduledActionName/{name}")),
            },
            schedule,
            timezone: match text(input, "Timezone")? {
                Some(zone) => Some(zone.to_owned()),
                None => known.and_then(|action| action.timezone.clone()),
            },
            begins,
            ends: moment("EndTime").or(known.and_then(|action| action.ends)),
            bounds,
            created: known.map_or(now, |action| action.created),
            next: None,
        };
        action.plan(begins.map_or(now, |begins| begins.plus_millis(-1).max(now)));
        self.scheduled.insert(place, action);
        Ok(json!({}))
    }

    pub(super) fn describe_scheduled(&self, input: &Value) -> Result<Value, ApiError> {
        let names = texts(input, "ScheduledActionNames")?;
        let asked = self
            .scheduled
            .iter()
            .filter(|((key, name), _)| key.is_asked(input) && (names.is_empty() || names.contains(&name.as_str())));
        page(input, "ScheduledActions", PAGE, asked.map(|((key, name), action)| render(key, name, action)).collect())
    }

    pub(super) fn delete_scheduled(&mut self, input: &Value) -> Result<Value, ApiError> {
        let key = Key::read(input)?;
        let name = text(input, "ScheduledActionName")?.unwrap_or_default();
        match self.scheduled.remove(&(key.clone(), name.to_owned())) {
            Some(_) => Ok(json!({})),
            None => {
                Err(not_found(format!("No scheduled action found for {}, scheduled action name: {name}", key.said())))
            }
        }
    }

    /// Does what is due.
    pub(super) fn fire_scheduled(&mut self, now: Time, rng: &mut Rng, looks: Looks<'_>) -> Vec<Effect> {
        let due = self.scheduled.iter().filter(|(_, action)| action.next.is_some_and(|next| next <= now));
        let due: Vec<(Key, String)> = due.map(|(place, _)| place.clone()).collect();
        let mut effects = Vec::new();
        for place in due {
            let action = self.scheduled.get_mut(&place).expect("it was there a moment ago");
            let bounds = action.bounds;
            action.plan(now);
            let (key, name) = place;
            let Some(target) = self.targets.get_mut(&key).filter(|target| !target.suspended[2]) else { continue };
            let (min, max) = (bounds.0.unwrap_or(target.min), bounds.1.unwrap_or(target.max));
            // A bound that would cross the other takes it along.
            (target.min, target.max) = if bounds.1.is_some() { (min.min(max), max) } else { (min, max.max(min)) };
            self.note_bounds(&key, format!("scheduled action name {name} was triggered"), now, rng);
            effects.extend(self.force(&key, now, rng, looks));
        }
        effects
    }
}

impl ScheduledAction {
    /// Finds its next time after `after`, within its beginning and end.
    fn plan(&mut self, after: Time) {
        let anchor = self.begins.unwrap_or(self.created);
        let next = self.schedule.1.next(anchor, after);
        self.next = next.filter(|next| self.ends.is_none_or(|ends| *next <= ends));
    }
}

fn action_bounds(input: &Value, known: Option<&ScheduledAction>) -> Result<(Option<i64>, Option<i64>), ApiError> {
    let Some(given) = input.get("ScalableTargetAction").filter(|given| given.is_object()) else {
        return known
            .map(|action| action.bounds)
            .ok_or_else(|| invalid("ScalableTargetAction is required when creating a new scheduled action"));
    };
    let bounds = (whole(given, "MinCapacity")?, whole(given, "MaxCapacity")?);
    match bounds {
        (None, None) => Err(invalid("MinCapacity, MaxCapacity or both are required in ScalableTargetAction")),
        (Some(min), Some(max)) if max < min => Err(invalid("Maximum capacity cannot be less than minimum capacity")),
        (min, max) if min.unwrap_or(0) < 0 || max.unwrap_or(0) < 0 => {
            Err(invalid("Minimum and maximum capacity must not be negative"))
        }
        (Some(_) | None, Some(_) | None) => Ok(bounds),
    }
}

fn render(key: &Key, name: &str, action: &ScheduledAction) -> Value {
    let ScheduledAction { arn, schedule, timezone, begins, ends, bounds, created, next: _ } = action;
    let mut shown = key.show();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("ScheduledActionName", json!(name));
    put("ScheduledActionARN", json!(arn));
    put("Schedule", json!(schedule.0));
    if let Some(zone) = timezone {
        put("Timezone", json!(zone));
    }
    for (name, moment) in [("StartTime", begins), ("EndTime", ends)] {
        if let Some(moment) = moment {
            put(name, json!(moment.epoch_seconds()));
        }
    }
    let mut changed = json!({});
    for (name, bound) in [("MinCapacity", bounds.0), ("MaxCapacity", bounds.1)] {
        if let Some(bound) = bound {
            changed[name] = json!(bound);
        }
    }
    put("ScalableTargetAction", changed);
    put("CreationTime", json!(created.epoch_seconds()));
    Value::Object(shown)
}
