//! The door between a running controller and those who watch it, or want something of it.
//!
//! Who holds a `Handle` sees the newest pass of each table, and can have a wish written down. It may be held on another
//! thread. It does not reach AWS: the controller does, and answers when the wish is durable.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;

use crate::aws::{Budgets, Meter};
use crate::model::command::Command;
use crate::model::ids::{RequestId, TableName};
use crate::model::rollout::Request;
use crate::model::row::ServiceTable;
use crate::model::traffic::{Slowed, Traffic};
use crate::model::withdrawal::Withdrawal;
use crate::plan::command::{About, Wish};
use crate::plan::hold::Hold;
use crate::plan::request::{Stands, Wanted};
use crate::reconcile::pass::PassReport;

use super::command::Given;
use super::request::Requested;

/// News that a slow watcher may fall behind by. One that falls further behind is told so, and looks at everything anew.
const NEWS: usize = 1024;

/// Wishes that may wait for the controller. Each becomes calls to AWS, so more are refused rather than kept.
pub(super) const WISHES: usize = 64;

/// The outside of the door; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    views: Arc<RwLock<BTreeMap<TableName, Arc<View>>>>,
    news: broadcast::Sender<Change>,
    names: broadcast::Sender<TableName>,
    asks: mpsc::Sender<Asked>,
    spent: Arc<OnceLock<(Meter, Budgets)>>,
}

/// The controller's side of it.
#[derive(Debug)]
pub struct Door {
    views: Arc<RwLock<BTreeMap<TableName, Arc<View>>>>,
    news: broadcast::Sender<Change>,
    names: broadcast::Sender<TableName>,
    asks: mpsc::Receiver<Asked>,
    spent: Arc<OnceLock<(Meter, Budgets)>>,
}

/// One table, as the controller last saw it.
#[derive(Clone, Debug)]
pub struct View {
    /// What is wanted.
    pub table: Arc<ServiceTable>,
    /// The newest pass; `None` before the first.
    pub report: Option<Arc<PassReport>>,
    /// When a pass last saw AWS; `None` if none did.
    pub seen: Option<Instant>,
    /// Passes that failed since.
    pub failures: u32,
    /// What broke off the newest pass: a mistake of this program.
    pub broken: Option<String>,
    /// Requests that were granted here, and that no look has shown yet.
    pub unseen: Vec<RequestId>,
}

/// Something is new about a table.
#[derive(Clone, Debug)]
pub enum Change {
    /// It was looked at, or edited.
    Seen(Arc<View>),
    /// It is not supervised any more.
    Gone(TableName),
}

/// What somebody wants of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A forced rollout.
    Rollout(Wanted),
    /// Something about the newest rollout.
    Command(Wish),
    /// Something about this rollout or request, if it is still the newest.
    CommandAbout(About, Wish),
}

/// A wish that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// A rollout is requested.
    Rollout(Request),
    /// It was requested before under the same key: which request, and how that stands. Nothing was written.
    Known(RequestId, Stands),
    /// A command is given.
    Command(Command),
    /// A request is withdrawn.
    Withdrawn(Withdrawal),
    /// It was given before under the same key: how it stands. Nothing was written.
    KnownCommand(Stands),
}

/// Why a wish was not granted; nothing was begun then.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No such table is supervised.
    #[error("no table of this name is supervised")]
    NoTable,
    /// The table or its rollout does not allow it as it stands.
    #[error("it cannot be done as the table stands")]
    Held(Vec<Hold>),
    /// Another rollout is the newest than the one that it is about.
    #[error("another rollout is the newest")]
    Another,
    /// The look by which it was judged took too long: others may have gone on by it.
    #[error("the look behind it is too old")]
    TooLate,
    /// AWS did not take the tag.
    #[error("it could not be written down")]
    NotWritten(#[source] Box<dyn Error + Send + Sync>),
    /// Too many wishes wait already.
    #[error("too many wishes are waiting")]
    Busy,
    /// The controller is ending.
    #[error("the controller is ending")]
    Ending,
}

/// A wish, and where its answer goes.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) table: TableName,
    pub(super) ask: Ask,
    pub(super) answer: oneshot::Sender<Result<Granted, Refused>>,
}

/// A door: the outside, and the controller's side.
pub fn door() -> (Handle, Door) {
    let views = Arc::new(RwLock::default());
    let (news, _) = broadcast::channel(NEWS);
    let (asked, asks) = mpsc::channel(WISHES);
    let spent = Arc::default();
    let names = broadcast::Sender::new(NEWS);
    let handle = Handle {
        views: Arc::clone(&views),
        news: news.clone(),
        names: names.clone(),
        asks: asked,
        spent: Arc::clone(&spent),
    };
    (handle, Door { views, news, names, asks, spent })
}

impl Ask {
    /// The wish's name, as in the path of its route.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rollout(_) => "rollout",
            Self::Command(wish) | Self::CommandAbout(_, wish) => wish.want.name(),
        }
    }
}

