//! A person's word that a request is not wanted any more, as it stands in a tag on the cluster.
//!
//! | tag | says | written |
//! |---|---|---|
//! | `evenkeel:<table>:withdrawn` | `Withdrawal`: which request no row is to be kicked for | before it is acknowledged |
//!
//! It is a tag of its own: the request's may be written at the same moment by somebody who asks anew, and the command's
//! may still be needed. What counts of a request is said by `rollout::Durable`; when one can be withdrawn, by `plan/order`.

use super::command::name_of;
use super::ids::{CommandId, RequestId};
use super::tags;
use super::time::Timestamp;

/// A request that is not wanted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Which request. One that is made later is not meant.
    pub request: RequestId,
    /// Those that were withdrawn before it, where it had stood again in their place: they stay so.
    pub before: Vec<RequestId>,
    /// When it was withdrawn, in AWS's time.
    pub at: Timestamp,
    /// What giving it again is known by, if it was given under a key.
    pub id: Option<CommandId>,
    /// Who withdrew it, as far as a tag can hold the name.
    pub by: Option<String>,
    /// Why, as far as a tag can hold it.
    pub reason: Option<String>,
}

impl Withdrawal {
    /// The tag's value, within AWS's length: what does not fit is cut from the reason.
    pub fn tag(&self) -> String {
        let Self { request, before, at, id, by, reason } = self;
        let before = before.iter().map(RequestId::as_str).collect::<Vec<_>>().join("+");
        let value = tags::write([
            ("request", Some(request.to_string())),
            ("at", Some(at.millis().to_string())),
            ("before", Some(before).filter(|before| !before.is_empty())),
            ("id", id.as_ref().map(ToString::to_string)),
            // The last words, since they may have blanks in them; see `tags::last_words`.
            ("by", name_of(by.as_deref())),
        ]);
        tags::with_reason(value, reason.as_deref())
    }

    /// It as its tag will show it: of the reason, what there is room for.
    pub fn as_kept(self) -> Self {
        Self::parse(&self.tag()).unwrap_or(self)
    }

    /// Reads a tag's value; `None` if it is not one that `tag` writes.
    pub fn parse(value: &str) -> Option<Self> {
        let (facts, by, reason) = tags::last_words(value);
        let words = tags::read(facts)?;
        let at = Timestamp::from_millis(words.get("at")?.parse().ok()?);
        let id = words.get("id").map(|id| CommandId::told(*id));
        let before = words.get("before").map(|ids| ids.split('+').map(RequestId::told).collect());
        let (request, before) = (RequestId::told(*words.get("request")?), before.unwrap_or_default());
        Some(Self { request, before, at, id, by, reason })
    }

    /// Whether this request is withdrawn.
    pub fn covers(&self, request: &RequestId) -> bool {
        self.request == *request || self.before.contains(request)
    }
}

#[cfg(test)]
mod tests {
    use super::Withdrawal;
    use crate::model::ids::{CommandId, RequestId};
    use crate::model::tags::LONGEST;
    use crate::model::time::Timestamp;

    #[test]
    fn every_withdrawal_fits_a_tag_and_reads_back() {
        for id in [None, Some(CommandId::told("fedcba9876543210"))] {
            let given = Withdrawal {
                request: RequestId::told("0123456789abcdef"),
                before: vec![RequestId::told("fedcba9876543210"); 3],
                at: Timestamp::from_millis(9_999_999_999_999),
                id,
                by: Some("Ada B. (on call)".to_owned()),
                reason: Some("by=hand: asked for twice; ".repeat(12)),
            };
            let tag = given.tag();
            assert!(tag.chars().count() <= LONGEST, "{} characters", tag.len());
            let kept = given.clone().as_kept();
            assert_eq!((&kept.request, kept.at, &kept.id), (&given.request, given.at, &given.id));
            assert_eq!(kept.before, given.before);
            assert_eq!(kept.by.as_deref(), Some("Ada B. on call"));
            assert!(kept.reason.as_deref().is_some_and(|reason| reason.starts_with("by=hand: asked")), "{tag}");
            assert_eq!((kept.tag(), Withdrawal::parse(&tag)), (tag, Some(kept)));
        }
    }

    #[test]
    fn what_this_program_did_not_write_is_no_withdrawal() {
        for value in ["", "request=0123456789abcdef", "at=5", "request=0123456789abcdef at=now", "somebody wrote this"]
        {
            assert_eq!(Withdrawal::parse(value), None, "{value}");
        }
    }
}
