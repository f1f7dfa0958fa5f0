//! Many tables on one controller: those at rest are read together, and none is in another's way.

use evenkeel::controller::handle::Handle;
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use serde_json::json;

use super::controller::{Files, Said, files, watched};
use super::story::Story;

const TABLES: usize = 24;
const SERVICES: usize = 3;

fn text(number: usize) -> String {
    let mut text = format!(
        "apiVersion: evenkeel.dev/v1\nkind: ServiceTable\nmetadata: {{ name: fleet-{number} }}\nspec:\n  \
         account: \"123456789012\"\n  region: us-east-1\n  cluster: {{ name: fleet-{number} }}\n  rows:\n"
    );
    for service in 0..SERVICES {
        text +=
            &format!("    - name: s{service}\n      service: {{ name: fleet-{number}-s{service} }}\n      count: 2\n");
    }
    text
}

fn fleet(seed: u64) -> (Story, Files) {
    let read = |number: usize| -> ServiceTable {
        evenkeel::table::read(&format!("{number}.yaml"), text(number).as_bytes()).unwrap()
    };
    let tables: Vec<ServiceTable> = (0..TABLES).map(read).collect();
    let lab = Lab::with_others(tables[0].clone(), &tables[1..], Start::Stated, seed).unwrap();
    let begun = lab.world().world_json();
    let texts: Vec<(String, String)> = (0..TABLES).map(|number| (format!("{number}.yaml"), text(number))).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    (Story { lab, begun }, files(&texts))
}

/// The calls of the controller from an entry of the journal on, by operation.
fn calls(story: &Story, from: usize, operation: &str) -> usize {
    let journal = story.lab.journal();
    journal[from..].iter().filter(|line| line["client"] == "evenkeel" && line["operation"] == operation).count()
}

fn all(handle: &Handle, wanted: Verdict) -> bool {
    let tables = handle.tables();
    tables.len() == TABLES
        && tables.iter().all(|view| view.report.as_ref().is_some_and(|report| report.verdict() == wanted))
}

#[tokio::test(start_paused = true)]
async fn tables_at_rest_take_a_call_for_a_hundred_clusters_and_one_for_ten_services() {
    let (story, files) = &fleet(401);
    watched(story, files, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(2)).await;
        assert!(all(&handle, Verdict::Converged));
        let from = story.lab.journal().len();
        story.lab.wait(Span::minutes(6)).await;
        let looks = 12;
        assert!(calls(story, from, "DescribeClusters") <= looks + 1);
        let services = calls(story, from, "DescribeServices");
        assert!(services <= (looks + 1) * (TABLES * SERVICES).div_ceil(10), "{services}");
        assert!(services >= TABLES, "each had its turn");
        let others = story.lab.journal()[from..].iter().filter(|line| line["client"] == "evenkeel").count();
        assert_eq!(others, services + calls(story, from, "DescribeClusters"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_kick_in_one_of_many_clusters_is_noticed_at_once_and_moves_no_other_table() {
    let (story, files) = &fleet(402);
    watched(story, files, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(5)).await;
        let written = story.world().writes.len();
        for service in 0..SERVICES {
            let input =
                json!({"cluster": "fleet-7", "service": format!("fleet-7-s{service}"), "forceNewDeployment": true});
            story.lab.call("foursight", "UpdateService", input).unwrap();
        }
        story.lab.wait(Span::seconds(75)).await;
        let world = story.world();
        assert_eq!(world.writes_since(written), ["TagResource fleet-7"], "the rollout is in hand");
        story.lab.wait(Span::minutes(20)).await;
        assert!(all(&handle, Verdict::Converged));
        assert!(story.world().writes_since(written).iter().all(|write| write == "TagResource fleet-7"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_read_of_many_that_fails_is_no_reason_to_do_anything_and_is_made_up_for() {
    let (story, files) = &fleet(403);
    watched(story, files, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(5)).await;
        let written = story.world().writes.len();
        let when = Match::operation("DescribeClusters");
        story
            .lab
            .world()
            .faults_mut()
            .add(Rule { when, then: Effect::ServerError { side: Side::Before, status: 500 } });
        story.lab.wait(Span::minutes(3)).await;
        assert!(all(&handle, Verdict::Progressing));
        story.lab.world().faults_mut().clear();
        story.lab.wait(Span::minutes(6)).await;
        assert!(all(&handle, Verdict::Converged));
        assert_eq!(story.world().writes_since(written), Vec::<String>::new());
    })
    .await;
}
