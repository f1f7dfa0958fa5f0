//! What a name or an ARN in a request means.
//!
//! Owns the reading of references: a plain name, an id, or a whole ARN of this account and region and of the right
//! kind. Anything else means nothing, and the operation answers as for something that is not there.
//!
//! Divergence from AWS: how AWS words its refusal of an ARN of another account, region or service differs from
//! operation to operation; here it is that of the missing resource.

use super::state::Ecs;
use crate::simulator::arn::Place;

impl Ecs {
    /// From now on, ARNs of this account and region are those of this ECS.
    pub(super) fn settle_in(&mut self, place: &Place) {
        if self.home.is_empty() {
            self.home = format!("arn:aws:ecs:{}:{}:", place.region, place.account);
        }
    }

    /// The name in a name or an ARN of that kind, as `c/n` for what lives in a cluster.
    pub(super) fn named<'a>(&self, kind: &str, given: &'a str) -> Option<&'a str> {
        if !given.starts_with("arn:") {
            return (!given.contains('/')).then_some(given);
        }
        given.strip_prefix(self.home.as_str())?.strip_prefix(kind)?.strip_prefix('/')
    }

    /// The same of a kind that lives in no cluster.
    pub(super) fn named_alone<'a>(&self, kind: &str, given: &'a str) -> Option<&'a str> {
        self.named(kind, given).filter(|name| !name.contains('/'))
    }

    /// The name or id in a reference to something of that kind in that cluster.
    pub(super) fn named_in<'a>(&self, kind: &str, cluster: &str, given: &'a str) -> Option<&'a str> {
        let name = self.named(kind, given)?;
        match name.split_once('/') {
            Some((of, name)) => (of == cluster && !name.contains('/')).then_some(name),
            None => Some(name),
        }
    }
}

/// The ARN to show for a reference that meant nothing: as it was given, or made from the name.
pub(super) fn shown_arn(given: &str, made: impl FnOnce(&str) -> String) -> String {
    if given.starts_with("arn:") { given.to_owned() } else { made(given) }
}
