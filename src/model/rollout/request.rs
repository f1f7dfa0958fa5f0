//! Somebody's wish for a forced rollout, as it stands in a tag on the cluster.
//!
//! Only words: which request asks for what is said by `plan/rollout`, and whether one was there before by `plan/request`.

use sha2::{Digest as _, Sha256};

use super::hex;
use crate::model::command::name_of;
use crate::model::ids::{RequestId, TableName};
use crate::model::time::Timestamp;
use crate::model::withdrawal::Withdrawal;
use crate::model::{Invalid, tags};

/// Somebody wants a forced rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The frontier when it was made: rows whose PRIMARY deployment is not newer are to be kicked.
    /// AWS's own times are compared, so no clock of ours can kick twice.
    pub after: Timestamp,
    /// When it was made.
    pub at: Timestamp,
    /// The requests whose place it took, those that still waited first and then newest first: whoever asks again under one of
    /// their keys is known by it.
    pub before: Vec<RequestId>,
    /// How many of them, from the first, still waited for their rollout: they stand again if this one is withdrawn.
    pub also: usize,
    /// Who made it, as far as a tag can hold the name.
    pub by: Option<String>,
    /// Why, in the requester's words, as far as a tag can hold it.
    pub reason: Option<String>,
}

/// What a requester calls one wish, so that asking again for the same is no second wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// How many requests a request remembers. Each costs the reason seventeen of a tag's 256 characters.
pub(super) const BEFORE: usize = 3;

/// Longer than any UUID, and as short as what is read of a stranger should be.
const LONGEST_KEY: usize = 255;

impl IdempotencyKey {
    /// A key: 1 to 255 printable characters of ASCII. It is never written anywhere, only what is made of it.
    ///
    /// # Errors
    /// Empty, too long, or with other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !text.is_empty() && text.len() <= LONGEST_KEY && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Ok(Self(text.to_owned()));
        }
        let problem = "the idempotency key is empty, longer than 255 characters, or not printable ASCII";
        Err(Invalid::new(problem, "a UUID is a good one; use the same again for the same wish, and for no other"))
    }
}

impl IdempotencyKey {
    /// Sixteen hex digits that are the same for the same key, table and kind of wish, and tell nothing of the key.
    pub(in crate::model) fn digits(&self, table: &TableName, kind: &str) -> String {
        hex(&Sha256::digest(format!("{table} {kind} {}", self.0)), 16)
    }
}

impl RequestId {
    /// The id of a request without a key: the same facts at the same moment are the same request.
    pub fn of(table: &TableName, after: Timestamp, at: Timestamp) -> Self {
        Self::told(hex(&Sha256::digest(format!("{table} {} {}", after.millis(), at.millis())), 16))
    }

    /// The id of a request with a key: nothing else counts, so it is the same whoever asks again, when and of whom.
    pub fn keyed(table: &TableName, key: &IdempotencyKey) -> Self {
        Self::told(key.digits(table, "key"))
    }
}

impl Request {
    /// The tag's value, within AWS's length: what does not fit is cut from the reason.
    pub fn tag(&self) -> String {
        let Self { id, after, at, before, also, by, reason } = self;
        let before = before.iter().take(BEFORE).map(RequestId::as_str).collect::<Vec<_>>().join("+");
        let value = tags::write([
            ("id", Some(id.to_string())),
            ("after", Some(after.millis().to_string())),
            ("at", Some(at.millis().to_string())),
            ("before", Some(before).filter(|before| !before.is_empty())),
            ("also", Some(also.min(&BEFORE)).filter(|also| **also > 0).map(ToString::to_string)),
            // The last words, since they may have blanks in them; see `tags::last_words`.
            ("by", name_of(by.as_deref())),
        ]);
        tags::with_reason(value, reason.as_deref())
    }

    /// Reads a tag's value; `None` if it is not one that `tag` writes.
    pub fn parse(value: &str) -> Option<Self> {
        let (facts, by, reason) = tags::last_words(value);
        let words = tags::read(facts)?;
        let moment = |key: &str| words.get(key)?.parse().ok().map(Timestamp::from_millis);
        let before = words.get("before").map(|ids| ids.split('+').map(RequestId::told).collect());
        let before: Vec<RequestId> = before.unwrap_or_default();
        let also = words.get("also").map_or(Some(0), |also| also.parse().ok())?;
        let id = RequestId::told(*words.get("id")?);
        Some(Self { id, after: moment("after")?, at: moment("at")?, before, also, by, reason })
    }

    /// This request, and those that stand again if it is withdrawn; newest first.
    pub(super) fn standing(&self) -> impl Iterator<Item = &RequestId> {
        std::iter::once(&self.id).chain(self.before.iter().take(self.also))
    }