impl Granted {
    /// The outcome's name, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rollout(_) | Self::Command(_) | Self::Withdrawn(_) => "granted",
            Self::Known(..) | Self::KnownCommand(_) => "known",
        }
    }

    /// The request that waits for a pass, if it is one.
    pub(super) fn awaited(&self) -> Option<&RequestId> {
        match self {
            Self::Rollout(Request { id, .. }) | Self::Known(id, Stands::Pending) => Some(id),
            Self::Known(..) | Self::Command(_) | Self::Withdrawn(_) | Self::KnownCommand(_) => None,
        }
    }
}

impl From<Requested> for Granted {
    fn from(requested: Requested) -> Self {
        match requested {
            Requested::New(request) => Self::Rollout(request),
            Requested::Known(id, stands) => Self::Known(id, stands),
        }
    }
}

impl From<Given> for Granted {
    fn from(given: Given) -> Self {
        match given {
            Given::New(command) => Self::Command(command),
            Given::Withdrawn(withdrawal) => Self::Withdrawn(withdrawal),
            Given::Known(stands) => Self::KnownCommand(stands),
        }
    }
}

impl Refused {
    /// The refusal's name, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoTable => "no-table",
            Self::Held(_) => "held",
            Self::Another => "another",
            Self::TooLate => "too-late",
            Self::NotWritten(_) => "not-written",
            Self::Busy => "busy",
            Self::Ending => "ending",
        }
    }
}

impl Handle {
    /// All tables, in the order of their names.
    pub fn tables(&self) -> Vec<Arc<View>> {
        let views = self.views.read().unwrap_or_else(PoisonError::into_inner);
        views.values().cloned().collect()
    }

    /// The table of this name.
    pub fn table(&self, name: &TableName) -> Option<Arc<View>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// What changes from now on, each pass of it. For those who take it in at once: what they have not yet is kept for them.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.news.subscribe()
    }

    /// Of which tables something changes from now on. Whoever takes his time about it keeps names and no passes.
    pub fn names(&self) -> broadcast::Receiver<TableName> {
        self.names.subscribe()
    }

    /// What the controller has asked of AWS so far.
    pub fn traffic(&self) -> Traffic {
        self.spent.get().map(|(meter, _)| meter.traffic()).unwrap_or_default()
    }

    /// Which calls the controller has slowed down because AWS throttles the account.
    pub fn slowed(&self) -> Vec<Slowed> {
        self.spent.get().map(|(_, budgets)| budgets.slowed()).unwrap_or_default()
    }

    /// Has a wish written down. When this returns `Ok` it survives any crash, and the table's next pass takes it up.
    ///
    /// # Errors
    /// It was not written down. `NotWritten` alone leaves open whether AWS has it all the same.
    pub async fn ask(&self, table: TableName, ask: Ask) -> Result<Granted, Refused> {
        let (answer, answered) = oneshot::channel();
        self.asks.try_send(Asked { table, ask, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => Refused::Ending,
        })?;
        answered.await.unwrap_or(Err(Refused::Ending))
    }
}

impl Door {
    /// The next wish; never ends if nobody is outside.
    pub(super) async fn asked(&mut self) -> Asked {
        match self.asks.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }

    /// Shows what counts and holds the calls of this process.
    pub(super) fn spends(&self, meter: &Meter, budgets: &Budgets) {
        self.spent.get_or_init(|| (meter.clone(), budgets.clone()));
    }

    /// Shows a table that nobody has looked at yet, for a program whose passes are not the controller's own.
    pub fn show_table(&self, table: &Arc<ServiceTable>) {
        self.show(table, |_| {});
    }

    /// Shows a pass of such a program.
    pub fn show_pass(&self, table: &Arc<ServiceTable>, report: PassReport) {
        self.show(table, |view| {
            view.report = Some(Arc::new(report));
            view.seen = Some(Instant::now());
        });
    }

    /// Shows a table as `change` makes it of what was shown before.
    pub(super) fn show(&self, table: &Arc<ServiceTable>, change: impl FnOnce(&mut View)) {
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        let before = views.get(&table.name).map(|view| View::clone(view));
        let mut view = before.unwrap_or_else(|| View::of(Arc::clone(table)));
        view.table = Arc::clone(table);
        change(&mut view);
        let view = Arc::new(view);
        views.insert(table.name.clone(), Arc::clone(&view));
        drop(views);
        self.tell(Change::Seen(view));
    }

    /// Shows requests that were granted, without a word: the pass that follows tells of them.
    pub(super) fn note(&self, table: &TableName, unseen: Vec<RequestId>) {
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = views.get_mut(table) {
            *view = Arc::new(View { unseen, ..View::clone(view) });
        }
    }

    /// Shows a table no longer.
    pub(super) fn forget(&self, table: &TableName) {
        self.views.write().unwrap_or_else(PoisonError::into_inner).remove(table);
        self.tell(Change::Gone(table.clone()));
    }

    fn tell(&self, change: Change) {
        let name = match &change {
            Change::Seen(view) => view.table.name.clone(),
            Change::Gone(name) => name.clone(),
        };
        // An error says that nobody listens.
        let _ = self.news.send(change);
        let _ = self.names.send(name);
    }
}

impl View {
    fn of(table: Arc<ServiceTable>) -> Self {
        Self { table, report: None, seen: None, failures: 0, broken: None, unseen: Vec::new() }
    }
}
