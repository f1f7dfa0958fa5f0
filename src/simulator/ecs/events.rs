//! Service events, in ECS's own words.
//!
//! Owns the texts, and the rules of the list: newest first, a hundred at most, and no complaint twice within six
//! hours. The texts were read from events of production services; dashboards and tests match on them.
//!
//! Divergence from AWS: events about protection and placement constraints do not occur.

use serde_json::json;

use super::service::{Service, ServiceEvent, ServiceId};
use super::state::{Ecs, Scene};
use super::task::TaskId;
use crate::simulator::arn;

/// Events that a service keeps.
const KEPT: usize = 100;

/// Something that a service says once until it is resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Complaint {
    /// Tasks fail before they run.
    CannotStart,
    /// No capacity for the next task.
    CannotPlace,
    /// Tasks are launched too fast, or too many wait for their interface.
    Throttled,
    /// Nothing may be started and nothing may be stopped.
    Deadlock,
    /// Some availability zones have more tasks than others.
    UnevenZones,
    /// Tasks that should go are protected.
    Protected,
}

impl Complaint {
    fn key(self) -> &'static str {
        match self {
            Complaint::CannotStart => "start",
            Complaint::CannotPlace => "place",
            Complaint::Throttled => "throttled",
            Complaint::Deadlock => "deadlock",
            Complaint::UnevenZones => "zones",
            Complaint::Protected => "protected",
        }
    }
}

impl Ecs {
    /// `(service S) <what>`
    pub(super) fn say(&mut self, scene: &mut Scene<'_>, id: ServiceId, what: &str) {
        let service = self.service_mut(id);
        let message = format!("(service {}) {what}", service.name);
        append(service, scene, message);
    }

    /// `(service S, taskSet ecs-svc/N) <what>`
    pub(super) fn say_of_deployment(&mut self, scene: &mut Scene<'_>, id: ServiceId, deployment: &str, what: &str) {
        let service = self.service_mut(id);
        let message = format!("(service {}, taskSet {deployment}) {what}", service.name);
        append(service, scene, message);
    }

    /// Complains, unless the same complaint still stands and is younger than six hours.
    pub(super) fn complain(&mut self, scene: &mut Scene<'_>, id: ServiceId, complaint: Complaint, what: &str) {
        let repeat = scene.knobs.complaint_repeat_ms;
        let now = scene.now;
        let service = self.service_mut(id);
        let last = service.complaints.get(complaint.key());
        if last.is_none_or(|last| now.since(*last) >= repeat) {
            service.complaints.insert(complaint.key().to_owned(), now);
            self.say(scene, id, what);
        }
    }

    /// The complaint is resolved; it will be made again when it comes up again. True if it was standing.
    pub(super) fn resolve(&mut self, id: ServiceId, complaint: Complaint) -> bool {
        self.service_mut(id).complaints.remove(complaint.key()).is_some()
    }
}

/// `(task T1) (task T2)`
pub(super) fn name_tasks(tasks: &[TaskId]) -> String {
    tasks.iter().map(|task| format!("(task {task})")).collect::<Vec<_>>().join(" ")
}

fn append(service: &mut Service, scene: &mut Scene<'_>, message: String) {
    let id = arn::uuid(scene.rng);
    scene.note(
        "service.event",
        json!({"cluster": service.cluster, "service": service.name, "id": id, "message": message}),
    );
    service.events.push_front(ServiceEvent { id, at: scene.now, message });
    service.events.truncate(KEPT);
}
