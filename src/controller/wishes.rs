//! Wishes that came through the door: each is written down beside the passes, one at a time for each table.
//!
//! One at a time, because each is judged by what those before it wrote: two wishes under one key are one. Owns whose turn it
//! is; what a wish is judged by is `judge`'s, and what follows from it is the next pass's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::{Id, JoinError, JoinSet};

use crate::aws::Aws;
use crate::model::ids::{RequestId, TableName};
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::command::{About, Wish};
use crate::plan::history::{History, Written};

use super::handle::{Ask, Asked, Granted, Refused, WISHES};
use super::judge::Asking;
use super::run::Wished;
use super::{command, request};

/// Wishes in hand, and those that wait for them.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    answers: JoinSet<Answered>,
    /// Whose wish a task of the set is.
    whose: BTreeMap<Id, TableName>,
    /// The wishes that wait, of each table that has one in hand.
    waiting: BTreeMap<TableName, VecDeque<Asked>>,
}

/// What became of a wish, and what the passes of its table should know from now on.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) wished: Wished,
    pub(super) written: Option<Written>,
    /// A request that the next look is to show.
    pub(super) unseen: Option<RequestId>,
    answer: oneshot::Sender<Result<Granted, Refused>>,
    granted: Result<Granted, Refused>,
}

/// What a wish is granted with.
pub(super) struct Means {
    pub(super) aws: Aws,
    pub(super) table: Arc<ServiceTable>,
    pub(super) known: History,
    pub(super) fallback: Timestamp,
}

impl Answered {
    /// Tells whoever asked.
    pub(super) fn tell(self) {
        // An error says that whoever asked has gone.
        let _ = self.answer.send(self.granted);
    }
}

impl Wishes {
    /// A wish whose turn is now; `None` where it waits for another of its table, or is refused because too many wait.
    pub(super) fn turn(&mut self, asked: Asked) -> Option<Asked> {
        let all: usize = self.waiting.values().map(VecDeque::len).sum();
        match self.waiting.get_mut(&asked.table) {
            None => Some(asked),
            Some(_) if all >= WISHES => {
                // An error says that whoever asked has gone.
                let _ = asked.answer.send(Err(Refused::Busy));
                None
            }
            Some(waiting) => {
                waiting.push_back(asked);
                None
            }
        }
    }

    /// Begins to write a wish down.
    pub(super) fn start(&mut self, Asked { table: name, ask, answer }: Asked, means: Means) {
        self.waiting.entry(name.clone()).or_default();
        let table = name.clone();
        let task = self.answers.spawn_local(async move {
            let wish = ask.name();
            let (outcome, granted, written) = match grant(&means, ask).await {
                // What was there already is nothing new to the passes.
                Ok((granted @ (Granted::Known(..) | Granted::KnownCommand(_)), _)) => {
                    (granted.name(), Ok(granted), None)
                }
                Ok((granted, history)) => (granted.name(), Ok(granted), Some(history.written)),
                Err(refused) => (refused.name(), Err(refused), None),
            };
            let unseen = granted.as_ref().ok().and_then(Granted::awaited).cloned();
            Answered { wished: Wished { table, wish, outcome }, written, unseen, answer, granted }
        });
        self.whose.insert(task.id(), name);
    }

    /// The next wish that has its answer; `None` if none is in hand.
    pub(super) async fn answered(&mut self) -> Option<Result<(Id, Answered), JoinError>> {
        self.answers.join_next_with_id().await
    }

    /// Gives a turn back; with the wish of the same table that has it now.
    pub(super) fn end(&mut self, id: Id) -> Option<Asked> {
        let table = self.whose.remove(&id)?;
        self.next(&table)
    }

    /// The wish of a table whose turn comes after the one that had it; without one, the turn is free.
    pub(super) fn next(&mut self, table: &TableName) -> Option<Asked> {
        let next = self.waiting.get_mut(table).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.waiting.remove(table);
        }
        next
    }
}

/// Has a wish written down; with what the passes of this process should know then.
async fn grant(Means { aws, table, known, fallback }: &Means, ask: Ask) -> Result<(Granted, History), Refused> {
    let asking = Asking { aws, table, known, fallback: *fallback };
    match ask {
        Ask::Rollout(wanted) => match request::accept_knowing(known, aws, table, &wanted, *fallback).await {
            Ok(request::Acknowledged { request, history }) => Ok((Granted::from(request), history)),
            Err(request::Refused::Held(holds)) => Err(Refused::Held(holds)),
            Err(request::Refused::TooLate) => Err(Refused::TooLate),
            Err(request::Refused::NotWritten(error)) => Err(Refused::NotWritten(Box::new(error))),
        },
        Ask::Command(wish) => commanded(asking, None, &wish).await,
        Ask::CommandAbout(about, wish) => commanded(asking, Some(&about), &wish).await,
    }
}

async fn commanded(asking: Asking<'_>, about: Option<&About>, wish: &Wish) -> Result<(Granted, History), Refused> {
    match command::accept_about(asking, about, wish).await {
        Ok(command::Acknowledged { command, history }) => Ok((Granted::from(command), history)),
        Err(command::Refused::Held(holds)) => Err(Refused::Held(holds)),
        Err(command::Refused::Another) => Err(Refused::Another),
        Err(command::Refused::TooLate) => Err(Refused::TooLate),
        Err(command::Refused::NotWritten(error)) => Err(Refused::NotWritten(Box::new(error))),
    }
}
