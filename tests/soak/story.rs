//! What a seed means: a table, a pace, and a list of deeds with their times.
//!
//! Pure: the same seed gives the same story. In the manner of a swarm each seed takes a few kinds of deeds and leaves
//! out the others, since what is always there hides what is rare. Doing the deeds belongs to `deeds`.

use evenkeel::model::row::ServiceTable;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use evenkeel::simulator::knobs::{Completion, Knobs, Throttling};
use fastrand::Rng;

/// Minutes during which deeds are done; what goes wrong by rules ends with them.
const LASTS_MS: std::ops::Range<i64> = 6 * 60_000..18 * 60_000;

/// One history before it happens.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) seed: u64,
    pub(super) rows: Rows,
    /// How far apart the looks of each controller are, as a factor; its length is how many controllers there are.
    pub(super) paces: Vec<f64>,
    /// Each call of a controller takes up to so many milliseconds to arrive.
    pub(super) latency_ms: u64,
    pub(super) drain_s: i64,
    /// Whether the services have a circuit breaker, with rollback.
    pub(super) breaker: bool,
    pub(super) completion: Completion,
    pub(super) deeds: Vec<Deed>,
    /// When everything that goes wrong has ended.
    pub(super) calm_ms: i64,
}

/// Which rows the table has, beside the task row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// One service, behind a load balancer.
    Portal,
    /// One service without.
    Indexer,
    /// One of each.
    Both,
}

/// Something that is done at a time, in milliseconds after the beginning.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) at: i64,
    pub(super) what: What,
}

/// What is done, and by whom. Services are meant by their number in the table.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Foursight forces new deployments, this many milliseconds apart.
    Kick { services: Vec<usize>, apart: i64 },
    /// Somebody pushes an image.
    Push(App),
    /// A person says `rollout start`.
    Request,
    /// A person sets a desired count.
    Count(usize, i64),
    /// A person stops a task of a service.
    StopTask(usize),
    /// A person stops whatever deployment task is alive.
    StopOneOff,
    /// A person goes back.
    StopDeployment(usize),
    /// Somebody writes a tag of their own on the cluster.
    ForeignTag,
    /// A scalable target owns the count from now on.
    Scale(usize, i64, i64),
    /// A controller dies at a call from now, before or after AWS has done it, and is away for a while. Only calls of
    /// the operation count, if one is said.
    Crash { controller: usize, operation: &'static str, calls: u32, after: bool, away: i64 },
    /// A call of a controller is held up on its way.
    Freeze { controller: usize, calls: u32, ms: u64 },
    /// Spot tasks are taken back.
    Reclaim(usize),
    /// Whether there is Spot capacity.
    Spot(bool),
    /// How long targets drain from now on.
    Drain(i64),
    /// Whether running tasks answer health checks well.
    Serving(usize, bool),
    /// How the deployment task behaves from now on.
    OneOff(App),
    /// How slow programs are to end.
    SlowExit(i64),
    /// How late reads are.
    Lag(i64),
    /// Whether calls are limited.
    Throttling(bool),
    /// A rule comes into force.
    Fault(Rule),
}

impl Story {
    /// What this seed means.
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x736f_616b);
        let calm_ms = rng.i64(LASTS_MS);
        let controllers = if rng.f64() < 0.35 { 2 } else { 1 };
        let rows = [Rows::Portal, Rows::Indexer, Rows::Both, Rows::Both][rng.usize(0..4)];
        let mut story = Self {
            seed,
            rows,
            paces: (0..controllers).map(|_| 1.0 + 3.5 * rng.f64()).collect(),
            latency_ms: if controllers == 2 || rng.f64() < 0.2 { [5, 60, 700][rng.usize(0..3)] } else { 0 },
            drain_s: [0, 5, 20, 90][rng.usize(0..4)],
            breaker: rng.f64() < 0.4,
            completion: [Completion::AfterDraining, Completion::AfterDraining, Completion::OnDrainStart]
                [rng.usize(0..3)],
            deeds: Vec::new(),
            calm_ms,
        };
        story.deeds = Swarm::of(&mut rng).deeds(&mut rng, &story);
        story
    }

    /// The constants of its world.
    pub(super) fn knobs(&self) -> Knobs {
        Knobs { completion: self.completion, throttling: Throttling::Off, ..Knobs::default() }
    }

    /// Its table: short settling, a short pause after kicks, few tasks.
    pub(super) fn table(&self) -> ServiceTable {
        let portal = "    - { name: portal, service: { glob: \"CGAPportalService-*\" }, targetGroup: { name: TargetGroupPortal }, container: portal, count: 1, spot: true, vcpu: .25, memory: 512 }\n";
        let indexer = "    - { name: indexer, service: { glob: \"CGAPIndexerService-*\" }, container: Indexer, count: 1, spot: false, vcpu: .25, memory: 512 }\n";
        let task = "    - { name: deployment, task: { definition: { glob: \"CGAPDeployment-*\" } }, container: DeploymentAction, count: 0, spot: true, vcpu: .25, memory: 512 }\n";
        let rows = match self.rows {
            Rows::Portal => format!("{portal}{task}"),
            Rows::Indexer => format!("{indexer}{task}"),
            Rows::Both => format!("{portal}{indexer}{task}"),
        };
        let text = format!(
            "apiVersion: evenkeel.dev/v1\nkind: ServiceTable\nmetadata: {{ name: soak }}\nspec:\n  account: \"123456789012\"\n  region: us-east-1\n  cluster: {{ glob: \"CGAPDockerClusterFor*-*\" }}\n  image: {{ repository: soak, tag: latest }}\n  rollout: {{ settleSeconds: 15, quietSeconds: 20 }}\n  rows:\n{rows}"
        );
        evenkeel::table::read("soak.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    /// Whether ECS may go on for ever with an image that does not run: nothing but a new deployment ends that, and a
    /// circuit breaker does not count tasks that crash after they ran.
    pub(super) fn is_stuck_with_an_image(&self) -> bool {
        let bad = |deed: &Deed| matches!(deed.what, What::Push(App::NeverHealthy | App::CrashesAfter { .. }));
        self.deeds.iter().any(bad)
    }

    /// How many service rows the table has.
    pub(super) fn services(&self) -> usize {
        match self.rows {
            Rows::Portal | Rows::Indexer => 1,
            Rows::Both => 2,
        }
    }

    /// How far behind the world a read may be, or a call may arrive: what happened since cannot be held against a
    /// controller.
    pub(super) fn blindness_ms(&self) -> i64 {
        let late = |deed: &Deed| match &deed.what {
            What::Lag(ms) => *ms,
            What::Fault(Rule { then: Effect::Stale { ms } | Effect::LateRequest { ms }, .. }) => *ms,
            _ => 0,
        };
        let worst = |is: fn(&What) -> bool| self.deeds.iter().filter(|deed| is(&deed.what)).map(late).max();
        let reads = worst(|what| matches!(what, What::Lag(_) | What::Fault(Rule { then: Effect::Stale { .. }, .. })));
        let calls = worst(|what| matches!(what, What::Fault(Rule { then: Effect::LateRequest { .. }, .. })));
        reads.unwrap_or(0) + calls.unwrap_or(0)
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
    match rng.u32(0..14) {
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
