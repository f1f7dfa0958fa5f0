//! What AWS durably has, as small as the launch protocol allows: tags, services, one-off tasks, tokens, and time.
//!
//! Knows how AWS behaves and nothing of what is wanted. Times are whole seconds since the model began; the numbers are
//! those of docs/rollout.md. What is left out stands in docs/testing.md.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads may be this much behind, and no more.
pub(crate) const LAG: i64 = 5 * 60;
/// ECS shows a stopped task, and honours its token, for this long.
pub(crate) const KEPT: i64 = 60 * 60;
/// A token lives no longer than this.
pub(crate) const TOKEN: i64 = 24 * 60 * 60;
/// How many older values of the tags a read may still find.
const VERSIONS: usize = 2;

/// The tags of the table, by the last part of their keys.
pub(crate) type Tags = BTreeMap<String, Arc<str>>;

/// The whole of it.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Aws {
    pub(crate) now: i64,
    pub(crate) tags: Tags,
    /// Older values, the newest first, and when each was overwritten.
    pub(crate) tags_before: Vec<(Tags, i64)>,
    pub(crate) rows: Vec<Service>,
    /// The services before their newest change, and when that was.
    pub(crate) rows_before: Option<(Vec<Service>, i64)>,
    pub(crate) tasks: Vec<OneOff>,
    /// Tokens whose RunTask started nothing: the answer is repeated.
    pub(crate) failures: Vec<Arc<str>>,
}

/// A service, as its newest deployment and what is left of the ones before.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Service {
    /// The PRIMARY deployment.
    pub(crate) version: Version,
    pub(crate) stage: Stage,
    /// The oldest deployment that still has a task.
    pub(crate) oldest: u8,
    /// How many deployments there ever were: none has the serial of another.
    pub(crate) made: u8,
    /// The newest deployment that was COMPLETED, to which ECS can go back.
    pub(crate) completed: Version,
    /// When the newest deployment was made that ECS undid.
    pub(crate) undone: Option<i64>,
}

/// A deployment of a service.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Version {
    /// Counts the service's deployments.
    pub(crate) serial: u8,
    /// When it was made.
    pub(crate) created: i64,
    /// Whether its task definition has more vCPU than at first.
    pub(crate) large: bool,
}

/// How far a service's newest deployment is.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its task starts; older ones run.
    Rolling,
    /// COMPLETED; older tasks are on their way out.
    Draining,
    /// Older tasks are STOPPED.
    Done,
}

/// A task that RunTask started.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct OneOff {
    pub(crate) serial: u8,
    pub(crate) token: Arc<str>,
    pub(crate) started_by: Arc<str>,
    pub(crate) created: i64,
    pub(crate) life: Life,
}

/// Where in its life a one-off task is.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Life {
    /// Anything from PROVISIONING to DEPROVISIONING; its containers may run.
    Alive,
    /// STOPPED at this moment, having run, with exit code 0.
    Ended(i64),
    /// STOPPED at this moment, having run, with exit code 3.
    Failed(i64),
    /// STOPPED at this moment without ever having run.
    NeverStarted(i64),
}

/// What RunTask says.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Ran {
    /// A new task.
    New(u8),
    /// The task that this token made before.
    Before(u8),
    /// `failures[]`.
    Failures,
}

