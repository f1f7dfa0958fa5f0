//! People in the model: what they ask for and say, by the real functions, and what they were told is written down.
//!
//! A command is looked at first and written afterwards, as `controller::command` does; others move in between. Whoever
//! gives it may die before, and its write may take as long as a step of a plan.

use std::sync::Arc;

use evenkeel::model::command::Told;
use evenkeel::model::rollout::Record;
use evenkeel::plan::command::{self, Want, Wish};
use evenkeel::plan::history::History;
use evenkeel::plan::planner::PlanInput;
use evenkeel::plan::request::{Judged, Wanted, request};

use super::look::{Look, second, short_key};
use super::protocol::{FRESH, Protocol};
use super::state::{Sight, State};
use super::tables::Asked;

/// What people can say.
pub(crate) const WANTS: [Want; 5] =
    [Want::Retry, Want::Resolve(Told::Succeeded), Want::Resolve(Told::Failed), Want::Abort, Want::Run];

/// A command or a withdrawal that somebody is about to write down.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Giving {
    /// When the rollout was looked at.
    pub(crate) since: i64,
    tag: Arc<str>,
    word: Word,
}

/// What of the two it is.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
enum Word {
    Command,
    /// Of the request that was made after this.
    Withdrawal(i64),
}

/// A command as its tag says it, read without the product's own eyes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) act: String,
    pub(crate) rollout: String,
    pub(crate) base: String,
    pub(crate) attempt: u32,
}

impl Said {
    pub(crate) fn of(tag: &str) -> Self {
        let word = |key: &str| {
            let found = tag.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            found.unwrap_or_default().to_owned()
        };
        Self {
            act: word("do"),
            rollout: word("rollout"),
            base: word("base"),
            attempt: word("attempt").parse().unwrap_or(0),
        }
    }

    /// Whether it asks for an attempt of this rollout, after one and before the next.
    pub(crate) fn retries(&self, rollout: &str, after: u32, before: u32) -> bool {
        matches!(self.act.as_str(), "retry" | "run")
            && self.rollout == rollout
            && (after..before).contains(&self.attempt)
    }

    /// Whether it takes back the rollout of this record.
    pub(crate) fn aborts(&self, record: &Record) -> bool {
        let same = self.rollout == record.id.as_str() || self.base == record.base.millis().to_string();
        self.act == "abort" && same
    }
}

/// Whether a look shows that its request is not wanted any more, nor any whose place it took and that still waited.
pub(crate) fn is_withdrawn(look: &Look) -> bool {
    let word = |tag: &str, key: &str| {
        let tag: &str = look.tags.get(tag)?;
        tag.split(' ').find_map(|word| word.strip_prefix(key)).map(str::to_owned)
    };
    let ids = |tag: &str, key: &str| -> Vec<String> {
        word(tag, key).iter().flat_map(|ids| ids.split('+')).map(str::to_owned).collect()
    };
    let Some(newest) = word("request", "id=") else { return false };
    let also = word("request", "also=").map_or(0, |also| also.parse().expect("a number"));
    let mut standing = std::iter::once(newest).chain(ids("request", "before=").into_iter().take(also));
    let withdrawn = [ids("withdrawn", "request="), ids("withdrawn", "before=")].concat();
    standing.all(|id| withdrawn.contains(&id))
}

/// The newest command that a look shows.
pub(crate) fn shown(look: &Look) -> Option<Said> {
    look.tags.get("command").map(|tag| Said::of(tag))
}

impl Protocol {
    /// A person asks for a rollout, by the real `plan::request::request`.
    pub(crate) fn request(&self, state: &mut State) -> Option<()> {
        let observed = self.sight(state, state.is_edited(), Sight::FRESH).observed();
        let history = History::default();
        let input = PlanInput { table: self.table(state.is_edited()), observed: &observed, history: &history };
        let Judged::New(accepted) = request(&input, &Wanted::default()).ok()? else { return None };
        if let Some(baseline) = &accepted.baseline {
            self.write(state, baseline, None, None);
        }
        // Asked twice at one moment is one request.
        let begins = format!("id={} ", accepted.request.id);
        let same = state.aws.tags.get("request").is_some_and(|tag| tag.starts_with(&begins));
        state.aws.tag(&[(short_key(&self.keys.request), accepted.request.tag().into())]);
        if !same {
            state.requests.push(Asked { after: second(accepted.request.after), rows: self.listed(state) });
        }
        Some(())
    }

    /// A person looks, by the real `plan::command::command`; what is refused there is not said.
    pub(crate) fn say(&self, state: &mut State, want: Want) -> Option<()> {
        let observed = self.sight(state, state.is_edited(), Sight::FRESH).observed();
        let history = History::default();
        let input = PlanInput { table: self.table(state.is_edited()), observed: &observed, history: &history };
        let wish = Wish { want, by: None, reason: None, key: None };
        let (tag, word) = match command::command(&input, None, &wish).ok()? {
            command::Judged::New(accepted) => (accepted.command.tag(), Word::Command),
            command::Judged::Withdrawn(withdrawing) => {
                let after = state.requests.last()?.after;
                (withdrawing.withdrawal.tag(), Word::Withdrawal(after))
            }
            command::Judged::Known(_) => return None,
        };
        state.giving = Some(Giving { since: state.aws.now, tag: tag.into(), word });
        Some(())
    }

    /// It is written down, and its person told so; too late, it is not given at all.
    pub(crate) fn give(&self, state: &mut State) {
        let Some(Giving { since, tag, word }) = state.giving.take() else { return };
        if state.aws.now - since > FRESH {
            return;
        }
        match word {
            Word::Command => {
                state.aws.tag(&[(short_key(&self.keys.command), tag.clone())]);
                state.said.push(tag);
            }
            Word::Withdrawal(after) => {
                state.aws.tag(&[(short_key(&self.keys.withdrawn), tag)]);
                if let Some(index) = state.requests.iter().rposition(|request| request.after == after) {
                    state.requests.remove(index);
                }
            }
        }
    }
}
