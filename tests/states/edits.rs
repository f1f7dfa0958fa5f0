//! A table whose fields are edited from every value to every other, in a system that runs: the world follows, and stays.

use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::reconcile::pass::Verdict;
use serde_json::{Value, json};

use crate::world::World;

/// What a row may say, as it stands in the table, and whether the world is so.
struct Said {
    text: &'static str,
    is_so: fn(&Seen) -> bool,
}

/// A service as ECS shows it, and the definition that it runs.
struct Seen {
    service: Value,
    definition: Value,
}

/// Each of three values to each other.
const WALK: [usize; 7] = [0, 1, 0, 2, 1, 2, 0];

const REST: [&str; 2] = [
    "    - { name: web, service: { name: web }, container: web, count: 1, spot: false, vcpu: .25, memory: 512 }",
    "    - { name: migrate, task: { definition: { name: migrate } }, container: migrate, count: 0, vcpu: .25, memory: 512 }",
];

fn table(rows: &[&str], tag: &str) -> ServiceTable {
    let head = format!(
        "apiVersion: evenkeel.dev/v1\nkind: ServiceTable\nmetadata: {{ name: edits }}\nspec:\n  account: \
         \"123456789012\"\n  region: us-east-1\n  cluster: {{ name: edits }}\n  image: {{ repository: edits, tag: {tag} \
         }}\n  rows:\n"
    );
    let text = format!("{head}{}\n", rows.join("\n"));
    evenkeel::table::read("table.yaml", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn seen(lab: &Lab) -> Seen {
    let services = json!({"cluster": lab.laid_out.cluster, "services": ["worker"]});
    let service = lab.call("console", "DescribeServices", services).unwrap()["services"][0].clone();
    let definition = json!({"taskDefinition": service["taskDefinition"]});
    let definition = lab.call("console", "DescribeTaskDefinition", definition).unwrap()["taskDefinition"].clone();
    Seen { service, definition }
}

/// A process for an edited table comes to its end, and another has nothing to write.
async fn follows(lab: &Lab, begun: &Value, case: &str) {
    let ended = lab.settle(Until::Settled, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged), "{case}: {:?}", ended.last.plan.holds);
    let world = World::of(lab, begun);
    assert_eq!(world.harms, Vec::<String>::new(), "{case}");
    lab.settle(Until::OnePass, |_| {}).await;
    let later = World::of(lab, begun);
    assert_eq!(later.writes_since(world.writes.len()), Vec::<String>::new(), "{case}: it does not stay");
}

/// Walks through the values of one field of `worker`, whose other fields stay.
async fn walks(others: &str, values: [Said; 3]) {
    let worker = |said: &Said| {
        let said = if said.text.is_empty() { String::new() } else { format!(", {}", said.text) };
        format!("    - {{ name: worker, service: {{ name: worker }}, container: worker, {others}{said} }}")
    };
    let with = |said: &Said| table(&[REST[0], &worker(said), REST[1]], "v1");
    let mut lab = Lab::new(with(&values[0]), Start::Stated, 7).unwrap();
    let begun = lab.world().world_json();
    for (step, value) in WALK.into_iter().enumerate() {
        let case = format!("step {step}: `{}`", values[value].text);
        lab = lab.with_table(with(&values[value]));
        follows(&lab, &begun, &case).await;
        let seen = seen(&lab);
        assert!((values[value].is_so)(&seen), "{case}: {}", seen.service);
    }
}

/// Whether all weight of a service's strategy is on one provider.
fn is_on(seen: &Seen, provider: &str) -> bool {
    let strategy = seen.service["capacityProviderStrategy"].as_array();
    let heavy = strategy.into_iter().flatten().filter(|one| one["weight"] != json!(0));
    heavy.map(|one| one["capacityProvider"].as_str().unwrap_or_default()).eq([provider])
}

fn is_sized(seen: &Seen, cpu: &str, memory: &str) -> bool {
    seen.definition["cpu"] == cpu && seen.definition["memory"] == memory
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_edited_is_followed_from_every_value_to_every_other() {
    walks(
        "spot: false, vcpu: .25, memory: 512",
        [
            Said { text: "count: 0", is_so: |seen| seen.service["desiredCount"] == json!(0) },
            Said { text: "count: 1", is_so: |seen| seen.service["desiredCount"] == json!(1) },
            Said { text: "count: 3", is_so: |seen| seen.service["desiredCount"] == json!(3) },
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn spot_that_is_edited_is_followed_from_every_value_to_every_other() {
    walks(
        "count: 1, vcpu: .25, memory: 512",
        [
            Said { text: "spot: true", is_so: |seen| is_on(seen, "FARGATE_SPOT") },
            Said { text: "spot: false", is_so: |seen| is_on(seen, "FARGATE") },
            // Nobody states it, so it stays whatever it was.
            Said { text: "", is_so: |_| true },
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_size_that_is_edited_is_followed_from_every_value_to_every_other() {
    walks(
        "count: 1, spot: false",
        [
            Said { text: "vcpu: .25, memory: 512", is_so: |seen| is_sized(seen, "256", "512") },
            Said { text: "vcpu: .25, memory: 1024", is_so: |seen| is_sized(seen, "256", "1024") },
            Said { text: "vcpu: .5, memory: 1024", is_so: |seen| is_sized(seen, "512", "1024") },
        ],
    )
    .await;
}

/// Rows and the task come, go and get other names; the services behind them are the same.
#[tokio::test(start_paused = true)]
async fn rows_that_come_and_go_are_followed_from_every_table_to_every_other() {
    const WORKER: &str =
        "    - { name: worker, service: { name: worker }, container: worker, count: 1, vcpu: .25, memory: 512 }";
    const RENAMED: &str =
        "    - { name: jobs, service: { name: worker }, container: worker, count: 1, vcpu: .25, memory: 512 }";
    let tables: [&[&str]; 5] = [
        &[REST[0], WORKER, REST[1]],
        &[REST[0], REST[1]],
        &[REST[0], RENAMED, REST[1]],
        &[REST[0], WORKER],
        &[WORKER, REST[1]],
    ];
    let mut lab = Lab::new(table(tables[0], "v1"), Start::Stated, 7).unwrap();
    let begun = lab.world().world_json();
    follows(&lab, &begun, "as it was laid out").await;
    for from in 0..tables.len() {
        for to in 0..tables.len() {
            for (name, rows) in [("from", from), ("to", to)] {
                lab = lab.with_table(table(tables[rows], "v1"));
                follows(&lab, &begun, &format!("table {from} to {to}, {name}")).await;
            }
        }
    }
    let world = World::of(&lab, &begun);
    let kicks: Vec<&String> = world.writes.iter().filter(|write| write.starts_with("UpdateService")).collect();
    assert!(kicks.is_empty(), "no service had to change: {kicks:?}");
    assert!(world.runs.is_empty(), "nothing was rolled out: {:?}", world.runs);
}

/// While the rollout of the value before is still on its way.
#[tokio::test(start_paused = true)]
async fn a_table_that_is_edited_in_the_middle_of_its_own_rollout_is_followed() {
    let sizes = ["vcpu: .25, memory: 512", "vcpu: .25, memory: 1024", "vcpu: .5, memory: 1024"];
    let worker = |size: &str| {
        format!("    - {{ name: worker, service: {{ name: worker }}, container: worker, count: 1, {size} }}")
    };
    let with = |size: &str| table(&[REST[0], &worker(size), REST[1]], "v1");
    let mut lab = Lab::new(with(sizes[0]), Start::Stated, 7).unwrap();
    let begun = lab.world().world_json();
    follows(&lab, &begun, "as it was laid out").await;
    for (step, value) in WALK.into_iter().enumerate() {
        lab = lab.with_table(with(sizes[value]));
        for _ in 0..=step {
            lab.settle(Until::OnePass, |_| {}).await;
            lab.wait(evenkeel::model::time::Span::seconds(13)).await;
        }
    }
    follows(&lab, &begun, "after the walk").await;
    assert!(is_sized(&seen(&lab), "256", "512"));
}
