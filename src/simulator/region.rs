//! One account in one region: what lives there, sees nothing of the rest of the world and is seen by nothing else.
//!
//! Owns the services of a place, their order when time passes (load balancers first, then ECS), and the copies of
//! them for late reads. Time, chance and the journal belong to the world and are lent ([`Lent`]).

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::arn::Place;
use crate::simulator::autoscaling::{AutoScaling, Effect};
use crate::simulator::call::{Call, Service};
use crate::simulator::ec2::Ec2;
use crate::simulator::ecr::Ecr;
use crate::simulator::ecs::{Ecs, Scene};
use crate::simulator::elb::{Elb, ElbEvent};
use crate::simulator::error::ApiError;
use crate::simulator::fault::Past;
use crate::simulator::journal::Journal;
use crate::simulator::knobs::Knobs;
use crate::simulator::logs::Logs;
use crate::simulator::sts::Sts;
use crate::simulator::throttle::Buckets;
use crate::simulator::time::Time;

/// What a region has of the world for as long as it does something.
pub(super) struct Lent<'a> {
    pub(super) now: Time,
    pub(super) knobs: &'a Knobs,
    pub(super) rng: &'a mut Rng,
    pub(super) journal: &'a mut Journal,
}

/// Which copies of a region are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kept {
    /// One to begin with.
    First,
    /// One of what has just changed.
    Next,
}

/// One account in one region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) place: Place,
    pub(super) ecs: Ecs,
    pub(super) elb: Elb,
    pub(super) ecr: Ecr,
    pub(super) ec2: Ec2,
    sts: Sts,
    logs: Logs,
    pub(super) auto_scaling: AutoScaling,
    pub(super) buckets: Buckets,
    past: Past,
}

impl Region {
    /// With nothing in it.
    pub(super) fn new(place: Place, seed: u64) -> Self {
        let Place { account, region } = &place;
        Region {
            ecs: Ecs::default(),
            elb: Elb::new(account, region, seed),
            ecr: Ecr::new(account, region),
            ec2: Ec2::new(account, region, seed),
            sts: Sts::new(account),
            logs: Logs::new(account, region),
            auto_scaling: AutoScaling::new(account, region),
            buckets: Buckets::default(),
            past: Past::default(),
            place,
        }
    }

    /// When something happens next by itself.
    pub(super) fn next_event(&self, now: Time) -> Option<Time> {
        let scaling = self.auto_scaling.next_event(now);
        [self.elb.next_event(), self.ecs.next_event(), self.ecr.next_event(), scaling].into_iter().flatten().min()
    }

    /// Does what is due at the moment that is lent.
    pub(super) fn fire_due(&mut self, lent: &mut Lent<'_>) {
        let events = self.elb.advance_to(lent.now);
        self.with_scene(lent, |ecs, scene| {
            events.iter().for_each(|event: &ElbEvent| ecs.target_changed(scene, event));
            ecs.fire_due(scene);
        });
        for (repository, digest) in self.ecr.advance_to(lent.now) {
            let fields = json!({"repository": repository, "digest": digest});
            lent.journal.event(lent.now, "image.expired", fields);
        }
        let ecs = &self.ecs;
        let looks = |cluster: &str, service: &str| ecs.scaling_look(cluster, service);
        let effects = self.auto_scaling.advance_to(lent.now, lent.rng, &looks);
        effects.into_iter().for_each(|effect| self.obey(lent, effect));
    }

    /// Answers a call.
    pub(super) fn dispatch(&mut self, lent: &mut Lent<'_>, call: &Call) -> Result<Value, ApiError> {
        let Call { service, operation, input, client: _, place: _ } = call;
        match service {
            Service::Ecs => self.with_scene(lent, |ecs, scene| ecs.handle(scene, operation, input)),
            Service::Ecr => self.ecr.handle(operation, input, lent.now, lent.rng),
            Service::Elb => self.elb.handle(operation, input, lent.now, lent.rng, &self.ec2),
            Service::Ec2 => self.ec2.handle(operation, input, lent.now, &self.ecs, &mut self.elb),
            Service::Sts => self.sts.handle(operation, input, lent.now, lent.rng),
            Service::AutoScaling => self.scale(lent, operation, input),
            Service::Logs => self.logs.handle(operation, input, lent.now, lent.knobs.log_lag_ms),
        }
    }

