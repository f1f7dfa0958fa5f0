//! A rule: which calls, and what becomes of them. And how it is written in JSON.
//!
//! Pure data. Counting and chance belong to `state`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::effect::Effect;
use crate::simulator::call::{Call, Service};
use crate::simulator::strict::{Reader, Unreadable};
use crate::simulator::time::Time;

/// A year: nothing is said about what comes later.
const MOST_MS: i64 = 366 * 86_400_000;
/// Beyond any number of calls.
const MOST_CALLS: i64 = 1_000_000_000_000;

/// Something that goes wrong.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// With which calls.
    pub when: Match,
    /// What becomes of them.
    pub then: Effect,
}

/// Which calls a rule is about: those for which everything holds that is said. The default is every call.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Match {
    /// Calls of this service.
    pub service: Option<Service>,
    /// Calls of this operation, as `UpdateService`.
    pub operation: Option<String>,
    /// Calls by clients whose name contains this.
    pub client: Option<String>,
    /// Not before this moment.
    pub from: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
    /// Only the call of this number, from 1, among those for which all of the above holds.
    pub nth: Option<u64>,
    /// Not the first so many of those.
    pub after: u64,
    /// At most so many calls in all.
    pub count: Option<u64>,
    /// Each only with this probability, from 0 to 1.
    pub probability: Option<f64>,
}

/// A moment in a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Milliseconds after the rule was added. In JSON: a number.
    Later(i64),
    /// This moment. In JSON: RFC 3339.
    At(Time),
}

impl Moment {
    /// When it is, for a rule that was added at `added`.
    pub(super) fn of(self, added: Time) -> Time {
        match self {
            Moment::Later(ms) => added.plus_millis(ms),
            Moment::At(time) => time,
        }
    }

    fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        if reader.value().is_number() {
            return reader.whole(0, MOST_MS).map(Moment::Later);
        }
        let wrong = |_| reader.wrong("is neither milliseconds nor a moment as 2026-11-22T20:00:00Z");
        let moment: Timestamp = reader.text()?.parse().map_err(wrong)?;
        Ok(Moment::At(Time(moment.as_millisecond())))
    }

    fn to_json(self) -> Value {
        match self {
            Moment::Later(ms) => json!(ms),
            Moment::At(time) => json!(time.rfc3339()),
        }
    }
}

impl Match {
    /// Calls of one operation of ECS, the others being alike.
    pub fn operation(name: &str) -> Self {
        Match { operation: Some(name.to_owned()), ..Match::default() }
    }

    /// Whether a call is one of those that are counted, for a rule that was added at `added`.
    pub(super) fn is_about(&self, call: &Call, now: Time, added: Time) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self.operation.as_ref().is_none_or(|operation| *operation == call.operation)
            && self.client.as_ref().is_none_or(|client| call.client.contains(client))
            && self.from.is_none_or(|from| now >= from.of(added))
            && self.until.is_none_or(|until| now < until.of(added))
    }

    fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        let known = ["service", "operation", "client", "from", "until", "nth", "after", "count", "probability"];
        let members = reader.object(&known)?;
        let text = |name: &str| members.get(name).map(|reader| reader.text().map(str::to_owned)).transpose();
        let moment = |name: &str| members.get(name).map(|reader| Moment::read(&reader)).transpose();
        let number = |name: &str, least: i64| {
            members.get(name).map(|reader| reader.whole(least, MOST_CALLS).map(i64::unsigned_abs)).transpose()
        };
        Ok(Match {
            service: members.get("service").map(|reader| service(&reader)).transpose()?,
            operation: text("operation")?,
            client: text("client")?,
            from: moment("from")?,
            until: moment("until")?,
            nth: number("nth", 1)?,
            after: number("after", 0)?.unwrap_or(0),
            count: number("count", 1)?,
            probability: members.get("probability").map(|reader| reader.number(1.0)).transpose()?,
        })
    }

    fn to_json(&self) -> Value {
        let Match { service, operation, client, from, until, nth, after, count, probability } = self;
        let members = [
            ("service", service.map(|service| json!(service.name()))),
            ("operation", operation.as_ref().map(|operation| json!(operation))),
            ("client", client.as_ref().map(|client| json!(client))),
            ("from", from.map(Moment::to_json)),
            ("until", until.map(Moment::to_json)),
            ("nth", nth.map(|nth| json!(nth))),
            ("after", (*after > 0).then(|| json!(after))),
            ("count", count.map(|count| json!(count))),
            ("probability", probability.map(|probability| json!(probability))),
        ];
        let said = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(said.collect::<Map<String, Value>>())
    }
}

impl Rule {
    /// Reads `{"when": {…}, "then": …}`; without `when` it is about every call.
    ///
    /// # Errors
    /// Where and why it is no rule.
    pub fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        let members = reader.object(&["when", "then"])?;
        let when = members.get("when").map(|when| Match::read(&when)).transpose()?.unwrap_or_default();
        Ok(Rule { when, then: Effect::read(&members.need("then")?)? })
    }

    /// Reads a rule, or a list of rules.
    ///
    /// # Errors
    /// Where and why one of them is no rule.
    pub fn read_all(reader: &Reader<'_>) -> Result<Vec<Self>, Unreadable> {
        if reader.value().is_array() {
            return reader.items()?.iter().map(Rule::read).collect();
        }
        Rule::read(reader).map(|rule| vec![rule])
    }

    /// As [`Rule::read`] takes it.
    pub fn to_json(&self) -> Value {
        let Rule { when, then } = self;
        json!({"when": when.to_json(), "then": then.to_json()})
    }
}

fn service(reader: &Reader<'_>) -> Result<Service, Unreadable> {
    let all =
        [Service::Ecs, Service::Ecr, Service::Elb, Service::Sts, Service::Ec2, Service::AutoScaling, Service::Logs];
    let name = reader.text()?;
    let found = all.into_iter().find(|service| service.name() == name);
    found.ok_or_else(|| {
        reader.wrong(format!("has no service `{name}`; known are {}", all.map(Service::name).join(", ")))
    })
}
