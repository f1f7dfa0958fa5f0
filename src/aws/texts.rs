//! Texts that AWS tells again and again: a task definition's ARN stands in each of its tasks, and in every look.
//!
//! Each is held once, for as long as somebody else holds it, so that a large account takes the memory of what is different
//! in it, and reading it again takes none. Nothing is judged here.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::text::Text;

/// Below this nobody looks what is still in use.
const FEW: usize = 1024;

/// Texts that were told.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: BTreeSet<Arc<str>>,
    /// How many were in use when that was last looked at.
    in_use: usize,
}

impl Texts {
    /// The same text, as it was told before.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        // Looking at all of them when there are twice as many costs each of them a look or two.
        if self.known.len() >= self.in_use.saturating_mul(2).max(FEW) {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.in_use = self.known.len();
        }
        let text: Arc<str> = text.into();
        self.known.insert(Arc::clone(&text));
        text
    }

    /// What was told, or nothing.
    pub(super) fn text(&mut self, told: Option<&str>) -> Text {
        told.map_or_else(Text::default, |told| self.share(told).into())
    }

    /// Each of what was told.
    pub(super) fn texts(&mut self, told: &[String]) -> Vec<Text> {
        told.iter().map(|told| self.share(told).into()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_twice_stands_once() {
        let mut texts = Texts::default();
        let first = texts.share("service:web");
        assert!(Arc::ptr_eq(&first, &texts.share("service:web")));
        assert_eq!(texts.text(Some("service:web")), "service:web");
        assert_eq!(texts.text(None), "");
    }

    #[test]
    fn what_nobody_holds_any_more_is_forgotten() {
        let mut texts = Texts::default();
        let held: Vec<_> = (0..3 * FEW).map(|number| texts.share(&format!("task/{number}"))).collect();
        for number in 0..100_000 {
            texts.share(&format!("a task that was/{number}"));
        }
        assert!(texts.known.len() <= 2 * held.len() + 1, "{} of {}", texts.known.len(), held.len());
        assert!(Arc::ptr_eq(&held[7], &texts.share("task/7")));
    }
}
