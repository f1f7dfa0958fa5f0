//! One simulated AWS account: its services, its time and its chance.
//!
//! Owns virtual time (it only moves forward, from event to event), the one random generator, and the order in which
//! things happen: first the load balancers, then ECS. Everything is a function of the configuration and the calls,
//! byte for byte.
//!
//! Divergence from AWS: calls are answered one after the other; there are no permissions.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::arn::Place;
use crate::simulator::autoscaling::{AutoScaling, Effect};
use crate::simulator::call::{Call, Service};
use crate::simulator::ecr::Ecr;
use crate::simulator::ecs::{App, Ecs, Scene};
use crate::simulator::elb::{Elb, ElbEvent};
use crate::simulator::error::ApiError;
use crate::simulator::fault::{Faults, Past};
use crate::simulator::journal::Journal;
use crate::simulator::knobs::Knobs;
use crate::simulator::play::Script;
use crate::simulator::sts::Sts;
use crate::simulator::throttle::Buckets;
use crate::simulator::time::Time;

/// What a world is made from.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
    /// The first moment.
    pub start: Time,
    /// Constants of AWS's behaviour.
    pub knobs: Knobs,
}

impl Default for Config {
    /// Account 123456789012 in us-east-1 on 2026-11-22 at 20:00 UTC, with seed 1.
    fn default() -> Self {
        Config {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            seed: 1,
            start: Time(1_795_377_600_000),
            knobs: Knobs::default(),
        }
    }
}

/// Which copies of the world are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kept {
    /// One to begin with.
    First,
    /// One of what has just changed.
    Next,
}

/// A simulated AWS account in one region.
#[derive(Debug)]
pub struct Simulator {
    pub(super) now: Time,
    pub(super) place: Place,
    pub(super) knobs: Knobs,
    seed: u64,
    rng: Rng,
    pub(super) ecs: Ecs,
    pub(super) elb: Elb,
    ecr: Ecr,
    sts: Sts,
    auto_scaling: AutoScaling,
    pub(super) journal: Journal,
    pub(super) faults: Faults,
    pub(super) buckets: Buckets,
    pub(super) script: Script,
    past: Past,
}

impl Simulator {
    /// An empty account.
    pub fn new(config: Config) -> Self {
        let Config { account, region, seed, start, knobs } = config;
        Simulator {
            now: start,
            knobs,
            seed,
            rng: Rng::with_seed(seed),
            ecs: Ecs::default(),
            elb: Elb::new(&account, &region, seed),
            ecr: Ecr::new(&account, &region),
            sts: Sts::new(&account),
            auto_scaling: AutoScaling::new(&account, &region),
            journal: Journal::default(),
            faults: Faults::new(seed, start),
            buckets: Buckets::default(),
            script: Script::default(),
            past: Past::default(),
            place: Place { account, region },
        }
    }

    /// The moment that the world has reached.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Account and region.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The constants of this world.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// The constants of this world, to be changed from now on.
    pub fn knobs_mut(&mut self) -> &mut Knobs {
        &mut self.knobs
    }

    /// The registry, to be stocked from Rust.
    pub fn ecr_mut(&mut self) -> &mut Ecr {
        &mut self.ecr
    }

    /// The load balancers.
    pub fn elb(&self) -> &Elb {
        &self.elb
    }

    /// The load balancers, to be laid out from Rust.
    pub fn elb_mut(&mut self) -> &mut Elb {
        &mut self.elb
    }

