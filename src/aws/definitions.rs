//! Task definitions that were read before. A revision never changes, so one read of each is enough; there is no end of
//! revisions, so those that nobody asks for any more are forgotten.
//!
//! Pure: reading is `ecs_read`'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::ids::TaskDefinitionArn;
use crate::model::observed::DefinitionView;

/// Revisions that are in use at the same time: one for each service of a large account. More take memory, fewer are read
/// again and again.
const IN_USE: usize = 8192;

/// Revisions by ARN, in two generations: what is asked for goes into the younger, and when that is full the older goes.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    younger: BTreeMap<TaskDefinitionArn, Arc<DefinitionView>>,
    older: BTreeMap<TaskDefinitionArn, Arc<DefinitionView>>,
}

impl Definitions {
    /// A revision, if it was read and asked for lately.
    pub(super) fn get(&mut self, arn: &TaskDefinitionArn) -> Option<Arc<DefinitionView>> {
        if let Some(known) = self.younger.get(arn) {
            return Some(known.clone());
        }
        let known = self.older.remove(arn)?;
        self.put(known.clone());
        Some(known)
    }

    /// A revision was read.
    pub(super) fn put(&mut self, definition: Arc<DefinitionView>) {
        if self.younger.len() >= IN_USE {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(definition.arn.clone(), definition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::Family;

    fn arn(number: usize) -> TaskDefinitionArn {
        TaskDefinitionArn::told(format!("arn:aws:ecs:us-east-1:123456789012:task-definition/c4:{number}"))
    }

    fn revision(number: usize) -> Arc<DefinitionView> {
        let family = Family::told("c4");
        let (cpu, memory, containers) = (None, None, Vec::new());
        Arc::new(DefinitionView { arn: arn(number), family, cpu, memory, containers, initial: false })
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut known = Definitions::default();
        for number in 0..100_000 {
            known.put(revision(number));
            assert_eq!(known.get(&arn(0)), Some(revision(0)));
        }
        assert_eq!(known.get(&arn(99_999)), Some(revision(99_999)));
        assert_eq!(known.get(&arn(50_000)), None);
        assert!(known.younger.len() + known.older.len() <= 2 * IN_USE);
    }
}
