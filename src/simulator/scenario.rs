//! A scenario: a story told in timed actions on a world, and what a controller should have come to at its end.
//!
//! Owns the document and its reading. Doing the actions belongs to `play`; whoever runs a scenario judges the end.

use serde_json::{Map, Value};

use crate::simulator::autoscaling::Load;
use crate::simulator::ecs::App;
use crate::simulator::fault::Rule;
use crate::simulator::knobs::Range;
use crate::simulator::strict::Reader;
pub use crate::simulator::strict::Unreadable;

/// A month: no story takes longer.
const MOST_SECONDS: f64 = 31.0 * 86_400.0;
/// The same in milliseconds.
const MOST_MS: i64 = 31 * 86_400_000;

/// No service of 5,000 tasks carries more.
const MOST_LOAD: f64 = 1e9;

/// A story.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// What happens, in a sentence or two.
    pub story: String,
    /// What it should come to.
    pub expect: Expected,
    /// What is done, as `(milliseconds after the beginning, action)`; not necessarily in order.
    pub actions: Vec<(i64, Action)>,
}

/// The end that a story should come to under a controller, in the controller's own words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// For example `Converged`.
    pub verdict: String,
    /// The name of a hold that must be there, for example `PartialKick`.
    pub hold: Option<String>,
    /// How many one-off tasks were run.
    pub runs: u64,
}

/// Something that is done to a world. Services are meant by a part of their name, and all that have it.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Rules come into force.
    Faults(Vec<Rule>),
    /// All rules end.
    ClearFaults,
    /// An image is pushed, whose containers behave like this.
    Push {
        /// Repository.
        repository: String,
        /// Tag.
        tag: String,
        /// `None`: as ever.
        app: Option<App>,
    },
    /// Containers of a subject behave like this from now on, see `Simulator::set_app`.
    App {
        /// Family, digest, image or `repository:tag`.
        of: String,
        /// How.
        app: App,
    },
    /// Containers of a task definition family that start from now on write these lines, see `Simulator::set_log`.
    Log {
        /// The family.
        of: String,
        /// Milliseconds after RUNNING, and the line.
        lines: Vec<(i64, String)>,
    },
    /// Containers of a subject take so long to end after SIGTERM.
    ExitAfterSigterm {
        /// As above.
        of: String,
        /// Milliseconds.
        ms: i64,
    },
    /// Somebody forces a new deployment, and does nothing else.
    Kick {
        /// Part of a name.
        service: String,
    },
    /// Somebody updates services with this input of UpdateService.
    Update {
        /// Part of a name.
        service: String,
        /// Members of UpdateService but `cluster` and `service`.
        input: Map<String, Value>,
    },
    /// Spot tasks are taken back.
    ReclaimSpot {
        /// Part of a name.
        service: String,
        /// At most so many tasks of each service.
        most: usize,
    },
    /// Whether FARGATE_SPOT can place tasks.
    SpotCapacity(bool),
    /// Whether Fargate can place tasks in an availability zone.
    ZoneCapacity {
        /// For example `us-east-1a`.
        zone: String,
        /// Whether it can.
        available: bool,
    },
    /// A CloudWatch alarm goes to ALARM, or back to OK.
    Alarm {
        /// Its name.
        name: String,
        /// Whether to ALARM.
        alarming: bool,
    },
    /// A target group gets this deregistration delay.
    Drain {
        /// Its name.
        target_group: String,
        /// The delay.
        seconds: i64,
    },
    /// Running tasks answer health checks well, or with 503.
    Health {
        /// Part of a name.
        service: String,
        /// Whether well.
        serving: bool,
    },
    /// What services have to carry, for Application Auto Scaling.
    Load {
        /// Part of a name.
        service: String,
        /// How much.
        load: Load,
    },
    /// Whether calls are limited by AWS's token buckets.
    Throttling(bool),
    /// How late reads may be, in milliseconds.
    ReadLag(i64),
    /// A constant of AWS's behaviour is something else from now on, within its range.
    Knob {
        /// Which.
        range: &'static Range,
        /// Milliseconds, or percent for `jitter_percent`.
        value: i64,
    },
}

