//! The actions of a scenario, done when they are due, in the same order every time.
//!
//! Owns the script that is still to come. Each action leaves an event `scenario` in the journal, with what it found;
//! calls that it makes stand there as calls of the client `scenario`, or `foursight` where it kicks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::simulator::call::{Call, Service};
use crate::simulator::ecs::App;
use crate::simulator::elb::Answer;
use crate::simulator::knobs::Throttling;
use crate::simulator::scenario::{Action, Scenario};
use crate::simulator::time::Time;
use crate::simulator::world::Simulator;

/// Actions that are still to come, in the order of their times and then of their documents.
#[derive(Default, Debug)]
pub(in crate::simulator) struct Script {
    due: BTreeMap<(Time, u64), Action>,
    last: u64,
}

impl Script {
    /// When the next action is due.
    pub(in crate::simulator) fn next(&self) -> Option<Time> {
        self.due.keys().next().map(|(time, _)| *time)
    }

    fn take_due(&mut self, now: Time) -> Option<Action> {
        let next = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(next.remove())
    }
}

impl Simulator {
    /// Begins a scenario now; its actions follow as time passes. Several can run at once.
    pub fn play(&mut self, scenario: &Scenario) {
        for (ms, action) in &scenario.actions {
            self.script.last += 1;
            self.script.due.insert((self.now.plus_millis(*ms), self.script.last), action.clone());
        }
    }

    /// When the next action of a scenario is due; `None` if all are done.
    pub fn next_action(&self) -> Option<Time> {
        self.script.next()
    }

    /// Does what is due at this moment.
    pub(in crate::simulator) fn act_due(&mut self) {
        while let Some(action) = self.script.take_due(self.now) {
            self.perform(&action);
        }
    }

    /// Does one action now, and tells what it was done to.
    pub fn perform(&mut self, action: &Action) -> Value {
        let found = self.act(action);
        self.journal.event(self.now, "scenario", json!({"action": action.name(), "found": found}));
        found
    }

    fn act(&mut self, action: &Action) -> Value {
        match action {
            Action::Faults(rules) => {
                let faults = self.faults_mut();
                rules.iter().map(|rule| json!(faults.add(rule.clone()))).collect()
            }
            Action::ClearFaults => {
                self.faults_mut().clear();
                Value::Null
            }
            Action::Push { repository, tag, app } => self.push(repository, tag, *app),
            Action::App { of, app } => {
                self.set_app(of, *app);
                json!(of)
            }
            Action::Log { of, lines } => {
                self.set_log(of, lines.clone());
                json!(of)
            }
            Action::ExitAfterSigterm { of, ms } => {
                self.set_exit_after_sigterm(of, *ms);
                json!(of)
            }
            Action::Kick { service } => {
                let force = Map::from_iter([("forceNewDeployment".to_owned(), json!(true))]);
                self.update(service, &force, "foursight")
            }
            Action::Update { service, input } => self.update(service, input, "scenario"),
            Action::ReclaimSpot { service, most } => {
                let tasks: Vec<String> = self.home.ecs.spot_tasks_of(service, *most);
                tasks.iter().filter(|task| self.reclaim_spot(task)).map(|task| json!(task)).collect()
            }
            Action::SpotCapacity(available) => {
                self.set_spot_capacity(*available);
                json!(available)
            }
            Action::ZoneCapacity { zone, available } => {
                self.set_zone_capacity(zone, *available);
                json!(available)
            }
            Action::Alarm { name, alarming } => {
                self.set_alarm(name, *alarming);
                json!(alarming)
            }
            Action::Drain { target_group, seconds } => self.drain_for(target_group, *seconds),
            Action::Health { service, serving } => {
                let answer = if *serving { Answer::Serving } else { Answer::Status(503) };
                let addresses = self.home.ecs.running_addresses_of(service);
                addresses.iter().for_each(|address| self.home.elb.set_answer(*address, answer));
                json!(addresses.len())
            }
            Action::Load { service, load } => json!(self.set_load(service, *load)),
            Action::Throttling(published) => {
                self.knobs.throttling = if *published { Throttling::Published } else { Throttling::Off };
                json!(published)
            }
            Action::Knob { range, value } => {
                range.set(&mut self.knobs, *value);
                json!(range.name)
            }
            Action::ReadLag(ms) => {
                self.knobs.read_lag_ms = *ms;
                json!(ms)
            }
        }
    }

    fn push(&mut self, repository: &str, tag: &str, app: Option<App>) -> Value {
        match self.push_image(self.now, repository, tag) {
            Ok(digest) => {
                if let Some(app) = app {
                    self.set_app(&digest, app);
                }
                json!(digest)
            }
            Err(error) => json!({"error": error.to_string()}),
        }
    }

    fn update(&mut self, part: &str, input: &Map<String, Value>, client: &str) -> Value {
        let services = self.home.ecs.services_like(part);
        let update = |(cluster, service): (String, String)| {
            let mut input = input.clone();
            input.insert("cluster".to_owned(), json!(cluster));
            input.insert("service".to_owned(), json!(service));
            let outcome = self.make(Service::Ecs, "UpdateService", Value::Object(input), client);
            json!({"service": service, "error": outcome})
        };
        services.into_iter().map(update).collect()
    }

    fn drain_for(&mut self, target_group: &str, seconds: i64) -> Value {
        let arn = self.home.elb.target_group_arns().find(|arn| arn.contains(&format!(":targetgroup/{target_group}/")));
        let Some(arn) = arn.map(str::to_owned) else { return Value::Null };
        let delay = json!({"Key": "deregistration_delay.timeout_seconds", "Value": seconds.to_string()});
        let input = json!({"TargetGroupArn": arn, "Attributes": [delay]});
        let error = self.make(Service::Elb, "ModifyTargetGroupAttributes", input, "scenario");
        json!({"targetGroup": arn, "error": error})
    }

    /// A call of somebody's; the error, if it was refused.
    fn make(&mut self, service: Service, operation: &str, input: Value, client: &str) -> Option<String> {
        let call = Call::home(service, operation, input, client);
        self.answer(&call).err().map(|error| error.to_string())
    }
}
