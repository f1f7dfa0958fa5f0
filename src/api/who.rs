//! Who a request is from, and what that one may do.
//!
//! A token comes in the header `Authorization` and nowhere else: not in a URL, which is logged everywhere, and not in a
//! cookie, which browsers send along for the pages of others.

use http::HeaderMap;
use http::header;

use super::problem::{Problem, Reason};
use super::state::Api;
use super::tokens::{Role, Who};

/// What an endpoint asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// Nothing: it says nothing about tables.
    Open,
    /// The role read, where there are tokens.
    Read,
    /// The role operate, and so a token.
    Operate,
}

/// What a request has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// No token.
    Nothing,
    /// Something that is no token of ours.
    Unknown,
    /// A token.
    Token(Who),
}

impl Shown {
    /// What these headers show.
    pub(super) fn of(api: &Api, headers: &HeaderMap) -> Self {
        let mut all = headers.get_all(header::AUTHORIZATION).iter();
        let Some(shown) = all.next() else { return Self::Nothing };
        let only = Some(shown).filter(|_| all.next().is_none());
        let bearer = only.and_then(|shown| shown.to_str().ok()).and_then(|text| text.split_once(' '));
        let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let tokens = api.tokens.as_ref().map(super::token_file::TokenFile::tokens);
        match (token, tokens) {
            (Some(token), Some(tokens)) => tokens.find(token).cloned().map_or(Self::Unknown, Self::Token),
            (Some(_) | None, None) | (None, Some(_)) => Self::Unknown,
        }
    }

    /// The token's name.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Nothing | Self::Unknown => None,
            Self::Token(who) => Some(&who.name),
        }
    }

    /// What whoever has shown this may do; `None` if nothing.
    pub(super) fn role(&self, api: &Api) -> Option<Role> {
        match (self, &api.tokens) {
            // On loopback alone, where everybody is at this machine already.
            (Self::Nothing | Self::Unknown, None) => Some(Role::Read),
            (Self::Nothing | Self::Unknown, Some(_)) => None,
            (Self::Token(who), tokens) => {
                let known = tokens.as_ref().is_some_and(|file| file.tokens().knows(who));
                known.then_some(who.role)
            }
        }
    }

    /// Lets through to an endpoint.
    ///
    /// # Errors
    /// There is no token, or it is unknown, or its role does not do; or nobody may, because there are no tokens at all.
    pub(super) fn admit(&self, api: &Api, access: Access) -> Result<(), Problem> {
        let needed = match access {
            Access::Open => return Ok(()),
            Access::Read => Role::Read,
            Access::Operate => Role::Operate,
        };
        match (self.role(api), self) {
            (Some(role), _) if role >= needed => Ok(()),
            (Some(_), Self::Token(_)) => Err(Reason::RoleNeeded.into()),
            (Some(_), Self::Nothing | Self::Unknown) => Err(Reason::NoTokens.into()),
            (None, Self::Nothing) => Err(Reason::TokenNeeded.into()),
            (None, Self::Unknown | Self::Token(_)) => Err(Reason::TokenUnknown.into()),
        }
    }
}
