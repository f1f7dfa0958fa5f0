//! What a person can do about a rollout that did not end well: each case, with the commands for it.

/// How a person goes on from a rollout that did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// Rows are not as they were wanted: everything begins anew.
    Start,
    /// The rows are as they were wanted: the task alone may be tried again.
    Retry,
    /// Whether AWS ever accepted the task stands in CloudTrail.
    AskCloudTrail,
    /// How the task ended stands in its log.
    ReadTheLog,
    /// A task of the attempt is there after all, and alive.
    WaitForTheTask,
    /// A task of the attempt is there after all, and shows how it ended.
    LookAtTheTask,
    /// The table has no task row any more, so that the task cannot be tried again.
    Say,
}

impl WayOut {
    /// What to do, with the commands for it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Start => "when the cause is mended, `evenkeel rollout start` begins a new rollout",
            Self::Retry => {
                "when the cause is mended, `evenkeel rollout retry` runs the task again once the gate has held again, and \
                 `evenkeel rollout start` begins a new rollout"
            }
            Self::AskCloudTrail => {
                "look for RunTask with that startedBy in CloudTrail: if there is none, or it was refused, \
                 `evenkeel rollout retry`; if a task ran, `evenkeel rollout resolve --as succeeded` or `--as failed` by its log"
            }
            Self::ReadTheLog => {
                "read the task's log, its id is in the stream's name: `evenkeel rollout resolve --as succeeded` if it did \
                 its work, `--as failed` if not; `evenkeel rollout retry` runs it again"
            }
            Self::WaitForTheTask => {
                "wait until it has stopped, then `evenkeel rollout resolve --as succeeded` or `--as failed` by its exit code \
                 and its log"
            }
            Self::Say => {
                "look for its RunTask in CloudTrail and read its log: `evenkeel rollout resolve --as succeeded` if it did its \
                 work, `--as failed` if not; the table has no task row that could run it again"
            }
            Self::LookAtTheTask => {
                "`evenkeel rollout resolve --as succeeded` or `--as failed` by its exit code and its log, or \
                 `evenkeel rollout retry` to run it again"
            }
        }
    }
}
