//! What runs inside of the containers: how the simulated apps behave.
//!
//! Owns behaviours and whom they belong to. When a behaviour takes effect belongs to the task lifecycle.
//!
//! Divergence from AWS: AWS runs real software; this is what it would look like from outside.

use std::collections::BTreeMap;

/// How an app behaves once it runs. Durations are milliseconds after RUNNING.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum App {
    /// Runs on and answers health checks; as a task of RunTask it ends after `Knobs::one_off_run_ms` with exit code
    /// 0.
    #[default]
    Healthy,
    /// Answers health checks, and then ends by itself as a program does that failed.
    CrashesAfter {
        /// Milliseconds after RUNNING.
        ms: i64,
        /// What the container exits with.
        exit_code: i64,
    },
    /// Runs on and answers every health check with 503.
    NeverHealthy,
    /// Refuses connections at first, and then answers health checks: a program that is slow to start.
    ServesAfter {
        /// Milliseconds after RUNNING.
        ms: i64,
    },
    /// Answers health checks, and then ends by itself as a program does whose work is done.
    ExitsAfter {
        /// Milliseconds after RUNNING.
        ms: i64,
        /// What the container exits with.
        exit_code: i64,
    },
}

/// Behaviours by subject: a task definition family, an image digest, an image as containers name it, or its
/// `repository:tag`.
#[derive(Clone, Default, Debug)]
pub(super) struct Apps {
    behaviours: BTreeMap<String, App>,
    exits: BTreeMap<String, i64>,
}

impl Apps {
    /// From now on, containers of `subject` that start behave like this.
    pub(super) fn set(&mut self, subject: &str, app: App) {
        self.behaviours.insert(subject.to_owned(), app);
    }

    /// From now on, containers of `subject` take this many milliseconds to end after SIGTERM.
    pub(super) fn set_exit(&mut self, subject: &str, ms: i64) {
        self.exits.insert(subject.to_owned(), ms);
    }

    /// The behaviour of a container, the most specific subject first.
    pub(super) fn behaviour(&self, family: &str, image: &str, digest: Option<&str>) -> App {
        look_up(&self.behaviours, family, image, digest).unwrap_or_default()
    }

    /// How long a container takes to end after SIGTERM, if it was said.
    pub(super) fn exit_ms(&self, family: &str, image: &str, digest: Option<&str>) -> Option<i64> {
        look_up(&self.exits, family, image, digest)
    }
}

fn look_up<T: Copy>(map: &BTreeMap<String, T>, family: &str, image: &str, digest: Option<&str>) -> Option<T> {
    let short = image.split_once('/').map_or(image, |(_, rest)| rest);
    [Some(family), digest, Some(image), Some(short)].into_iter().flatten().find_map(|subject| map.get(subject).copied())
}