    /// Answers a read as of a moment in the past. `None` for services that have no past.
    pub(super) fn answer_as_of(&mut self, then: Time, lent: &Lent<'_>, call: &Call) -> Option<Result<Value, ApiError>> {
        let Call { service, operation, input, client: _, place: _ } = call;
        let scenery = self.past.at(then)?;
        // A read draws nothing and notes nothing; should it, the world must not see it.
        let (mut rng, mut unread) = (lent.rng.clone(), Journal::default());
        match service {
            Service::Ecs => {
                let mut scene = Scene {
                    now: then,
                    place: &self.place,
                    knobs: lent.knobs,
                    rng: &mut rng,
                    elb: &mut scenery.elb,
                    ecr: &self.ecr,
                    journal: &mut unread,
                };
                Some(scenery.ecs.handle(&mut scene, operation, input))
            }
            Service::Elb => Some(scenery.elb.handle(operation, input, then, &mut rng, &self.ec2)),
            Service::Ecr | Service::Sts | Service::Ec2 | Service::AutoScaling | Service::Logs => None,
        }
    }

    /// Keeps the present for reads that may be up to `depth` milliseconds late; with 0, forgets what was kept.
    pub(super) fn keep_past(&mut self, kept: Kept, now: Time, depth: i64) {
        if depth <= 0 {
            self.past.forget();
            return;
        }
        match kept {
            Kept::First => self.past.begin(&self.ecs, &self.elb),
            Kept::Next => self.past.keep(now, depth, &self.ecs, &self.elb),
        }
    }

    /// The truth at this moment: clusters with services and deployments, tasks, families, target groups with their
    /// targets, images by tag.
    pub(super) fn truth(&self, now: Time) -> Value {
        let mut world = self.ecs.truth(&self.place, &self.elb);
        world["now"] = json!(now.rfc3339());
        world["account"] = json!(self.place.account);
        world["region"] = json!(self.place.region);
        let groups: Vec<Value> = self.elb.target_group_arns().map(|arn| self.target_group_json(arn)).collect();
        world["targetGroups"] = json!(groups);
        let images = self.ecr.tags();
        world["images"] = images
            .map(|(repository, tag, digest)| json!({"repository": repository, "tag": tag, "digest": digest}))
            .collect();
        world
    }

    /// ECS at work in these surroundings.
    pub(super) fn with_scene<T>(&mut self, lent: &mut Lent<'_>, act: impl FnOnce(&mut Ecs, &mut Scene<'_>) -> T) -> T {
        let mut scene = Scene {
            now: lent.now,
            place: &self.place,
            knobs: lent.knobs,
            rng: lent.rng,
            elb: &mut self.elb,
            ecr: &self.ecr,
            journal: lent.journal,
        };
        let done = act(&mut self.ecs, &mut scene);
        self.logs.take_in(lent.now, lent.knobs.log_lag_ms, self.ecs.take_output());
        done
    }

    fn scale(&mut self, lent: &mut Lent<'_>, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let ecs = &self.ecs;
        let looks = |cluster: &str, service: &str| ecs.scaling_look(cluster, service);
        let (answer, effect) = self.auto_scaling.handle(operation, input, lent.now, lent.rng, &looks)?;
        effect.into_iter().for_each(|effect| self.obey(lent, effect));
        Ok(answer)
    }

    /// Does to a service what Application Auto Scaling wants.
    fn obey(&mut self, lent: &mut Lent<'_>, effect: Effect) {
        let Effect::SetDesiredCount { cluster, service, desired, cause } = effect;
        let fields = json!({"cluster": cluster, "service": service, "desired": desired, "cause": cause});
        lent.journal.event(lent.now, "service.scaled", fields);
        self.with_scene(lent, |ecs, scene| ecs.scale(scene, &cluster, &service, desired));
    }

    fn target_group_json(&self, arn: &str) -> Value {
        let targets = self.elb.targets(arn).into_iter();
        let targets: Value = targets
            .map(|(ip, port, state)| json!({"ip": ip.to_string(), "port": port, "state": state.name()}))
            .collect();
        json!({"targetGroupArn": arn, "targets": targets})
    }
}
