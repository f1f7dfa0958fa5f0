//! What a seed means: a table, a pace, and a list of deeds with their times.
//!
//! Pure: the same seed gives the same story. Which deeds a seed draws is `swarm`'s, doing them belongs to `deeds`.

use evenkeel::model::row::ServiceTable;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Rule};
use evenkeel::simulator::knobs::{Completion, Knobs, Throttling};
use fastrand::Rng;

use super::people::Order;
use super::swarm;

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
    /// What the task row asks of the log of a task that exited with 0.
    pub(super) probe: Option<Probe>,
    /// Whether later attempts of the task leave Spot.
    pub(super) fallback: bool,
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

/// What a task's log is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// A line must have this.
    Must,
    /// No line may have that.
    MustNot,
}

/// What deployment tasks write from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// That they have done their work.
    Done,
    /// That something is wrong.
    Wrong,
    /// Nothing.
    Nothing,
}

impl Says {
    /// Whether a log with this is what is asked for.
    pub(super) fn is_good_for(self, probe: Option<Probe>) -> bool {
        match (probe, self) {
            (None, _) | (Some(Probe::Must), Self::Done) | (Some(Probe::MustNot), Self::Done | Self::Nothing) => true,
            (Some(Probe::Must), Self::Wrong | Self::Nothing) | (Some(Probe::MustNot), Self::Wrong) => false,
        }
    }
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
    /// A person gives a command about the rollout.
    Command(Order),
    /// A person's own process dies at its next write, before or after AWS has done it.
    HandDies { after: bool },
    /// A person's next write is held up on its way.
    HandWaits(u64),
    /// What deployment tasks write from now on.
    Log(Says),
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
            probe: None,
            fallback: false,
            deeds: Vec::new(),
            calm_ms,
        };
        story.deeds = swarm::deeds(&mut rng, &story);
        // From a chance of their own, so that a seed without them is the same as before.
        swarm::people(&mut Rng::with_seed(seed ^ 0x6f72_6465_7273), &mut story);
        swarm::rarer(&mut Rng::with_seed(seed ^ 0x7261_7265_7273), &mut story);
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
        let probe = match self.probe {
            None => "",
            Some(Probe::Must) => ", success: { log: { mustContain: \"all done\" } }",
            Some(Probe::MustNot) => ", success: { log: { mustNotContain: \"ERROR\" } }",
        };
        let task = format!(
            "    - {{ name: deployment, task: {{ definition: {{ glob: \"CGAPDeployment-*\" }}, spotFallback: {}{probe} }}, container: DeploymentAction, count: 0, spot: true, vcpu: .25, memory: 512 }}\n",
            self.fallback
        );
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
