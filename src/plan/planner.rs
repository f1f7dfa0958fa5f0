//! Decides what to do, given what is wanted and what was seen.
//!
//! Pure: no clock, no IO, no randomness. Same input, same plan. The order of decisions is the order of `plan`'s body:
//!
//! 1. Whose account is this? Another one than the table's: nothing at all is done.          (`guard`)
//! 2. Is the cluster there, and is what it carries for us readable? If not: nothing.         (`guard`)
//! 3. Is each row's resource there, exactly once? What is not is held, the others go on.     (`guard`)
//! 4. Did a person say how it goes on?                                                       (`command`)
//!    Where does the rollout stand? The record follows what was seen: first what ECS undid, then rows that are new in
//!    the table, then kicks, then requests that need nothing more.                          (`rollout`)
//! 5. What of each row differs, and may it be corrected now?                                 (`correct`, `drift`)
//! 6. Does a request ask for new deployments?                                                (`correct`)
//! 7. Only when nothing above is left to write: the launch of the deployment task. What a launch came to is written
//!    whatever else is held, since ECS forgets it.                                 (`conclude`, `gate`, `launch`)

use crate::model::launches;
use crate::model::observed::Observed;
use crate::model::rollout::{Durable, TagKeys};
use crate::model::row::ServiceTable;

use super::action::{Action, Plan, Step};
use super::command::{self, Obeyed};
use super::draft::Draft;
use super::history::History;
use super::rollout::{self, Stand};
use super::{conclude, correct, ending, guard, launch};

/// Everything that a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// What is wanted.
    pub table: &'a ServiceTable,
    /// What was seen, and when: `observed.at` is the plan's only notion of now.
    pub observed: &'a Observed,
    /// What this process saw and did before.
    pub history: &'a History,
}

/// Decides.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut draft = Draft::new(input);
    // 1. and 2.
    let Some((cluster, durable)) = guard::find_table(&mut draft) else { return draft.finished(None) };
    // 3.
    guard::hold_missing_rows(&mut draft);
    let stand = Stand::of(input.table, cluster, input.observed);
    // 4.
    let started = durable.record.as_ref().and_then(|record| launch::after_all(input.observed, record));
    let next = started.or_else(|| match command::obey(&mut draft, stand.as_ref(), &durable) {
        Obeyed::Nothing => stand.as_ref().and_then(|stand| rollout::next_record(stand, &durable)),
        Obeyed::Record(record, why) => Some((*record, why)),
        Obeyed::Waiting => None,
    });
    let record = next.as_ref().map(|(record, _)| record).or(durable.record.as_ref()).cloned();
    draft.steps.extend(next.map(|(record, why)| Step {
        row: None,
        action: Action::Record(record),
        because: vec![why],
    }));
    // 5. and 6.
    correct::correct_rows(&mut draft, cluster, stand.as_ref(), &durable, record.as_ref());
    // 7.
    conclude::end_rollout(&mut draft, stand.as_ref(), &durable);
    conclude::report_rollout(&mut draft, stand.as_ref(), &durable, record.as_ref());
    ending::keep(&mut draft, cluster, stand.as_ref(), &durable);
    draft.launch = launch_tag(&draft.steps, &durable, input.table);
    draft.finished(Some(cluster))
}

/// The tag in which the plan's record stands once more, if it is of a launch.
fn launch_tag(steps: &[Step], durable: &Durable, table: &ServiceTable) -> Option<String> {
    let record = steps.iter().find_map(|step| match &step.action {
        Action::Record(record) => Some(record),
        Action::Change(_) | Action::RollBack(_) | Action::Update(_) | Action::Register(_) | Action::Run(_) => None,
    })?;
    let place = launches::place(durable.record.as_ref(), record, &durable.launches)?;
    Some(TagKeys::of(&table.name).launches[place].clone())
}