impl Scenario {
    /// Reads a document; `name` begins the paths in errors.
    ///
    /// # Errors
    /// It is no JSON, or where and why it is no scenario.
    pub fn read(name: &str, text: &[u8]) -> Result<Self, Unreadable> {
        let document: Value = serde_json::from_slice(text)
            .map_err(|error| Unreadable { path: name.to_owned(), what: format!("is not JSON: {error}") })?;
        let members = Reader::new(name, &document).object(&["story", "expect", "actions"])?;
        let actions = members.need("actions")?.items()?;
        Ok(Scenario {
            story: members.need("story")?.text()?.to_owned(),
            expect: Expected::read(&members.need("expect")?)?,
            actions: actions.iter().map(timed).collect::<Result<_, Unreadable>>()?,
        })
    }
}

impl Expected {
    fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        let members = reader.object(&["verdict", "hold", "runs"])?;
        Ok(Expected {
            verdict: members.need("verdict")?.text()?.to_owned(),
            hold: members.get("hold").map(|reader| reader.text().map(str::to_owned)).transpose()?,
            runs: members.need("runs")?.whole(0, 1_000_000)?.unsigned_abs(),
        })
    }
}

impl Action {
    /// Its name in documents and in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Faults(_) => "faults",
            Action::ClearFaults => "clearFaults",
            Action::Push { .. } => "push",
            Action::App { .. } => "app",
            Action::Log { .. } => "log",
            Action::ExitAfterSigterm { .. } => "exitAfterSigterm",
            Action::Kick { .. } => "kick",
            Action::Update { .. } => "update",
            Action::ReclaimSpot { .. } => "reclaimSpot",
            Action::SpotCapacity(_) => "spotCapacity",
            Action::ZoneCapacity { .. } => "zoneCapacity",
            Action::Alarm { .. } => "alarm",
            Action::Drain { .. } => "drain",
            Action::Health { .. } => "health",
            Action::Load { .. } => "load",
            Action::Throttling(_) => "throttling",
            Action::ReadLag(_) => "readLag",
            Action::Knob { .. } => "knob",
        }
    }

    /// Reads an action, or a list of actions.
    ///
    /// # Errors
    /// Where and why one of them is no action.
    pub fn read_all(reader: &Reader<'_>) -> Result<Vec<Self>, Unreadable> {
        if reader.value().is_array() {
            return reader.items()?.iter().map(Action::read).collect();
        }
        Action::read(reader).map(|action| vec![action])
    }

    fn read(reader: &Reader<'_>) -> Result<Self, Unreadable> {
        let (name, how) = reader.choice()?;
        if name == "clearFaults" && how.is_none() {
            return Ok(Action::ClearFaults);
        }
        let how = how.ok_or_else(|| reader.wrong(format!("has no action `{name}` that needs nothing said")))?;
        match name {
            "faults" => Rule::read_all(&how).map(Action::Faults),
            "push" => push(&how),
            "app" => {
                let members = how.object(&["of", "app"])?;
                Ok(Action::App { of: text(&members.need("of")?)?, app: app(&members.need("app")?)? })
            }
            "log" => {
                let members = how.object(&["of", "lines"])?;
                let line = |line: &Reader<'_>| {
                    let members = line.object(&["ms", "text"])?;
                    Ok((members.need("ms")?.whole(0, MOST_MS)?, text(&members.need("text")?)?))
                };
                let lines = members.need("lines")?.items()?.iter().map(line).collect::<Result<_, Unreadable>>()?;
                Ok(Action::Log { of: text(&members.need("of")?)?, lines })
            }
            "exitAfterSigterm" => {
                let members = how.object(&["of", "ms"])?;
                Ok(Action::ExitAfterSigterm {
                    of: text(&members.need("of")?)?,
                    ms: members.need("ms")?.whole(0, MOST_MS)?,
                })
            }
            "kick" => Ok(Action::Kick { service: text(&how.object(&["service"])?.need("service")?)? }),
            "update" => update(&how),
            "reclaimSpot" => {
                let members = how.object(&["service", "most"])?;
                let most = members.get("most").map(|most| most.whole(1, MOST_MS)).transpose()?;
                let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
                Ok(Action::ReclaimSpot { service: text(&members.need("service")?)?, most })
            }
            "spotCapacity" => how.flag().map(Action::SpotCapacity),
            "zoneCapacity" => {
                let members = how.object(&["zone", "available"])?;
                let available = members.need("available")?.flag()?;
                Ok(Action::ZoneCapacity { zone: text(&members.need("zone")?)?, available })
            }
            "alarm" => {
                let members = how.object(&["name", "alarming"])?;
                let alarming = members.need("alarming")?.flag()?;
                Ok(Action::Alarm { name: text(&members.need("name")?)?, alarming })
            }
            "drain" => {
                let members = how.object(&["targetGroup", "seconds"])?;
                let seconds = members.need("seconds")?.whole(0, 3600)?;
                Ok(Action::Drain { target_group: text(&members.need("targetGroup")?)?, seconds })
            }
            "health" => {
                let members = how.object(&["service", "serving"])?;
                Ok(Action::Health {
                    service: text(&members.need("service")?)?,
                    serving: members.need("serving")?.flag()?,
                })
            }
            "load" => load(&how).map(|(service, load)| Action::Load { service, load }),
            "throttling" => how.flag().map(Action::Throttling),
            "readLag" => how.object(&["ms"])?.need("ms")?.whole(0, MOST_MS).map(Action::ReadLag),
            "knob" => knob(&how),
            _ => Err(reader.wrong(format!("has no action `{name}`"))),
        }
    }
}

