//! What becomes of a call that a rule is about: the effects, and how they are written in JSON.
//!
//! Owns which calls an effect makes sense for. What it does to them belongs to `deliver`.

use serde_json::{Value, json};

use crate::simulator::call::{Call, Service};
use crate::simulator::strict::{Reader, Unreadable};

/// A day: no effect lasts longer.
const MOST_MS: i64 = 86_400_000;

/// Members that carry a page token, in the spelling of each service.
pub(super) const TOKENS: [&str; 3] = ["nextToken", "NextToken", "Marker"];

/// Before or after a call has had its effect on the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The world is as it was.
    Before,
    /// The world has changed.
    After,
}

/// What becomes of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// It never arrives: nothing is applied, and the caller sees no answer.
    LostRequest,
    /// It is applied, and the caller sees no answer.
    LostAnswer,
    /// The caller sees no answer, and it is applied so many milliseconds later.
    LateRequest {
        /// Milliseconds of virtual time.
        ms: i64,
    },
    /// It is applied twice, and answered once, as of the first time.
    Duplicate,
    /// AWS fails with a 500 or 503.
    ServerError {
        /// Whether the call has had its effect.
        side: Side,
        /// 500 or 503.
        status: u16,
    },
    /// It is refused with 400 `ThrottlingException`.
    Throttle,
    /// It is applied at once, and answered so many milliseconds later.
    Slow {
        /// Milliseconds of virtual time.
        ms: i64,
    },
    /// It is applied, and the connection is cut in the middle of the answer.
    Cut,
    /// It is applied, and its answer ends in the middle, whole as it looks.
    Garbled,
    /// ECS describes all but the last of what was asked for; that is among the `failures`, as MISSING.
    Partial,
    /// It is answered with members that are in no model yet.
    NewMembers,
    /// A read of ECS or ELB is answered as of so many milliseconds ago.
    Stale {
        /// Milliseconds of virtual time.
        ms: i64,
    },
    /// A call for a further page is refused, as if its token were not one.
    WrongPageToken,
    /// It is refused for want of permission.
    Denied,
    /// It is refused because its credentials are not valid any more.
    Expired,
    /// It is answered with a `Date` that is off by so many milliseconds.
    Skew {
        /// Milliseconds; negative is the past.
        ms: i64,
    },
}

