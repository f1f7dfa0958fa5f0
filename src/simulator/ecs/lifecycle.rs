//! The life of a task, from PROVISIONING until it runs or fails to.
//!
//! Owns the way up. Sequence: PROVISIONING, interface attached, PENDING, images pulled, RUNNING, registered. A task
//! with several target groups or a service registry is registered in ACTIVATING, before RUNNING. The way down is in
//! `stopping`. Every step first looks whether its task still is where the step expects it.
//!
//! Divergence from AWS: an app begins to run, and to count its time, with RUNNING; in ACTIVATING it only answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::app::App;
use super::service::ServiceId;
use super::state::{Ecs, Scene};
use super::task::{Health, LastStatus, Owner, Task, TaskId};
use super::timers::{Step, Timer};
use crate::simulator::ecr::Resolved;
use crate::simulator::elb::Answer;

impl Ecs {
    /// PROVISIONING ends: the interface is attached.
    pub(super) fn connect(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.rising(id, LastStatus::Provisioning) else { return };
        task.moments.connectivity = Some(scene.now);
        self.set_status(scene, id, LastStatus::Pending);
        self.after(scene, scene.knobs.pending_ms, id, Step::PullStarts);
    }

    /// The pull starts: image tags become digests, the deployment's own if it has pinned them.
    pub(super) fn start_pull(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.rising(id, LastStatus::Pending) else { return };
        task.moments.pull_started = Some(scene.now);
        let task = &self.tasks[id];
        let pins = self.pins_of(task);
        let mut digests = Vec::new();
        let mut error = None;
        for container in &task.containers {
            let pinned = pins.get(&container.name).map(|digest| by_digest(&container.image, digest));
            match scene.ecr.resolve(pinned.as_deref().unwrap_or(&container.image)) {
                Resolved::Digest(digest) => digests.push(Some(digest)),
                Resolved::Foreign(digest) => {
                    digests.push(Some(pins.get(&container.name).cloned().unwrap_or(digest)));
                }
                Resolved::Missing(reason) => {
                    digests.push(None);
                    error = Some(reason);
                }
            }
        }
        let task = self.tasks.get_mut(id).expect("it was there a moment ago");
        for (container, digest) in task.containers.iter_mut().zip(digests) {
            container.digest = digest;
        }
        let resolved = error.is_none();
        task.pull_error = error;
        if resolved {
            self.pin(id);
        }
        self.after(scene, scene.knobs.pull_ms, id, Step::PullEnds);
    }

    /// The pull ends, one way or the other.
    pub(super) fn end_pull(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.rising(id, LastStatus::Pending) else { return };
        if let Some(reason) = task.pull_error.clone() {
            return self.fail_to_start(scene, id, reason);
        }
        task.moments.pull_stopped = Some(scene.now);
        self.after(scene, scene.knobs.start_ms, id, Step::Starts);
    }

    /// The containers run: RUNNING, or ACTIVATING for a task that must be known in several places first.
    pub(super) fn start_containers(&mut self, scene: &mut Scene<'_>, id: &str) {
        if self.rising(id, LastStatus::Pending).is_none() {
            return;
        }
        if !self.activates(id) {
            return self.begin(scene, id);
        }
        self.set_status(scene, id, LastStatus::Activating);
        self.after(scene, scene.knobs.register_ms, id, Step::Activated);
    }

    /// ACTIVATING ends: the task is registered, and RUNNING.
    pub(super) fn activated(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.rising(id, LastStatus::Activating) else { return };
        let Some(service) = task.service() else { return };
        let mut registered = BTreeMap::new();
        self.register_task(scene, service, id, &mut registered);
        self.say_registered(scene, service, registered);
        self.begin(scene, id);
    }

    /// A slow app begins to answer.
    pub(super) fn serve(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get(id).filter(|task| task.serves_at == Some(scene.now)) else { return };
        if task.last_status <= LastStatus::Deactivating {
            scene.elb.set_answer(task.interface.ip, Answer::Serving);
        }
    }

    fn begin(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        task.moments.started = Some(scene.now);
        self.set_status(scene, id, LastStatus::Running);
        let task = &self.tasks[id];
        let serves_at = self.slowness_of(task).map(|ms| scene.now.plus_millis(ms));
        let (exit, never_healthy) = (self.exit_of(task, scene), self.is_never_healthy(task));
        let task = self.tasks.get_mut(id).expect("it was there a moment ago");
        (task.exit, task.never_healthy, task.serves_at) = (exit, never_healthy, serves_at);
        let task = &self.tasks[id];
        scene.note("task.images", images(task, scene));
        self.begin_output(scene, id);
        let task = &self.tasks[id];
        let answer = match (task.never_healthy, serves_at) {
            (true, _) => Answer::Status(503),
            (false, Some(_)) => Answer::Refusing,
            (false, None) => Answer::Serving,
        };
        scene.elb.set_answer(task.interface.ip, answer);
        if let Some(at) = serves_at {
            self.timers.set(at, Timer::Task(id.to_owned(), Step::Serves));
        }
        if let Some((ms, _)) = task.exit {
            self.timers.set(scene.now.plus_millis(ms), Timer::Task(id.to_owned(), Step::AppExits));
        }
        self.set_health_check(scene, id);
        if let Owner::Service { service, deployment } = self.tasks[id].owner.clone() {
            self.note_start(service, &deployment);
            self.register_later(scene, service);
        }
    }