fn timed(reader: &Reader<'_>) -> Result<(i64, Action), Unreadable> {
    let members = reader.object(&["atSeconds", "do"])?;
    let seconds = members.need("atSeconds")?.number(MOST_SECONDS)?;
    Ok(((seconds * 1000.0).round() as i64, Action::read(&members.need("do")?)?))
}

fn push(how: &Reader<'_>) -> Result<Action, Unreadable> {
    let members = how.object(&["repository", "tag", "app"])?;
    Ok(Action::Push {
        repository: text(&members.need("repository")?)?,
        tag: text(&members.need("tag")?)?,
        app: members.get("app").map(|reader| app(&reader)).transpose()?,
    })
}

/// `{"service": …, "cpu": …, "memory": …, "requests": …}`, where what is left out is not reported.
pub(super) fn load(how: &Reader<'_>) -> Result<(String, Load), Unreadable> {
    let members = how.object(&["service", "cpu", "memory", "requests"])?;
    let number = |name: &str| members.get(name).map(|reader| reader.number(MOST_LOAD)).transpose();
    let load = Load { cpu: number("cpu")?, memory: number("memory")?, requests: number("requests")? };
    Ok((text(&members.need("service")?)?, load))
}

fn knob(how: &Reader<'_>) -> Result<Action, Unreadable> {
    let members = how.object(&["name", "value"])?;
    let name = members.need("name")?;
    let range = Range::of(name.text()?).ok_or_else(|| name.wrong("is no knob; GET /_sim/knobs lists them"))?;
    Ok(Action::Knob { range, value: members.need("value")?.whole(range.least, range.most)? })
}

fn update(how: &Reader<'_>) -> Result<Action, Unreadable> {
    let members = how.object(&["service", "input"])?;
    let input = members.need("input")?;
    let members_of_call = input.value().as_object().ok_or_else(|| input.wrong("is not an object"))?;
    Ok(Action::Update { service: text(&members.need("service")?)?, input: members_of_call.clone() })
}

fn app(reader: &Reader<'_>) -> Result<App, Unreadable> {
    let (name, how) = reader.choice()?;
    let end = || {
        let how = how.as_ref().ok_or_else(|| reader.wrong("is without `ms` and `exitCode`"))?;
        let members = how.object(&["ms", "exitCode"])?;
        Ok::<_, Unreadable>((members.need("ms")?.whole(0, MOST_MS)?, members.need("exitCode")?.whole(0, 255)?))
    };
    match name {
        "healthy" if how.is_none() => Ok(App::Healthy),
        "neverHealthy" if how.is_none() => Ok(App::NeverHealthy),
        "crashesAfter" => end().map(|(ms, exit_code)| App::CrashesAfter { ms, exit_code }),
        "exitsAfter" => end().map(|(ms, exit_code)| App::ExitsAfter { ms, exit_code }),
        "servesAfter" => {
            let how = how.as_ref().ok_or_else(|| reader.wrong("is without `ms`"))?;
            Ok(App::ServesAfter { ms: how.object(&["ms"])?.need("ms")?.whole(0, MOST_MS)? })
        }
        _ => Err(reader.wrong("is none of healthy, neverHealthy, crashesAfter, exitsAfter, servesAfter")),
    }
}

fn text(reader: &Reader<'_>) -> Result<String, Unreadable> {
    reader.text().map(str::to_owned)
}
