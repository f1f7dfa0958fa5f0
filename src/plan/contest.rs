//! What this process corrects again and again, because somebody changes it back.
//!
//! Two tables that name one service, or two versions of one table, would deploy it without an end. Only remembers; that a
//! field is left alone then is `correct`'s to decide. A process without it corrects three times more.

use std::collections::BTreeMap;

use crate::model::ids::ServiceArn;
use crate::model::time::{Span, Timestamp};

use super::because::Because;
use super::drift::{Difference, Field};
use super::history::LAG;

/// How often a field is made the same within `WITHIN`. Fewer would leave a person's slip alone, or two; more would go on for longer
/// with what each time is a deployment of a service.
const MOST: usize = 3;

/// How long a correction counts. After it, whoever changed it back may have stopped.
const WITHIN: Span = Span::minutes(60);

/// How far the time of a correction may lie from that of the deployment which it made.
const MOMENT: Span = Span::minutes(1);

/// The corrections of this process, by service and field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contest(BTreeMap<ServiceArn, Vec<Corrected>>);

/// One field that was made what the row states.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Corrected {
    field: Field,
    /// What the row stated. Another value is another story: somebody edits the table.
    want: String,
    at: Vec<Timestamp>,
}

impl Contest {
    /// An update was made for these reasons.
    pub fn corrected(&mut self, service: &ServiceArn, because: &[Because], at: Timestamp) {
        for because in because {
            let Because::Drift(Difference { field, have: _, want }) = because else { continue };
            let fields = self.0.entry(service.clone()).or_default();
            fields.retain(|it| it.field != *field || it.want == *want);
            match fields.iter_mut().find(|it| it.field == *field) {
                // A count makes no deployment by which a late read is told, and that is all that is seen so soon.
                Some(it) if *field == Field::Count && it.at.last().is_some_and(|last| at.since(*last) < LAG) => {}
                Some(it) => it.at.push(at),
                None => fields.push(Corrected { field: field.clone(), want: want.clone(), at: vec![at] }),
            }
        }
    }

    /// ECS undid deployments of a service that were made at these times: what they corrected nobody has changed back.
    pub(super) fn undone(&mut self, service: &ServiceArn, made: &[Timestamp]) {
        let of = |at: &Timestamp, made: &Timestamp| made.since(*at) < MOMENT && at.since(*made) < MOMENT;
        for it in self.0.get_mut(service).into_iter().flatten() {
            it.at.retain(|at| !made.iter().any(|made| of(at, made)));
        }
    }

    /// Forgets what counts no more.
    pub(super) fn forget(&mut self, now: Timestamp) {
        for fields in self.0.values_mut() {
            fields.iter_mut().for_each(|it| it.at.retain(|at| now.since(*at) < WITHIN));
            fields.retain(|it| !it.at.is_empty());
        }
        self.0.retain(|_, fields| !fields.is_empty());
    }

    /// Whether a field has been made so for as often as it is worth.
    pub(super) fn has(&self, service: &ServiceArn, difference: &Difference, now: Timestamp) -> bool {
        let same = |it: &&Corrected| it.field == difference.field && it.want == difference.want;
        let corrected = self.0.get(service).and_then(|fields| fields.iter().find(same));
        corrected.is_some_and(|it| it.at.iter().filter(|at| now.since(**at) < WITHIN).count() >= MOST)
    }
}
