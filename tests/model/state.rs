//! What there is in a model, and what may happen next: bounds, states, moves.
//!
//! Values only; what comes of a move is `protocol`'s.

use std::sync::Arc;

use evenkeel::plan::command::Want;

use super::aws::Aws;
use super::guards::Without;
use super::harm::Harm;
use super::people::Giving;
use super::process::Process;
use super::start::Start;
use super::tables::{Asked, AtIssue, Edit};

/// What a model begins with, and how much may happen in it.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) rows: usize,
    pub(crate) edit: Edit,
    pub(crate) controllers: usize,
    pub(crate) budget: Budget,
    /// How time may pass, in seconds.
    pub(crate) waits: &'static [i64],
    pub(crate) start: Start,
    /// Whether the task row names an initial deployment.
    pub(crate) initial: bool,
    pub(crate) without: Without,
    /// The harm that is looked for when guards are taken away.
    pub(crate) expected: Option<Harm>,
}

/// How often something may still happen.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Budget {
    /// New deployments of a row by others.
    pub(crate) kicks: u8,
    /// Requests by people.
    pub(crate) requests: u8,
    /// Commands by people.
    pub(crate) commands: u8,
    /// Deployments that ECS undoes, and tasks that end with exit code 3.
    pub(crate) bad: u8,
    /// Late looks, reads that fail, lost answers, steps that are not sent, crashes, tasks that do not start.
    pub(crate) faults: u8,
    /// Looks that leave out tasks on their way out; each is a fault too.
    pub(crate) short: u8,
    /// Tasks of the family that somebody runs by hand.
    pub(crate) by_hand: u8,
    /// Controllers that read the edited table.
    pub(crate) edits: u8,
    /// Steps of time.
    pub(crate) waits: u8,
}

/// One state of everything.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) aws: Aws,
    /// Sorted: which controller is which makes no difference.
    pub(crate) processes: Vec<Process>,
    pub(crate) budget: Budget,
    /// Attempts that were written down as unknown, by their `startedBy`.
    pub(crate) given_up: Vec<Arc<str>>,
    /// Ends that were written down.
    pub(crate) over: Vec<Over>,
    /// A command that a person is about to give.
    pub(crate) giving: Option<Giving>,
    /// Commands that were acknowledged, by their tags.
    pub(crate) said: Vec<Arc<str>>,
    /// Requests that were acknowledged.
    pub(crate) requests: Vec<Asked>,
    /// The row that comes or goes.
    pub(crate) at_issue: Option<AtIssue>,
    /// The frontier of the first record ever: what was kicked before is nobody's business.
    pub(crate) contact: Option<i64>,
    pub(crate) harm: Option<Harm>,
}

/// An end that was written down.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) rollout: Arc<str>,
    /// 0 if none was made.
    pub(crate) attempt: u32,
    /// Whether it is that the attempt could not be started: that one process was refused says nothing of a call of another's
    /// that is on its way. Every other end is written when nothing can come any more.
    pub(crate) at_start: bool,
}

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// A controller looks, as late as it may be or with a read that fails, and decides.
    Look(usize, Sight),
    /// AWS gets a controller's next step.
    Take(usize, How),
    /// A controller dies; another starts in its place.
    Crash(usize),
    /// A controller reads the table again, which was edited.
    Read(usize),
    /// Somebody forces a new deployment of a row.
    Kick(usize),
    /// A person asks for a rollout, and is told that it is written down.
    Request,
    /// A person looks whether a command can be given.
    Say(Want),
    /// It is written down, and the person told so.
    Give,
    /// The person dies over it.
    Drop,
    /// ECS undoes a deployment that does not get up.
    Undo(usize),
    /// A one-off task ends with exit code 3.
    Fail(usize),
    /// A deployment gets further.
    Roll(usize),
    /// A one-off task ends by itself.
    End(usize),
    /// A one-off task stops before it ran.
    NeverStart(usize),
    /// Somebody runs the task by hand.
    ByHand,
    /// Time goes by.
    Wait(i64),
}

/// How late a look is; each kind of fact by itself, since each has replicas of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Which older value of the tags; 0 is the newest.
    pub(crate) tags: usize,
    /// The services before their newest change.
    pub(crate) rows: bool,
    /// Tasks that RunTask has just made are not listed yet.
    pub(crate) tasks: bool,
    /// Tasks on their way out are not listed.
    pub(crate) short: bool,
    /// What could not be read.
    pub(crate) unread: &'static [Fact],
}

/// What is read by calls of its own, each of which may fail.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The cluster and its tags; without it nothing else is asked for.
    Cluster,
    /// The services; without them nothing of the rows is asked for.
    Services,
    /// What ECS undid.
    Undone,
    /// The tasks.
    Tasks,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is done and answered.
    Done,
    /// It is done, and the answer never comes.
    AnswerLost,
    /// It never reaches AWS.
    NotSent,
    /// RunTask finds no capacity.
    Failures,
    /// RunTask is refused: this process may not.
    Refused,
}

impl Sight {
    pub(crate) const FRESH: Self = Self { tags: 0, rows: false, tasks: false, short: false, unread: &[] };
}

impl Fact {
    /// What may fail to be read at once, where the cluster is.
    pub(crate) const UNREAD: [&[Self]; 6] = [
        &[],
        &[Self::Services],
        &[Self::Undone],
        &[Self::Tasks],
        &[Self::Services, Self::Tasks],
        &[Self::Undone, Self::Tasks],
    ];
}