impl Aws {
    /// Services that were deployed long ago.
    pub(crate) fn settled(rows: usize) -> Self {
        let version = Version { serial: 1, created: -3600, large: false };
        let service = Service { version, stage: Stage::Done, oldest: 1, made: 1, completed: version, undone: None };
        Self {
            now: 0,
            tags: Tags::new(),
            tags_before: Vec::new(),
            rows: vec![service; rows],
            rows_before: None,
            tasks: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// TagResource: the last write wins.
    pub(crate) fn tag(&mut self, written: &[(String, Arc<str>)]) {
        let before = self.tags.clone();
        self.tags.extend(written.iter().cloned());
        if before != self.tags {
            self.tags_before.insert(0, (before, self.now));
            self.tags_before.truncate(VERSIONS);
        }
    }

    /// UpdateService with a forced deployment, whoever sends it. No two are made at one moment.
    pub(crate) fn kick(&mut self, row: usize) {
        self.now += 1;
        self.rows_before = Some((self.rows.clone(), self.now));
        let (service, now) = (&mut self.rows[row], self.now);
        service.made += 1;
        service.version = Version { serial: service.made, created: now, ..service.version };
        service.stage = Stage::Rolling;
    }

    /// The same, with a task definition that has more vCPU.
    pub(crate) fn grow(&mut self, row: usize) {
        self.kick(row);
        self.rows[row].version.large = true;
    }

    /// ECS goes back to what was COMPLETED: because a person says so, or because the deployment does not get up. What the
    /// deployment had started is gone at once.
    pub(crate) fn undo(&mut self, row: usize) {
        if self.rows[row].stage != Stage::Rolling {
            return;
        }
        self.now += 1;
        self.rows_before = Some((self.rows.clone(), self.now));
        let service = &mut self.rows[row];
        service.undone = Some(service.version.created);
        service.version = service.completed;
        (service.stage, service.oldest) = (Stage::Done, service.version.serial);
    }

    /// A deployment gets further.
    pub(crate) fn roll(&mut self, row: usize) {
        let service = &mut self.rows[row];
        service.stage = match service.stage {
            Stage::Rolling => {
                service.completed = service.version;
                Stage::Draining
            }
            Stage::Draining | Stage::Done => {
                service.oldest = service.version.serial;
                Stage::Done
            }
        };
    }

    /// RunTask. `startable` says whether there is capacity.
    pub(crate) fn run(&mut self, token: &Arc<str>, started_by: &Arc<str>, startable: bool) -> Ran {
        let lives = |task: &&OneOff| task.token == *token && task.token_until() > self.now;
        if let Some(task) = self.tasks.iter().find(lives) {
            return Ran::Before(task.serial);
        }
        if self.failures.contains(token) || !startable {
            if !self.failures.contains(token) {
                self.failures.push(token.clone());
            }
            return Ran::Failures;
        }
        let serial = u8::try_from(self.tasks.len()).expect("a bounded model runs few tasks");
        let (token, started_by) = (token.clone(), started_by.clone());
        self.tasks.push(OneOff { serial, token, started_by, created: self.now, life: Life::Alive });
        Ran::New(serial)
    }

    /// Time goes by, and with it what a late read may still show.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += seconds;
        let now = self.now;
        self.tags_before.retain(|(_, until)| now - until <= LAG);
        self.rows_before = self.rows_before.take().filter(|(_, until)| now - until <= LAG);
    }

    /// Nobody reads late any more.
    pub(crate) fn forget_the_past(&mut self) {
        self.tags_before.clear();
        self.rows_before = None;
    }
}

impl Service {
    /// Whether tasks of older deployments are short of STOPPED.
    pub(crate) fn has_old_tasks(&self) -> bool {
        self.oldest < self.version.serial
    }
}

impl OneOff {
    /// Anything short of STOPPED.
    pub(crate) fn is_alive(&self) -> bool {
        self.stopped().is_none()
    }

    /// Whether its containers ran, or may have.
    pub(crate) fn has_run(&self) -> bool {
        matches!(self.life, Life::Alive | Life::Ended(_) | Life::Failed(_))
    }

    /// When it was STOPPED.
    pub(crate) fn stopped(&self) -> Option<i64> {
        match self.life {
            Life::Alive => None,
            Life::Ended(at) | Life::Failed(at) | Life::NeverStarted(at) => Some(at),
        }
    }

    /// Whether any read can still show it.
    pub(crate) fn is_kept(&self, now: i64) -> bool {
        self.stopped().is_none_or(|at| now < at + KEPT)
    }

    /// ECS: a day, or the task's lifetime and an hour, whichever is shorter.
    fn token_until(&self) -> i64 {
        self.stopped().map_or(self.created + TOKEN, |at| (at + KEPT).min(self.created + TOKEN))
    }
}
