//! Which deeds a seed draws, and when.
//!
//! In the manner of a swarm each seed takes a few kinds of deeds and leaves out the others, since what is always there
//! hides what is rare. Pure: the same chance gives the same deeds.

use evenkeel::model::command::Told;
use evenkeel::plan::command::Want;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use fastrand::Rng;

use super::people::{Order, Stand};
use super::story::{Deed, Probe, Says, Story, What};

/// The deeds of a story but people's commands.
pub(super) fn deeds(rng: &mut Rng, story: &Story) -> Vec<Deed> {
    Swarm::of(rng).deeds(rng, story)
}

/// People's commands, log probes and the way out of Spot, in half of the stories, with what makes them matter.
pub(super) fn people(rng: &mut Rng, story: &mut Story) {
    if rng.bool() {
        return;
    }
    story.probe = [None, None, Some(Probe::Must), Some(Probe::MustNot)][rng.usize(0..4)];
    story.fallback = rng.bool();
    for _ in 0..rng.usize(1..5) {
        let deeds = commanding(rng, story);
        let at = rng.i64(0..story.calm_ms * 3 / 4);
        story.deeds.extend(deeds.into_iter().map(|what| Deed { at, what }));
    }
    story.deeds.sort_by_key(|deed| deed.at);
}

/// Permissions that go and come back, and answers with a date that is off, in a quarter of the stories.
pub(super) fn rarer(rng: &mut Rng, story: &mut Story) {
    if rng.u32(0..4) > 0 {
        return;
    }
    for _ in 0..rng.usize(1..3) {
        let operation = [&WRITES[..], &READS[..]].concat()[rng.usize(0..WRITES.len() + READS.len())];
        let effect = match rng.u32(0..3) {
            // Of a clock of AWS that is wrong by more than the 55 minutes leave of the hour, nothing could be said.
            0 => Effect::Skew { ms: rng.i64(-120_000..120_000) },
            _ => Effect::Denied,
        };
        let what = What::Fault(rule(rng, operation, effect));
        story.deeds.push(Deed { at: rng.i64(0..story.calm_ms), what });
    }
    story.deeds.sort_by_key(|deed| deed.at);
}

/// A person's command, and what brings it about.
fn commanding(rng: &mut Rng, story: &Story) -> Vec<What> {
    let controller = rng.usize(0..story.paces.len());
    let order = |want, stand, after| What::Command(Order { want, stand, after });
    let soon = rng.i64(0..40_000);
    let told = if rng.bool() { Told::Succeeded } else { Told::Failed };
    let failing = match (rng.u32(0..4), story.probe) {
        (0, _) | (_, None) => What::OneOff(App::CrashesAfter { ms: rng.i64(100..30_000), exit_code: 1 }),
        (1, _) => What::Log(Says::Nothing),
        _ => What::Log(Says::Wrong),
    };
    let refused = What::Fault(Rule {
        when: Match { client: Some("evenkeel".to_owned()), count: Some(1), ..Match::operation("RunTask") },
        then: Effect::Denied,
    });
    // Long enough for ECS to forget the task, and for an intent to be too old, if nobody else is there.
    let away = if story.paces.len() == 1 { 7_200_000 } else { 60_000 };
    let lost = |after| What::Crash { controller, operation: "RunTask", calls: 1, after, away };
    match rng.u32(0..17) {
        0 | 1 => vec![failing, order(Want::Retry, Stand::Failed, soon)],
        2 => vec![refused, order(Want::Retry, Stand::Failed, soon)],
        3 => vec![lost(rng.bool()), order(Want::Retry, Stand::Unknown, soon)],
        4 => vec![lost(rng.bool()), order(Want::Resolve(told), Stand::Unknown, soon)],
        5 => vec![
            lost(rng.bool()),
            order(Want::Resolve(Told::Failed), Stand::Unknown, soon),
            order(Want::Retry, Stand::Failed, rng.i64(0..40_000)),
        ],
        6 | 7 => vec![order(Want::Abort, Stand::Open, rng.i64(0..90_000))],
        8 => vec![What::HandWaits(rng.u64(500..60_000)), order(Want::Abort, Stand::Open, rng.i64(0..90_000))],
        9 => vec![What::HandDies { after: rng.bool() }, order(Want::Abort, Stand::Open, rng.i64(0..60_000))],
        10 => vec![What::HandDies { after: rng.bool() }, failing, order(Want::Retry, Stand::Failed, soon)],
        11 => vec![What::Spot(false), order(Want::Retry, Stand::Failed, rng.i64(0..120_000))],
        12 => vec![order(Want::Abort, Stand::Launching, rng.i64(0..3_000))],
        13 => vec![order(Want::Run, Stand::Any, soon)],
        14 => vec![order(Want::Run, Stand::Succeeded, soon)],
        15 => vec![What::HandDies { after: rng.bool() }, order(Want::Run, Stand::Succeeded, soon)],
        _ => vec![order([Want::Retry, Want::Resolve(told), Want::Abort, Want::Run][rng.usize(0..4)], Stand::Any, soon)],
    }
}

