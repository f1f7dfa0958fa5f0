//! Why a death at a read is a death between two writes: a read leaves the world as it was, and its chance.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::aws::Aws;
use evenkeel::controller::settle::{End, Until, settle};
use evenkeel::lab::bench::Lab;
use evenkeel::reconcile::pass::{Mode, Verdict};
use evenkeel::simulator::wire::InProcess;

use super::dying::operation;
use super::variant::{Size, Variant};
use crate::world::WRITES;

/// Everything that a world's future follows from.
fn state(lab: &Lab) -> String {
    let mut world = lab.world();
    format!("{} {:?} {:?}", world.world_json(), world.next_event(), world.rng_mut())
}

/// A client that compares the world before and after each read.
#[derive(Clone)]
struct Comparing {
    inner: InProcess,
    lab: Arc<Lab>,
    /// Reads, and those that changed something.
    found: Arc<Mutex<(usize, Vec<String>)>>,
}

impl HttpConnector for Comparing {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let name = operation(&request);
        if WRITES.contains(&name.as_str()) {
            return self.inner.call(request);
        }
        let before = state(&self.lab);
        let answer = self.inner.call(request);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.0 += 1;
        if state(&self.lab) != before {
            found.1.push(name);
        }
        answer
    }
}

impl HttpClient for Comparing {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Comparing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Comparing")
    }
}

#[tokio::test(start_paused = true)]
async fn no_read_of_a_rollout_changes_the_world() {
    let lab = Arc::new(Variant::Kicks.lab(Size::Cgap, 7).await.0);
    let client = Comparing { inner: lab.client(), lab: Arc::clone(&lab), found: Arc::default() };
    let aws = Aws::over(SharedHttpClient::new(client.clone()), &lab.table.region);
    let ended = settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let found = client.found.lock().unwrap();
    assert!(found.0 > 60, "only {} reads", found.0);
    assert_eq!(found.1, Vec::<String>::new());
}