    /// The verdict of the container health checks: what the app answers, after as many checks as it takes.
    pub(super) fn check_health(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get(id).filter(|task| task.last_status == LastStatus::Running) else { return };
        let late = task.serves_at.filter(|at| *at > scene.now);
        let verdict = if task.never_healthy || late.is_some() { Health::Unhealthy } else { Health::Healthy };
        if let Some(at) = late {
            self.timers.set(at, Timer::Task(id.to_owned(), Step::HealthChecked));
        }
        let service = task.service();
        let task = self.tasks.get_mut(id).expect("it was there a moment ago");
        for container in task.containers.iter_mut().filter(|container| container.health_check.is_some()) {
            container.health = verdict;
        }
        task.version += 1;
        scene.note(
            "task.health",
            json!({"task": scene.place.task(&task.cluster, id), "unhealthy": verdict == Health::Unhealthy}),
        );
        if let Some(service) = service {
            self.wake(scene, service);
        }
    }

    /// Registers every running task of a service that is not registered yet.
    pub(super) fn register(&mut self, scene: &mut Scene<'_>, service: ServiceId) {
        let due = scene.now.plus_millis(-scene.knobs.register_ms / 2);
        let ready = |task: &&Task| {
            task.is_running() && task.targets.is_empty() && task.moments.started.is_some_and(|started| started <= due)
        };
        let ids: Vec<TaskId> = self.tasks_of(service).filter(ready).map(|task| task.id.clone()).collect();
        let mut registered = BTreeMap::new();
        for id in ids {
            self.register_task(scene, service, &id, &mut registered);
        }
        self.say_registered(scene, service, registered);
    }

    /// Registers a task with all of its target groups, and counts them.
    fn register_task(
        &mut self,
        scene: &mut Scene<'_>,
        service: ServiceId,
        id: &str,
        registered: &mut BTreeMap<String, usize>,
    ) {
        let balancers = self.services[&service].deployment(self.tasks[id].deployment());
        let balancers = balancers.map(|deployment| deployment.spec.load_balancers.clone()).unwrap_or_default();
        let task = self.tasks.get_mut(id).expect("it was there a moment ago");
        for balancer in balancers {
            // Only a target group that somebody deleted refuses; ECS goes on without it.
            if scene.elb.register(&balancer.target_group, task.interface.ip, balancer.port, scene.now).is_ok() {
                task.targets.push((balancer.target_group.clone(), balancer.port));
                *registered.entry(balancer.target_group).or_default() += 1;
            }
        }
    }

    fn say_registered(&mut self, scene: &mut Scene<'_>, service: ServiceId, registered: BTreeMap<String, usize>) {
        for (group, count) in registered {
            self.say(scene, service, &format!("registered {count} targets in (target-group {group})"));
        }
    }

    /// Whether a task has an ACTIVATING: several target groups, or a service registry.
    fn activates(&self, id: &str) -> bool {
        let Some(Owner::Service { service, deployment }) = self.tasks.get(id).map(|task| &task.owner) else {
            return false;
        };
        let deployment = self.services.get(service).and_then(|service| service.deployment(deployment));
        deployment.is_some_and(|deployment| {
            let registries = deployment.spec.registries.as_array().map_or(0, Vec::len);
            deployment.spec.load_balancers.len() > 1 || registries > 0
        })
    }

    /// Notes that a task changed its status; `from` is nothing for a new task.
    pub(super) fn note_status(&self, scene: &mut Scene<'_>, id: &str, from: Option<LastStatus>) {
        let Some(task) = self.tasks.get(id) else { return };
        let mut fields = json!({
            "task": scene.place.task(&task.cluster, id),
            "cluster": task.cluster,
            "group": task.group,
            "family": task.family,
            "startedBy": task.started_by,
            "from": from.map(LastStatus::word),
            "to": task.last_status.word(),
            "desired": if task.told_to_stop { "STOPPED" } else { "RUNNING" },
        });
        if let Some(service) = task.service().and_then(|id| self.services.get(&id)) {
            fields["service"] = json!(service.name);
            fields["deployment"] = json!(task.deployment());
        }
        if let Some(cause) = &task.cause {
            fields["stopCode"] = json!(cause.code.word());
        }
        if task.last_status == LastStatus::Stopped {
            fields["exitCodes"] =
                task.containers.iter().map(|c| json!({"container": c.name, "exitCode": c.exit_code})).collect();
        }
        scene.note("task.status", fields);
    }

