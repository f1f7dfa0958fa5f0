//! Asking for a rollout: under a key it is one wish however often it is said, it costs few calls, and Foursight's page
//! is told.

use std::collections::BTreeMap;
use std::rc::Rc;

use evenkeel::controller::handle::{Ask, Granted, Handle, Refused, door};
use evenkeel::controller::reload::{File, Tables};
use evenkeel::controller::request::{Requested, accept, accept_knowing};
use evenkeel::controller::run::run;
use evenkeel::controller::settle::Until;
use evenkeel::model::ids::TableName;
use evenkeel::model::kickoff::Build;
use evenkeel::model::rollout::{IdempotencyKey, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::command::{Want, Wish};
use evenkeel::plan::history::History;
use evenkeel::plan::request::{Stands, Wanted};
use evenkeel::reconcile::pass::{Mode, Verdict, pass};
use evenkeel::simulator::fault::{Effect, Match, Moment, Rule};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::story::Story;

const TABLE: &str = include_str!("../../specs/cgap.yaml");

fn keyed(key: &str) -> Wanted {
    Wanted { key: IdempotencyKey::parse(key).ok(), by: Some("ada".to_owned()), ..Wanted::default() }
}

fn cgap() -> TableName {
    TableName::parse("cgap-devtest").unwrap()
}

/// Asks by a process that knows nothing, on whatever machine.
async fn ask(story: &Story, key: &str) -> Requested {
    accept(&story.lab.aws(), &story.lab.table, &keyed(key), story.lab.now()).await.unwrap().request
}

/// A controller for as long as `meanwhile` asks things of it.
async fn controlled<T, F: Future<Output = T>>(story: &Story, meanwhile: impl FnOnce(Handle) -> F) -> T {
    let (handle, door) = door();
    let files = || BTreeMap::from([("cgap.yaml".to_owned(), File::Read(TABLE.as_bytes().to_vec()))]);
    let mut tables = Tables::default();
    tables.reload(files());
    let aws = story.lab.aws();
    let running = run(async |_| aws.clone(), files, tables, story.lab.pacing(), door, |_| {});
    tokio::select! {
        biased;
        ended = meanwhile(handle) => ended,
        never = running => match never {},
    }
}

fn tags(story: &Story) -> BTreeMap<String, String> {
    let input = json!({"clusters": [story.lab.laid_out.cluster], "include": ["TAGS"]});
    let answer = story.lab.call("console", "DescribeClusters", input).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags = answer["clusters"][0]["tags"].as_array().unwrap().clone();
    tags.iter().map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect()
}

/// What was asked of AWS since a line of the journal.
fn calls(story: &Story, since: usize) -> Vec<String> {
    let lines = story.lab.journal().split_off(since);
    let calls = lines.iter().filter(|line| line["type"] == "api");
    calls.map(|line| line["operation"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn asking_again_under_a_key_is_the_same_wish_before_and_after_its_rollout() {
    let story = Story::settled(401).await;
    let Requested::New(request) = ask(&story, "monday").await else { panic!("nobody had asked") };
    let written = story.world().writes.len();
    assert_eq!(ask(&story, "monday").await, Requested::Known(request.id.clone(), Stands::Pending));
    assert_eq!(story.world().writes_since(written), Vec::<String>::new());
    assert_eq!(story.settle().await, Verdict::Converged);
    let written = story.world().writes.len();
    let again = ask(&story, "monday").await;
    let Requested::Known(id, Stands::Ended(_, RecordState::Succeeded(_))) = again else { panic!("{again:?}") };
    assert_eq!(id, request.id);
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().writes_since(written), Vec::<String>::new());
    assert_eq!(story.world().runs.len(), 1);
    assert!(matches!(ask(&story, "tuesday").await, Requested::New(_)));
}

#[tokio::test(start_paused = true)]
async fn a_wish_is_three_calls_where_the_table_was_looked_at_and_its_rollout_runs_once() {
    let story = &Story::settled(402).await;
    controlled(story, |handle| async move {
        // Not at the moment at which all tables look.
        story.lab.wait(Span::seconds(125)).await;
        let before = story.lab.journal().len();
        let granted = handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await.unwrap();
        assert!(matches!(granted, Granted::Rollout(_)), "{granted:?}");
        // What follows is the pass that takes it up.
        assert_eq!(calls(story, before)[..3], ["DescribeServices", "DescribeClusters", "TagResource"]);
        story.lab.wait(Span::minutes(45)).await;
        let before = story.lab.journal().len();
        let granted = handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await.unwrap();
        assert!(matches!(granted, Granted::Known(_, Stands::Ended(..))), "{granted:?}");
        assert_eq!(calls(story, before), ["DescribeServices", "DescribeClusters"]);
    })
    .await;
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_three_calls_where_the_table_was_looked_at() {
    let story = &Story::settled(403).await;
    controlled(story, |handle| async move {
        story.lab.wait(Span::seconds(125)).await;
        handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await.unwrap();
        story.lab.wait(Span::minutes(2)).await;
        let wish =
            Wish { want: Want::Abort, by: Some("ada".to_owned()), reason: Some("too soon".to_owned()), key: None };
        let before = story.lab.journal().len();
        let granted = handle.ask(cgap(), Ask::Command(wish)).await.unwrap();
        assert!(matches!(granted, Granted::Command(_)), "{granted:?}");
        assert_eq!(calls(story, before)[..3], ["DescribeServices", "DescribeClusters", "TagResource"]);
        story.lab.wait(Span::minutes(45)).await;
    })
    .await;
    assert_eq!(story.world().runs.len(), 0);
    assert!(tags(story)["evenkeel:cgap-devtest:rollout"].contains("how=aborted"));
}

#[tokio::test(start_paused = true)]
async fn wishes_under_one_key_at_the_same_moment_are_one() {
    let story = &Story::settled(404).await;
    let granted = controlled(story, |handle| async move {
        let handle = Rc::new(handle);
        story.lab.wait(Span::minutes(2)).await;
        let ask = || handle.ask(cgap(), Ask::Rollout(keyed("monday")));
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        let granted = [one.unwrap(), two.unwrap(), three.unwrap()];
        story.lab.wait(Span::minutes(45)).await;
        granted
    })
    .await;
    let [Granted::Rollout(request), known @ ..] = granted else { panic!("{granted:?}") };
    for again in known {
        assert!(matches!(&again, Granted::Known(id, _) if *id == request.id), "{again:?}");
    }
    let story = story.world();
    assert_eq!(story.runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wish_behind_a_look_that_took_minutes_is_refused_and_not_written() {
    let story = &Story::settled(408).await;
    controlled(story, |handle| async move {
        story.lab.wait(Span::seconds(125)).await;
        handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await.unwrap();
        story.lab.wait(Span::minutes(2)).await;
        let before = tags(story);
        let slow = |operation| Rule {
            when: Match { client: Some("evenkeel".to_owned()), ..Match::operation(operation) },
            then: Effect::Slow { ms: 181_000 },
        };
        for (operation, ask) in [
            ("DescribeClusters", Ask::Command(Wish { want: Want::Abort, by: None, reason: None, key: None })),
            ("DescribeServices", Ask::Rollout(keyed("tuesday"))),
        ] {
            story.lab.world().faults_mut().add(slow(operation));
            let refused = handle.ask(cgap(), ask).await.unwrap_err();
            assert!(matches!(refused, Refused::TooLate), "{refused:?}");
            story.lab.world().faults_mut().clear();
        }
        let wishes = |tags: &BTreeMap<String, String>| {
            ["request", "command"].map(|key| tags.get(&format!("evenkeel:cgap-devtest:{key}")).cloned())
        };
        assert_eq!(wishes(&tags(story)), wishes(&before));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn more_wishes_than_can_wait_are_sent_away_at_once() {
    let story = &Story::settled(409).await;
    controlled(story, |handle| async move {
        let handle = &handle;
        story.lab.wait(Span::seconds(125)).await;
        let when = Match { client: Some("evenkeel".to_owned()), ..Match::operation("TagResource") };
        story.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 60_000 } });
        let crowd = |wait| async move {
            story.lab.wait(Span::seconds(wait)).await;
            join_all((0..200).map(|_| handle.ask(cgap(), Ask::Rollout(keyed("monday"))))).await
        };
        // Some find the door full, and some the table's queue, behind the wish that is being written.
        let (first, second) = tokio::join!(crowd(0), crowd(10));
        let mut granted = 0;
        for (at, answer) in first.iter().chain(&second).enumerate() {
            match answer {
                Ok(_) => granted += 1,
                Err(refused) => assert!(matches!(refused, Refused::Busy), "{at}: {refused:?}"),
            }
        }
        assert!((64..=65).contains(&granted), "{granted} of {}", first.len() + second.len());
        let late = handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await;
        assert!(matches!(late, Ok(Granted::Known(..))), "{late:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_wish_is_durable_though_a_service_was_replaced_since_the_look() {
    let story = &Story::settled(405).await;
    controlled(story, |handle| async move {
        story.lab.wait(Span::minutes(2)).await;
        // Somebody has given the portal another definition: the look does not fit any more.
        let service = story.lab.service("portal");
        let input = json!({"cluster": story.lab.laid_out.cluster, "services": [service]});
        let shown = story.lab.call("console", "DescribeServices", input).unwrap();
        let definition = &shown["services"][0]["taskDefinition"];
        let mut copy = story
            .lab
            .call("console", "DescribeTaskDefinition", json!({"taskDefinition": definition}))
            .unwrap()["taskDefinition"]
            .take();
        let known = ["family", "containerDefinitions", "cpu", "memory", "networkMode", "requiresCompatibilities"];
        copy.as_object_mut().unwrap().retain(|key, _| known.contains(&key.as_str()) || key.ends_with("RoleArn"));
        let made = story.lab.call("console", "RegisterTaskDefinition", copy).unwrap();
        let update = json!({"cluster": story.lab.laid_out.cluster, "service": service,
            "taskDefinition": made["taskDefinition"]["taskDefinitionArn"]});
        story.lab.call("console", "UpdateService", update).unwrap();
        let before = story.lab.journal().len();
        handle.ask(cgap(), Ask::Rollout(keyed("monday"))).await.unwrap();
        assert!(calls(story, before).len() > 6, "{:?}", calls(story, before));
        story.lab.wait(Span::minutes(45)).await;
    })
    .await;
    assert_eq!(story.world().runs.len(), 1);
}

/// Whoever asks under a key, while another process is asked the same and kicks every row between the two reads that count:
/// tags that were read before that say nothing of services that are read after it.
async fn asked_of_two(story: &Story, known: &History) {
    let (aws, table, fallback) = (story.lab.aws(), &story.lab.table, story.lab.now());
    for operation in ["DescribeServices", "DescribeClusters"] {
        let when = Match { until: Some(Moment::Later(1_000)), ..Match::operation(operation) };
        story.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 30_000 } });
    }
    let other = async {
        story.lab.wait(Span::seconds(5)).await;
        let Requested::New(request) = ask(story, "monday").await else { panic!("nobody had asked") };
        story.lab.settle(Until::Kicked, |_| {}).await;
        request.id
    };
    let monday = keyed("monday");
    let (asked, id) = tokio::join!(accept_knowing(known, &aws, table, &monday, fallback), other);
    assert_eq!(*asked.unwrap().request.id(), id);
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    let kicks = world.writes.iter().filter(|write| write.starts_with("UpdateService")).count();
    assert_eq!((kicks, world.runs.len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_two_processes_are_asked_under_at_once_is_one_rollout_though_one_of_them_is_slow() {
    let story = Story::settled(410).await;
    let mut known = History::default();
    pass(&story.lab.aws(), &story.lab.table, &mut known, Mode::Act, story.lab.now()).await;
    assert!(known.latest.is_some());
    asked_of_two(&story, &known).await;
    asked_of_two(&Story::settled(411).await, &History::default()).await;
}

#[tokio::test(start_paused = true)]
async fn foursights_page_is_told_of_a_request_and_of_nothing_else() {
    let story = Story::settled(406).await;
    let tag = json!([{"key": "last_redeploy_kickoff_at", "value": "2025-01-01 00:00:00 UTC"}]);
    let arn = story.lab.laid_out.cluster_arn.clone();
    story.lab.call("console", "TagResource", json!({"resourceArn": arn, "tags": tag})).unwrap();
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(tags(&story)["last_redeploy_kickoff_at"], "2025-01-01 00:00:00 UTC");
    let build = Build { branch: Some("master".to_owned()), ..Build::default() };
    let wanted = Wanted { build, ..keyed("monday") };
    let at = story.lab.now().to_string();
    accept(&story.lab.aws(), &story.lab.table, &wanted, story.lab.now()).await.unwrap();
    let told = tags(&story);
    let told = |key: &str| told[&format!("last_redeploy_kickoff_{key}")].clone();
    assert_eq!(told("at")[..16].replace(' ', "T"), at[..16]);
    assert_eq!([told("by"), told("branch"), told("commit"), told("repo")], ["ada", "master", "unknown", "unknown"]);
    let said = told("at");
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(tags(&story)["last_redeploy_kickoff_at"], said);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_without_foursight_gets_no_tags_of_it() {
    let story = Story::settled(407).await;
    ask(&story, "monday").await;
    assert!(tags(&story).keys().all(|key| key.starts_with("evenkeel:")), "{:?}", tags(&story));
}