    /// This world's chance.
    pub fn rng_mut(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Load balancers and chance at once, to make the ones with the other.
    pub fn elb_and_rng(&mut self) -> (&mut Elb, &mut Rng) {
        (&mut self.elb, &mut self.rng)
    }

    /// Every call and every event so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The rules in force of what goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The same, to be changed from now on.
    pub fn faults_mut(&mut self) -> &mut Faults {
        self.faults.look_at(self.now);
        &mut self.faults
    }

    /// The id of the next request.
    pub fn request_id(&mut self) -> String {
        self.journal.next_request_id()
    }

    /// When something happens next by itself.
    pub fn next_event(&self) -> Option<Time> {
        [self.elb.next_event(), self.ecs.next_event(), self.script.next()].into_iter().flatten().min()
    }

    /// Lets time pass, event by event and in order. A moment in the past changes nothing.
    pub fn advance_to(&mut self, now: Time) {
        self.keep_past(Kept::First);
        while let Some(next) = self.next_event().filter(|next| *next <= now) {
            self.now = self.now.max(next);
            let events = self.elb.advance_to(self.now);
            self.with_scene(|ecs, scene| {
                events.iter().for_each(|event: &ElbEvent| ecs.target_changed(scene, event));
                ecs.fire_due(scene);
            });
            self.act_due();
            self.keep_past(Kept::Next);
        }
        self.now = self.now.max(now);
    }

    /// Answers one API call at `now`, and writes both down.
    ///
    /// # Errors
    ///
    /// Whatever AWS would refuse, in its words.
    pub fn call(&mut self, now: Time, call: &Call) -> Result<Value, ApiError> {
        self.advance_to(now);
        self.answer(call)
    }

    /// Answers one API call at this moment, and writes both down.
    pub(super) fn answer(&mut self, call: &Call) -> Result<Value, ApiError> {
        let outcome = self.dispatch(call);
        self.journal.api(self.now, call, &outcome);
        if !call.only_looks() {
            self.keep_past(Kept::Next);
        }
        outcome
    }

    /// Answers a read as of `lag` milliseconds ago, and writes nothing down. `None` for services that have no past.
    pub(super) fn answer_of_the_past(&mut self, call: &Call, lag: i64) -> Option<Result<Value, ApiError>> {
        let Call { service, operation, input, client: _ } = call;
        let then = self.now.plus_millis(-lag);
        let scenery = self.past.at(then)?;
        // A read draws nothing and notes nothing; should it, the world must not see it.
        let (mut rng, mut unread) = (self.rng.clone(), Journal::default());
        match service {
            Service::Ecs => {
                let mut scene = Scene {
                    now: then,
                    place: &self.place,
                    knobs: &self.knobs,
                    rng: &mut rng,
                    elb: &mut scenery.elb,
                    ecr: &self.ecr,
                    journal: &mut unread,
                };
                Some(scenery.ecs.handle(&mut scene, operation, input))
            }
            Service::Elb => Some(scenery.elb.handle(operation, input, then, &mut rng)),
            Service::Ecr | Service::Sts | Service::AutoScaling => None,
        }
    }

    /// Pushes a new image behind a tag and returns its digest, `sha256:…`.
    ///
    /// # Errors
    ///
    /// `RepositoryNotFoundException`, `ImageTagAlreadyExistsException`.
    pub fn push_image(&mut self, now: Time, repository: &str, tag: &str) -> Result<String, ApiError> {
        self.advance_to(now);
        let digest = self.ecr.push(repository, tag, self.now, &mut self.rng)?;
        let fields = json!({"repository": repository, "tag": tag, "digest": digest});
        self.journal.event(self.now, "image.pushed", fields);
        Ok(digest)
    }

    /// How containers behave that start from now on. `subject` is a task definition family, an image digest, an image
    /// as a container definition names it, or its `repository:tag`; the family is the strongest.
    pub fn set_app(&mut self, subject: &str, app: App) {
        self.ecs.set_app(subject, app);
    }

    /// How long containers of a subject (as in [`Simulator::set_app`]) take to end after SIGTERM. Beyond
    /// `stopTimeout` they are killed, with exit code 137.
    pub fn set_exit_after_sigterm(&mut self, subject: &str, ms: i64) {
        self.ecs.set_exit_after_sigterm(subject, ms);
    }

    /// Whether FARGATE_SPOT can place tasks.
    pub fn set_spot_capacity(&mut self, available: bool) {
        self.journal.event(self.now, "spot.capacity", json!({ "available": available }));
        self.ecs.set_spot_capacity(available);
    }

    /// Whether Fargate can place tasks in an availability zone, for example `us-east-1a`.
    pub fn set_zone_capacity(&mut self, zone: &str, available: bool) {
        self.with_scene(|ecs, scene| ecs.set_zone_capacity(scene, zone, available));
    }

    /// Puts a CloudWatch alarm into ALARM, or back to OK. Deployments that watch it see that with their next look.
    pub fn set_alarm(&mut self, name: &str, alarming: bool) {
        self.with_scene(|ecs, scene| ecs.set_alarm(scene, name, alarming));
    }

    /// Takes a Spot task (id or ARN) back. False if there is no such live task on FARGATE_SPOT.
    pub fn reclaim_spot(&mut self, task: &str) -> bool {
        self.with_scene(|ecs, scene| ecs.reclaim_spot(scene, task))
    }

    /// The world as it is, for `GET /_sim/world`: clusters with services and deployments, tasks, families, target
    /// groups with their targets, images by tag.
    pub fn world_json(&self) -> Value {
        let mut world = self.ecs.truth(&self.place, &self.elb);
        world["now"] = json!(self.now.rfc3339());
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

    /// Goes back to `past`, for a world in which nothing has happened yet. False if something has.
    pub(super) fn begin_at(&mut self, past: Time) -> bool {
        let untouched = self.journal.is_empty() && self.next_event().is_none();
        if untouched {
            self.now = past;
        }
        untouched
    }

    /// Empties the account: everything but the time, the place and the constants is as at first.
    pub fn reset(&mut self) {
        let Place { account, region } = self.place.clone();
        let knobs = self.knobs.clone();
        *self = Simulator::new(Config { account, region, seed: self.seed, start: self.now, knobs });
    }

    /// Forgets what was written down so far.
    pub(super) fn clear_journal(&mut self) {
        self.journal = Journal::default();
    }

    /// Keeps the present for late reads, if there may be any.
    fn keep_past(&mut self, kept: Kept) {
        let depth = self.faults.longest_lag().max(self.knobs.read_lag_ms);
        if depth <= 0 {
            self.past.forget();
            return;
        }
        match kept {
            Kept::First => self.past.begin(&self.ecs, &self.elb),
            Kept::Next => self.past.keep(self.now, depth, &self.ecs, &self.elb),
        }
    }

    fn target_group_json(&self, arn: &str) -> Value {
        let targets = self.elb.targets(arn).into_iter();
        let targets: Value = targets
            .map(|(ip, port, state)| json!({"ip": ip.to_string(), "port": port, "state": state.name()}))
            .collect();
        json!({"targetGroupArn": arn, "targets": targets})
    }

    fn dispatch(&mut self, call: &Call) -> Result<Value, ApiError> {
        let Call { service, operation, input, client: _ } = call;
        match service {
            Service::Ecs => self.with_scene(|ecs, scene| ecs.handle(scene, operation, input)),
            Service::Ecr => self.ecr.handle(operation, input, self.now, &mut self.rng),
            Service::Elb => self.elb.handle(operation, input, self.now, &mut self.rng),
            Service::Sts => self.sts.handle(operation),
            Service::AutoScaling => self.scale(operation, input),
        }
    }

    fn scale(&mut self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let ecs = &self.ecs;
        let desired = |cluster: &str, service: &str| ecs.desired_count(cluster, service);
        let (answer, effect) = self.auto_scaling.handle(operation, input, self.now, &mut self.rng, &desired)?;
        match effect {
            Some(Effect::SetDesiredCount { cluster, service, desired }) => {
                self.with_scene(|ecs, scene| ecs.scale(scene, &cluster, &service, desired));
            }
            None => {}
        }
        Ok(answer)
    }

    pub(super) fn with_scene<T>(&mut self, act: impl FnOnce(&mut Ecs, &mut Scene<'_>) -> T) -> T {
        let mut scene = Scene {
            now: self.now,
            place: &self.place,
            knobs: &self.knobs,
            rng: &mut self.rng,
            elb: &mut self.elb,
            ecr: &self.ecr,
            journal: &mut self.journal,
        };
        act(&mut self.ecs, &mut scene)
    }
}
