//! The world: every service of the simulated account, in one time and with one journal.
//!
//! Owns the order of things: time passes first, then a call is answered, then it is written down.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::autoscaling::AutoScaling;
use crate::simulator::call::{Call, Service};
use crate::simulator::ecr::Ecr;
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::journal::Journal;
use crate::simulator::sts::Sts;
use crate::simulator::time::Time;

/// What a world is made from.
#[derive(Clone, Debug)]
pub struct Config {
    /// 12 digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// Seed of all chance.
    pub seed: u64,
    /// The first moment.
    pub start: Time,
}

/// One simulated AWS account in one region.
#[derive(Debug)]
pub struct Simulator {
    now: Time,
    rng: Rng,
    elb: Elb,
    ecr: Ecr,
    sts: Sts,
    autoscaling: AutoScaling,
    desired: BTreeMap<(String, String), i64>,
    journal: Journal,
}

impl Simulator {
    /// An empty account.
    pub fn new(config: Config) -> Self {
        let Config {
            account,
            region,
            seed,
            start,
        } = config;
        Self {
            now: start,
            rng: Rng::with_seed(seed),
            elb: Elb::new(&account, &region, seed),
            ecr: Ecr::new(&account, &region),
            sts: Sts::new(&account),
            autoscaling: AutoScaling::new(&account, &region),
            desired: BTreeMap::new(),
            journal: Journal::default(),
        }
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Lets time pass. Does nothing if `now` is past.
    pub fn advance_to(&mut self, now: Time) {
        while let Some(next) = self.next_event().filter(|next| *next <= now) {
            for event in self.elb.advance_to(next) {
                let fields = json!({"targetGroup": event.target_group, "ip": event.ip.to_string(), "port": event.port,
                    "from": event.from, "to": event.to, "reason": event.reason});
                self.journal.event(event.time, "target.state", fields);
            }
        }
        self.now = self.now.max(now);
    }

    /// When something happens next.
    pub fn next_event(&self) -> Option<Time> {
        self.elb.next_event()
    }

    /// Answers one call.
    ///
    /// # Errors
    /// What the service answers.
    pub fn call(&mut self, now: Time, call: &Call) -> Result<Value, ApiError> {
        self.advance_to(now);
        let (operation, input, now) = (call.operation.as_str(), &call.input, self.now);
        let outcome = match call.service {
            Service::Ecs => Err(ApiError::server("InternalFailure", "no ECS here")),
            Service::Ecr => self.ecr.handle(operation, input, now, &mut self.rng),
            Service::Elb => self.elb.handle(operation, input, now, &mut self.rng),
            Service::Sts => self.sts.handle(operation),
            Service::AutoScaling => {
                let desired = |cluster: &str, service: &str| {
                    self.desired
                        .get(&(cluster.to_owned(), service.to_owned()))
                        .copied()
                };
                let handled =
                    self.autoscaling
                        .handle(operation, input, now, &mut self.rng, &desired);
                handled.map(|(result, _)| result)
            }
        };
        self.journal.api(now, call, &outcome);
        outcome
    }

    /// Everything, as `/_sim/world` shows it.
    pub fn world_json(&self) -> Value {
        json!({"now": self.now.rfc3339()})
    }

    /// The journal so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The id of the next request.
    pub fn request_id(&mut self) -> String {
        self.journal.next_request_id()
    }

    /// Pushes a new image.
    ///
    /// # Errors
    /// What ECR answers.
    pub fn push_image(
        &mut self,
        now: Time,
        repository: &str,
        tag: &str,
    ) -> Result<String, ApiError> {
        self.advance_to(now);
        self.ecr.push(repository, tag, self.now, &mut self.rng)
    }
}