/// Which kinds of deeds a seed has, and how many of each.
struct Swarm {
    people: f64,
    scaling: f64,
    deaths: f64,
    world: f64,
    wire: f64,
    reads: f64,
    number: usize,
}

impl Swarm {
    fn of(rng: &mut Rng) -> Self {
        let mut some = |often: f64| if rng.f64() < often { 0.2 + rng.f64() } else { 0.0 };
        let (people, scaling, deaths) = (some(0.4), some(0.15), some(0.5));
        let (world, wire, reads) = (some(0.4), some(0.5), some(0.25));
        Self { people, scaling, deaths, world, wire, reads, number: rng.usize(1..14) }
    }

    fn deeds(&self, rng: &mut Rng, story: &Story) -> Vec<Deed> {
        let mut deeds = Vec::new();
        // Something to do at all: a kick, a request, or both.
        for _ in 0..rng.usize(1..4) {
            deeds.push(Deed { at: rng.i64(0..story.calm_ms * 3 / 4), what: beginning(rng, story) });
        }
        let kinds: [(f64, Kind); 6] = [
            (self.people, person),
            (self.scaling, scaling),
            (self.deaths, death),
            (self.world, world),
            (self.wire, wire),
            (self.reads, reads),
        ];
        let sum: f64 = kinds.iter().map(|(weight, _)| weight).sum();
        for _ in 0..(if sum > 0.0 { self.number } else { 0 }) {
            let mut at = rng.f64() * sum;
            let kind = kinds.iter().find(|(weight, _)| {
                at -= weight;
                at < 0.0
            });
            if let Some((_, kind)) = kind {
                deeds.push(Deed { at: rng.i64(0..story.calm_ms), what: kind(rng, story) });
            }
        }
        deeds.sort_by_key(|deed| deed.at);
        deeds
    }
}

/// How a deed of one kind is drawn.
type Kind = fn(&mut Rng, &Story) -> What;

fn beginning(rng: &mut Rng, story: &Story) -> What {
    match rng.u32(0..10) {
        0..5 => What::Kick { services: (0..story.services()).collect(), apart: rng.i64(0..12_000) },
        5 => What::Kick { services: vec![rng.usize(0..story.services())], apart: 0 },
        _ => What::Request,
    }
}

fn person(rng: &mut Rng, story: &Story) -> What {
    let service = rng.usize(0..story.services());
    match rng.u32(0..12) {
        0 | 1 => What::Count(service, rng.i64(0..3)),
        2 | 3 => What::StopTask(service),
        4 => What::StopOneOff,
        5 => What::StopDeployment(service),
        6 => What::ForeignTag,
        7 | 8 => What::Push(App::Healthy),
        _ => beginning(rng, story),
    }
}

fn scaling(rng: &mut Rng, story: &Story) -> What {
    let service = rng.usize(0..story.services());
    match rng.u32(0..2) {
        0 => What::Scale(service, rng.i64(1..3), 3),
        _ => What::Count(service, rng.i64(1..4)),
    }
}

