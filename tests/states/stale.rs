//! Reads from the past, each operation from its own and each controller from its own, back and forth.

use std::convert::Infallible;
use std::fmt;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::aws::Aws;
use evenkeel::controller::settle::{End, Ended, Until, settle};
use evenkeel::lab::bench::Lab;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::{Mode, Verdict};
use evenkeel::simulator::fault::{Effect, Match, Rule};
use evenkeel::simulator::wire::InProcess;
use fastrand::Rng;

use crate::crashes::variant::{Size, Variant, kick_all};
use crate::world::World;

const SEEDS: u64 = if cfg!(debug_assertions) { 3 } else { 200 };

/// How long reads are old, which is longer than an undisturbed rollout takes.
const LATE: Span = Span::minutes(12);

/// Reads that a decision rests on.
const READS: [&str; 7] = [
    "DescribeClusters",
    "ListServices",
    "DescribeServices",
    "ListTasks",
    "DescribeTasks",
    "ListServiceDeployments",
    "DescribeServiceDeployments",
];

/// Two controllers by their names in the journal.
const NAMES: [&str; 2] = ["evenkeel-a", "evenkeel-b"];

/// A client with a name of its own.
#[derive(Clone)]
struct Named {
    inner: InProcess,
    name: &'static str,
}

impl HttpConnector for Named {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        for header in ["user-agent", "x-amz-user-agent"] {
            let named =
                request.headers().get(header).map(|agent| agent.replace("app/evenkeel", &format!("app/{}", self.name)));
            if let Some(named) = named {
                request.headers_mut().insert(header, named);
            }
        }
        self.inner.call(request)
    }
}

impl HttpClient for Named {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Every other read or so shows what was before, by an amount that belongs to the operation and the controller.
fn look_back(lab: &Lab, rng: &mut Rng) {
    for client in NAMES {
        for operation in READS {
            let when = Match {
                client: Some(client.to_owned()),
                probability: Some(0.1 + 0.4 * rng.f64()),
                ..Match::operation(operation)
            };
            let then = Effect::Stale { ms: rng.i64(500..90_000) };
            lab.world().faults_mut().add(Rule { when, then });
        }
    }
}

async fn process(lab: &Lab, name: &'static str) -> Ended {
    let aws = Aws::over(SharedHttpClient::new(Named { inner: lab.client(), name }), &lab.table.region);
    settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}).await
}

/// A controller that goes on: a look that shows nothing to do may be an old one.
async fn controller(lab: &Lab, name: &'static str) -> Infallible {
    loop {
        process(lab, name).await;
        lab.wait(Span::seconds(10)).await;
    }
}

/// For as long as reads are old nothing is harmed; once they are not, everything comes to its end and stays.
#[tokio::test(start_paused = true)]
async fn two_controllers_that_look_into_their_own_pasts_do_no_harm_and_come_to_an_end() {
    for seed in 0..SEEDS {
        let mut rng = Rng::with_seed(seed);
        let (lab, begun) = Variant::Request.lab(Size::Small, seed).await;
        lab.wait(Span::minutes(5)).await;
        look_back(&lab, &mut rng);
        kick_all(&lab);
        tokio::select! {
            () = lab.wait(LATE) => {}
            never = controller(&lab, NAMES[0]) => match never {},
            never = controller(&lab, NAMES[1]) => match never {},
        }
        let fired: u64 = lab.world().faults().iter().map(|(_, fault)| fault.fired).sum();
        assert!(fired > 20, "seed {seed}: only {fired} reads were old");
        lab.world().faults_mut().clear();
        let last = process(&lab, NAMES[0]).await;
        let world = World::of(&lab, &begun);
        assert_eq!(world.harms, Vec::<String>::new(), "seed {seed}");
        assert_eq!(last.end, End::Reached(Verdict::Converged), "seed {seed}: {:?}", last.last.plan.holds);
        assert_eq!(world.runs.len(), 1, "seed {seed}: {:?}", world.runs);
        process(&lab, NAMES[1]).await;
        let later = World::of(&lab, &begun);
        assert_eq!(later.writes_since(world.writes.len()), Vec::<String>::new(), "seed {seed}: it does not stay");
    }
}
