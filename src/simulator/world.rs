//! One simulated AWS: its places, its time and its chance.
//!
//! Owns virtual time (it only moves forward, from event to event), the one random generator, and which account and
//! region answers a call: the home of the world, or another that comes to be when somebody first calls there.
//! Everything is a function of the configuration and the calls, byte for byte.
//!
//! Divergence from AWS: calls are answered one after the other; there are no permissions, and an account is whatever
//! somebody calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::arn::Place;
use crate::simulator::autoscaling::Load;
use crate::simulator::call::Call;
use crate::simulator::ecr::Ecr;
use crate::simulator::ecs::{App, Ecs, LogLine, Scene};
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::fault::{Faults, Late};
use crate::simulator::journal::Journal;
use crate::simulator::knobs::Knobs;
use crate::simulator::play::Script;
use crate::simulator::region::{Kept, Lent, Region};
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

/// A simulated AWS. What is said of "the account" is about its home: one account in one region.
#[derive(Debug)]
pub struct Simulator {
    pub(super) now: Time,
    pub(super) knobs: Knobs,
    seed: u64,
    rng: Rng,
    pub(super) home: Region,
    /// Where else somebody has called.
    others: BTreeMap<Place, Region>,
    pub(super) journal: Journal,
    pub(super) faults: Faults,
    pub(super) late: Late,
    pub(super) script: Script,
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
            home: Region::new(Place { account, region }, seed),
            others: BTreeMap::new(),
            journal: Journal::default(),
            faults: Faults::new(seed, start),
            late: Late::default(),
            script: Script::default(),
        }
    }

    /// The moment that the world has reached.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Account and region.
    pub fn place(&self) -> &Place {
        &self.home.place
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
        &mut self.home.ecr
    }

    /// The load balancers.
    pub fn elb(&self) -> &Elb {
        &self.home.elb
    }

    /// The load balancers, to be laid out from Rust.
    pub fn elb_mut(&mut self) -> &mut Elb {
        &mut self.home.elb
    }

    /// This world's chance.
    pub fn rng_mut(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Load balancers and chance at once, to make the ones with the other.
    pub fn elb_and_rng(&mut self) -> (&mut Elb, &mut Rng) {
        (&mut self.home.elb, &mut self.rng)
    }

    /// Every call and every event so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Bounds how much of the journal is kept: the last `most` entries, or with `None` all of them.
    pub fn keep_journal(&mut self, most: Option<usize>) {
        self.journal.keep(most);
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
        let regions = std::iter::once(&self.home).chain(self.others.values());
        regions.map(|region| region.next_event(self.now)).chain([self.script.next(), self.late.next()]).flatten().min()
    }

    /// Lets time pass, event by event and in order. A moment in the past changes nothing.
    pub fn advance_to(&mut self, now: Time) {
        self.keep_past(Kept::First);
        while let Some(next) = self.next_event().filter(|next| *next <= now) {
            self.now = self.now.max(next);
            self.fire_due();
            self.act_due();
            self.let_late_calls_in();
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
        self.answer(call).map(Arc::unwrap_or_clone)
    }

    /// Answers one API call at this moment, and writes both down.
    pub(super) fn answer(&mut self, call: &Call) -> Result<Arc<Value>, ApiError> {
        let outcome = self.at(call, |region, lent| region.dispatch(lent, call)).map(Arc::new);
        self.journal.api(self.now, call, &outcome);
        if !call.only_looks() {
            self.keep_past(Kept::Next);
        }
        outcome
    }

    /// Answers a read as of `lag` milliseconds ago, and writes nothing down. `None` for services that have no past.
    pub(super) fn answer_of_the_past(&mut self, call: &Call, lag: i64) -> Option<Result<Value, ApiError>> {
        let then = self.now.plus_millis(-lag);
        self.at(call, |region, lent| region.answer_as_of(then, lent, call))
    }

    /// Pushes a new image behind a tag and returns its digest, `sha256:…`.
    ///
    /// # Errors
    ///
    /// `RepositoryNotFoundException`, `ImageTagAlreadyExistsException`.
    pub fn push_image(&mut self, now: Time, repository: &str, tag: &str) -> Result<String, ApiError> {
        self.advance_to(now);
        let digest = self.home.ecr.push(repository, tag, self.now, &mut self.rng)?;
        let fields = json!({"repository": repository, "tag": tag, "digest": digest});
        self.journal.event(self.now, "image.pushed", fields);
        Ok(digest)
    }

    /// How containers behave that start from now on. `subject` is a task definition family, an image digest, an image
    /// as a container definition names it, or its `repository:tag`; the family is the strongest.
    pub fn set_app(&mut self, subject: &str, app: App) {
        self.home.ecs.set_app(subject, app);
    }

    /// What containers of a task definition family write that start from now on: milliseconds after RUNNING, and a line.
    pub fn set_log(&mut self, family: &str, lines: Vec<LogLine>) {
        self.home.ecs.set_log(family, lines);
    }

    /// How long containers of a subject (as in [`Simulator::set_app`]) take to end after SIGTERM. Beyond
    /// `stopTimeout` they are killed, with exit code 137.
    pub fn set_exit_after_sigterm(&mut self, subject: &str, ms: i64) {
        self.home.ecs.set_exit_after_sigterm(subject, ms);
    }

    /// Whether FARGATE_SPOT can place tasks.
    pub fn set_spot_capacity(&mut self, available: bool) {
        self.journal.event(self.now, "spot.capacity", json!({ "available": available }));
        self.home.ecs.set_spot_capacity(available);
    }

    /// What services have to carry from now on: all whose name has this part. How many there are.
    pub fn set_load(&mut self, service: &str, load: Load) -> usize {
        let services = self.home.ecs.services_like(service);
        services.iter().for_each(|(cluster, service)| self.home.auto_scaling.set_load(cluster, service, load));
        services.len()
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
        self.home.truth(self.now)
    }

    /// The same of another place; `None` where nobody has called yet.
    pub fn world_json_at(&self, place: &Place) -> Option<Value> {
        if *place == self.home.place {
            return Some(self.world_json());
        }
        self.others.get(place).map(|region| region.truth(self.now))
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
        let Place { account, region } = self.home.place.clone();
        let knobs = self.knobs.clone();
        *self = Simulator::new(Config { account, region, seed: self.seed, start: self.now, knobs });
    }

    /// Forgets what was written down so far.
    pub(super) fn clear_journal(&mut self) {
        self.journal = Journal::default();
    }

    /// Keeps the present for late reads, if there may be any.
    fn keep_past(&mut self, kept: Kept) {
        let (now, depth) = (self.now, self.faults.longest_lag().max(self.knobs.read_lag_ms));
        self.regions_mut().for_each(|region| region.keep_past(kept, now, depth));
    }

    /// Does what is due at this moment, everywhere.
    fn fire_due(&mut self) {
        for region in std::iter::once(&mut self.home).chain(self.others.values_mut()) {
            let mut lent = Lent { now: self.now, knobs: &self.knobs, rng: &mut self.rng, journal: &mut self.journal };
            region.fire_due(&mut lent);
        }
    }

    fn regions_mut(&mut self) -> impl Iterator<Item = &mut Region> {
        std::iter::once(&mut self.home).chain(self.others.values_mut())
    }

    /// The region that a call is sent to, at work. It comes to be when it is first called.
    pub(super) fn at<T>(&mut self, call: &Call, act: impl FnOnce(&mut Region, &mut Lent<'_>) -> T) -> T {
        let region = match &call.place {
            Some(place) if *place != self.home.place => {
                let seed = self.seed;
                self.others.entry(place.clone()).or_insert_with(|| Region::new(place.clone(), seed))
            }
            Some(_) | None => &mut self.home,
        };
        let mut lent = Lent { now: self.now, knobs: &self.knobs, rng: &mut self.rng, journal: &mut self.journal };
        act(region, &mut lent)
    }

    /// ECS of the account at work.
    pub(super) fn with_scene<T>(&mut self, act: impl FnOnce(&mut Ecs, &mut Scene<'_>) -> T) -> T {
        let mut lent = Lent { now: self.now, knobs: &self.knobs, rng: &mut self.rng, journal: &mut self.journal };
        self.home.with_scene(&mut lent, act)
    }
}