fn death(rng: &mut Rng, story: &Story) -> What {
    let controller = rng.usize(0..story.paces.len());
    let calls = rng.u32(1..90);
    let away = match rng.u32(0..20) {
        0..9 => 0,
        9..14 => rng.i64(1_000..60_000),
        14..18 => 600_000,
        // Two days of another controller's looks cost as much as fifty seeds.
        18 if story.paces.len() == 1 => 2 * 86_400_000,
        _ => 7_200_000,
    };
    // Between two writes is where most calls are, and around a launch is where it matters.
    let (operation, calls) = match rng.u32(0..8) {
        0 => return What::Freeze { controller, calls, ms: rng.u64(1_000..240_000) },
        1 | 2 => ("RunTask", 1),
        3 => ("TagResource", rng.u32(1..6)),
        4 => ("UpdateService", rng.u32(1..3)),
        _ => ("", calls),
    };
    What::Crash { controller, operation, calls, after: rng.bool(), away }
}

fn world(rng: &mut Rng, story: &Story) -> What {
    let service = rng.usize(0..story.services());
    match rng.u32(0..17) {
        0 => What::Push(App::NeverHealthy),
        1 => What::Push(App::CrashesAfter { ms: rng.i64(1_000..90_000), exit_code: 1 }),
        2 => What::Push(App::ServesAfter { ms: rng.i64(1_000..60_000) }),
        3 | 4 => What::Reclaim(service),
        5 | 6 => What::Spot(rng.bool()),
        7 => What::Drain(rng.i64(0..300)),
        8 | 9 => What::Serving(service, rng.bool()),
        10 => What::OneOff(App::ExitsAfter { ms: rng.i64(100..400_000), exit_code: 0 }),
        11 => What::OneOff(App::CrashesAfter { ms: rng.i64(100..90_000), exit_code: 1 }),
        12 => What::OneOff(App::ExitsAfter { ms: 50, exit_code: 0 }),
        _ => What::SlowExit(rng.i64(100..100_000)),
    }
}

const WRITES: [&str; 4] = ["UpdateService", "TagResource", "RunTask", "RegisterTaskDefinition"];
const READS: [&str; 9] = [
    "DescribeClusters",
    "DescribeServices",
    "ListTasks",
    "DescribeTasks",
    "ListServices",
    "DescribeTargetHealth",
    "DescribeServiceRevisions",
    "ListServiceDeployments",
    "DescribeTaskDefinition",
];

fn wire(rng: &mut Rng, _: &Story) -> What {
    let effect = match rng.u32(0..13) {
        0 => Effect::LostRequest,
        1 | 2 => Effect::LostAnswer,
        3 => Effect::LateRequest { ms: rng.i64(500..90_000) },
        4 => Effect::Duplicate,
        5 => Effect::ServerError { side: Side::Before, status: [500, 503][rng.usize(0..2)] },
        6 => Effect::ServerError { side: Side::After, status: [500, 503][rng.usize(0..2)] },
        7 => Effect::Throttle,
        8 => Effect::Slow { ms: rng.i64(100..20_000) },
        9 => Effect::Cut,
        10 => Effect::Garbled,
        11 => Effect::NewMembers,
        _ => Effect::Expired,
    };
    // Writes are rarer and matter more.
    let operation = match rng.u32(0..6) {
        0 => "",
        1 => READS[rng.usize(0..READS.len())],
        2 | 3 => "RunTask",
        _ => WRITES[rng.usize(0..WRITES.len())],
    };
    What::Fault(rule(rng, operation, effect))
}

fn reads(rng: &mut Rng, _: &Story) -> What {
    match rng.u32(0..5) {
        0 => What::Lag(rng.i64(500..15_000)),
        1 => What::Throttling(rng.bool()),
        2 => {
            let operation = ["DescribeServices", "DescribeTasks"][rng.usize(0..2)];
            What::Fault(rule(rng, operation, Effect::Partial))
        }
        _ => {
            let ms = rng.i64(500..15_000);
            let operation = READS[rng.usize(0..READS.len())];
            What::Fault(rule(rng, operation, Effect::Stale { ms }))
        }
    }
}

fn rule(rng: &mut Rng, operation: &str, then: Effect) -> Rule {
    let about = if operation.is_empty() { Match::default() } else { Match::operation(operation) };
    let when = Match {
        client: Some("evenkeel".to_owned()),
        probability: Some([0.05, 0.3, 1.0][rng.usize(0..3)]),
        count: Some([1, 1, 3, 40][rng.usize(0..4)]),
        ..about
    };
    Rule { when, then }
}