impl Effect {
    /// Its name in JSON and in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Effect::LostRequest => "lostRequest",
            Effect::LostAnswer => "lostAnswer",
            Effect::LateRequest { .. } => "lateRequest",
            Effect::Duplicate => "duplicate",
            Effect::ServerError { .. } => "serverError",
            Effect::Throttle => "throttle",
            Effect::Slow { .. } => "slow",
            Effect::Cut => "cut",
            Effect::Garbled => "garbled",
            Effect::Partial => "partial",
            Effect::NewMembers => "newMembers",
            Effect::Stale { .. } => "stale",
            Effect::WrongPageToken => "wrongPageToken",
            Effect::Denied => "denied",
            Effect::Expired => "expired",
            Effect::Skew { .. } => "skew",
        }
    }

    /// Whether it can do anything to this call.
    pub(super) fn concerns(&self, call: &Call) -> bool {
        match self {
            Effect::Stale { .. } => is_read(call),
            Effect::Partial => describes_by_name(call),
            Effect::WrongPageToken => TOKENS.iter().any(|token| call.input.get(token).is_some()),
            Effect::LostRequest
            | Effect::LostAnswer
            | Effect::LateRequest { .. }
            | Effect::Duplicate
            | Effect::ServerError { .. }
            | Effect::Throttle
            | Effect::Slow { .. }
            | Effect::Cut
            | Effect::Garbled
            | Effect::NewMembers
            | Effect::Denied
            | Effect::Expired
            | Effect::Skew { .. } => true,
        }
    }

    /// Reads `"cut"` or `{"slow": {"ms": 500}}`.
    ///
    /// # Errors
    /// Where and why it is no effect.
    pub fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        let (name, how) = reader.choice()?;
        let ms = |least: i64| match &how {
            Some(how) => how.object(&["ms"])?.need("ms")?.whole(least, MOST_MS),
            None => Err(reader.wrong(format!("is without `ms`; write {{\"{name}\": {{\"ms\": 1000}}}}"))),
        };
        match name {
            "slow" => Ok(Effect::Slow { ms: ms(1)? }),
            "lateRequest" => Ok(Effect::LateRequest { ms: ms(1)? }),
            "stale" => Ok(Effect::Stale { ms: ms(1)? }),
            "skew" => Ok(Effect::Skew { ms: ms(-MOST_MS)? }),
            "serverError" => server_error(how.as_ref()),
            _ => {
                let effect = bare(name).ok_or_else(|| reader.wrong(format!("has no effect `{name}`")))?;
                match how {
                    Some(how) => how.object(&[]).map(|_| effect),
                    None => Ok(effect),
                }
            }
        }
    }

    /// As [`Effect::read`] takes it.
    pub fn to_json(&self) -> Value {
        let name = self.name();
        match self {
            Effect::LostRequest
            | Effect::LostAnswer
            | Effect::Duplicate
            | Effect::Throttle
            | Effect::Cut
            | Effect::Garbled
            | Effect::Partial
            | Effect::NewMembers
            | Effect::WrongPageToken
            | Effect::Denied
            | Effect::Expired => json!(name),
            Effect::ServerError { side, status } => {
                let side = match side {
                    Side::Before => "before",
                    Side::After => "after",
                };
                json!({ name: {"effect": side, "status": status} })
            }
            Effect::LateRequest { ms } | Effect::Slow { ms } | Effect::Stale { ms } | Effect::Skew { ms } => {
                json!({ name: {"ms": ms} })
            }
        }
    }
}

/// Whether a call only looks at ECS or at the load balancers.
pub(super) fn is_read(call: &Call) -> bool {
    call.only_looks()
        && match call.service {
            Service::Ecs | Service::Elb => true,
            Service::Ecr | Service::Sts | Service::Ec2 | Service::AutoScaling | Service::Logs => false,
        }
}

/// Whether a call asks ECS for things by their names, and is told which of them are missing.
fn describes_by_name(call: &Call) -> bool {
    call.service == Service::Ecs
        && ["Clusters", "Services", "Tasks", "ServiceDeployments", "ServiceRevisions"]
            .iter()
            .any(|things| call.operation.strip_prefix("Describe") == Some(*things))
}

/// Effects that have nothing to say but their name.
fn bare(name: &str) -> Option<Effect> {
    match name {
        "lostRequest" => Some(Effect::LostRequest),
        "lostAnswer" => Some(Effect::LostAnswer),
        "throttle" => Some(Effect::Throttle),
        "duplicate" => Some(Effect::Duplicate),
        "cut" => Some(Effect::Cut),
        "garbled" => Some(Effect::Garbled),
        "partial" => Some(Effect::Partial),
        "newMembers" => Some(Effect::NewMembers),
        "wrongPageToken" => Some(Effect::WrongPageToken),
        "denied" => Some(Effect::Denied),
        "expired" => Some(Effect::Expired),
        _ => None,
    }
}

fn server_error(how: Option<&Reader<'_>>) -> Result<Effect, Unreadable> {
    let (mut side, mut status) = (Side::Before, 500);
    if let Some(how) = how {
        let members = how.object(&["effect", "status"])?;
        if let Some(reader) = members.get("effect") {
            side = match reader.text()? {
                "before" => Side::Before,
                "after" => Side::After,
                _ => return Err(reader.wrong("is neither `before` nor `after`")),
            };
        }
        if let Some(reader) = members.get("status") {
            status = match reader.whole(500, 503)? {
                500 => 500,
                503 => 503,
                _ => return Err(reader.wrong("is neither 500 nor 503")),
            };
        }
    }
    Ok(Effect::ServerError { side, status })
}