    /// Changes the status of a task, writes it down and wakes its service.
    pub(super) fn set_status(&mut self, scene: &mut Scene<'_>, id: &str, to: LastStatus) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let from = std::mem::replace(&mut task.last_status, to);
        if from == LastStatus::Provisioning {
            let provisioning = self.provisioning.entry(task.cluster.clone()).or_default();
            *provisioning = provisioning.saturating_sub(1);
        }
        task.version += 1;
        let service = task.service();
        self.note_status(scene, id, Some(from));
        if let Some(service) = service {
            self.wake(scene, service);
        }
    }

    /// Sets a step of a task's life, about `ms` from now.
    pub(super) fn after(&mut self, scene: &mut Scene<'_>, ms: i64, id: &str, step: Step) {
        let at = scene.now.plus_millis(scene.about(ms));
        self.timers.set(at, Timer::Task(id.to_owned(), step));
    }

    /// When after RUNNING and how the app ends by itself: the first of the essential containers.
    fn exit_of(&self, task: &Task, scene: &Scene<'_>) -> Option<(i64, i64)> {
        let exit = |app: App| match app {
            App::CrashesAfter { ms, exit_code } | App::ExitsAfter { ms, exit_code } => Some((ms, exit_code)),
            App::NeverHealthy | App::ServesAfter { .. } => None,
            App::Healthy => (task.owner == Owner::RunTask).then_some((scene.knobs.one_off_run_ms, 0)),
        };
        let essential = task.containers.iter().filter(|container| container.essential);
        let apps = essential.map(|c| self.apps.behaviour(&task.family, &c.image, c.digest.as_deref()));
        apps.filter_map(exit).min()
    }

    fn is_never_healthy(&self, task: &Task) -> bool {
        let mut apps = task.containers.iter().map(|c| self.apps.behaviour(&task.family, &c.image, c.digest.as_deref()));
        apps.any(|app| app == App::NeverHealthy)
    }

    /// How long after RUNNING the slowest of the apps begins to answer, if not at once.
    fn slowness_of(&self, task: &Task) -> Option<i64> {
        let apps = task.containers.iter().map(|c| self.apps.behaviour(&task.family, &c.image, c.digest.as_deref()));
        let slowness = |app: App| match app {
            App::ServesAfter { ms } => Some(ms),
            App::Healthy | App::NeverHealthy | App::CrashesAfter { .. } | App::ExitsAfter { .. } => None,
        };
        apps.filter_map(slowness).max()
    }

    /// A task on its way up, if it still is where a step expects it and nobody told it to stop.
    fn rising(&mut self, id: &str, status: LastStatus) -> Option<&mut Task> {
        self.tasks.get_mut(id).filter(|task| task.last_status == status && task.is_live())
    }

    fn register_later(&mut self, scene: &mut Scene<'_>, service: ServiceId) {
        let at = scene.now.plus_millis(scene.about(scene.knobs.register_ms));
        self.timers.set(at, Timer::Register(service));
    }

    fn set_health_check(&mut self, scene: &mut Scene<'_>, id: &str) {
        let task = &self.tasks[id];
        let Some(check) = task.containers.iter().find_map(|container| container.health_check.clone()) else { return };
        let seconds = |key: &str, default: i64| check[key].as_i64().unwrap_or(default);
        let (interval, start) = (seconds("interval", 30).max(1), seconds("startPeriod", 0));
        let given_up = start + interval * seconds("retries", 3);
        let late_s = task.serves_at.map_or(0, |at| at.since(scene.now).div_euclid(1000));
        // The first check that passes, or the last of those that do not.
        let passed = (late_s.div_euclid(interval) + 1) * interval;
        let wait = if task.never_healthy { given_up } else { passed.min(given_up.max(interval)) };
        self.timers.set(scene.now.plus_millis(wait * 1000), Timer::Task(id.to_owned(), Step::HealthChecked));
    }
}

/// `repository@sha256:…` for `repository:tag`.
fn by_digest(image: &str, digest: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let tag = name.rfind(':').filter(|colon| !name[*colon..].contains('/'));
    format!("{}@{digest}", &name[..tag.unwrap_or(name.len())])
}

fn images(task: &Task, scene: &Scene<'_>) -> Value {
    let images: Value =
        task.containers.iter().map(|c| json!({"container": c.name, "image": c.image, "digest": c.digest})).collect();
    json!({"task": scene.place.task(&task.cluster, &task.id), "group": task.group, "images": images})
}