    /// The requests that one in this one's place remembers: those of it that still wait, this one, and the newest of those that
    /// it remembers.
    pub(super) fn and_before(&self, waiting: &[&RequestId]) -> Vec<RequestId> {
        let others = std::iter::once(&self.id).chain(&self.before).filter(|id| !waiting.contains(id));
        waiting.iter().copied().chain(others).take(BEFORE).cloned().collect()
    }

    /// The first of those that stand again where this one and others are withdrawn. It asks for what this one asked for, which
    /// comes after whatever had been kicked when it was made; who asked for it and why is not kept.
    pub(super) fn standing_again(&self, withdrawn: &Withdrawal) -> Option<Self> {
        if !withdrawn.covers(&self.id) {
            return None;
        }
        let mut left = self.standing().filter(|id| !withdrawn.covers(id)).cloned();
        let (id, before) = (left.next()?, left.collect::<Vec<_>>());
        let also = before.len();
        Some(Self { id, after: self.after, at: self.at, before, also, by: None, reason: None })
    }
}

#[cfg(test)]
mod tests {
    use super::{BEFORE, IdempotencyKey, Request};
    use crate::model::ids::{RequestId, TableName};
    use crate::model::tags::LONGEST;
    use crate::model::time::Timestamp;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).unwrap()
    }

    fn table() -> TableName {
        TableName::told("cgap")
    }

    fn request() -> Request {
        let moment = Timestamp::from_millis(9_999_999_999_999);
        Request {
            id: RequestId::keyed(&table(), &key("k-0")),
            after: moment,
            at: moment,
            before: (1..=BEFORE).map(|n| RequestId::keyed(&table(), &key(&format!("k-{n}")))).collect(),
            also: BEFORE,
            by: Some("ada=lovelace, ".repeat(9)),
            reason: Some("by=hand, reason=new <schema>; ".repeat(40)),
        }
    }

    #[test]
    fn the_longest_request_fits_a_tag_and_reads_back() {
        let request = request();
        let tag = request.tag();
        assert!(tag.chars().count() <= LONGEST, "{tag}");
        let read = Request::parse(&tag).unwrap();
        assert_eq!((&read.id, read.after, read.at), (&request.id, request.after, request.at));
        assert_eq!((read.before.as_slice(), read.also), (request.before.as_slice(), request.also));
        assert!(read.by.as_deref().is_some_and(|by| by.starts_with("ada lovelace")), "{tag}");
        assert!(read.reason.as_deref().is_some_and(|reason| reason.starts_with("by=hand reason=new schema")), "{tag}");
        assert_eq!(read.tag(), tag);
    }

    #[test]
    fn a_request_of_an_earlier_version_is_read() {
        let read = Request::parse("id=0123456789abcdef after=5 at=6 reason=new schema by=hand").unwrap();
        assert_eq!((read.by, read.reason.as_deref()), (None, Some("new schema by=hand")));
        assert_eq!((read.before.len(), read.also), (0, 0));
        assert_eq!(Request::parse("id=0123456789abcdef after=5 at=6 before=a also=one"), None);
        assert_eq!(Request::parse("id=0123456789abcdef after=5"), None);
    }

    #[test]
    fn the_same_key_is_the_same_request_of_one_table_and_of_no_other() {
        let id = |table: &str, text: &str| RequestId::keyed(&TableName::told(table), &key(text));
        assert_eq!(id("cgap", "a"), id("cgap", "a"));
        assert_ne!(id("cgap", "a"), id("cgap", "b"));
        assert_ne!(id("cgap", "a"), id("other", "a"));
        let moment = Timestamp::from_millis;
        assert_ne!(RequestId::of(&table(), moment(5), moment(6)), id("cgap", "5 6"));
    }

    #[test]
    fn a_request_remembers_those_whose_place_it_took() {
        let first = request();
        let next = first.and_before(&[]);
        assert_eq!(next.len(), BEFORE);
        assert_eq!((&next[0], &next[1]), (&first.id, &first.before[0]));
        // What still waits comes first, so that it is forgotten last.
        let next = first.and_before(&[&first.before[2]]);
        assert_eq!(next, [first.before[2].clone(), first.id.clone(), first.before[0].clone()]);
    }

    #[test]
    fn a_key_is_a_short_line_of_ascii() {
        assert!(IdempotencyKey::parse("0b5a9f2e-8d0e-4f6a-9a0e-1f1b7a3c2d4e").is_ok());
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
        for bad in ["", "a\nb", "é", "\u{7f}"] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"k".repeat(256)).is_err());
    }
}
