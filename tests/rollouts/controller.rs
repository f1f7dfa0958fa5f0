//! The controller that runs for ever: it ends rollouts of others by itself, follows its files, and lets no table hinder
//! another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use evenkeel::controller::handle::{Ask, Change, Granted, Handle, Refused, door};
use evenkeel::controller::reload::{File, Tables};
use evenkeel::controller::run::{News, run};
use evenkeel::model::ids::TableName;
use evenkeel::model::time::Span;
use evenkeel::plan::command::{Want, Wish};
use evenkeel::plan::request::Wanted;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule};

use super::story::Story;
pub(super) const TABLE: &str = include_str!("../../specs/cgap.yaml");

/// Table files that somebody edits while the controller runs.
pub(super) type Files = Rc<RefCell<BTreeMap<String, File>>>;

pub(super) fn files(all: &[(&str, &str)]) -> Files {
    let read = |text: &str| File::Read(text.as_bytes().to_vec());
    Rc::new(RefCell::new(all.iter().map(|(name, text)| ((*name).to_owned(), read(text))).collect()))
}

/// What a controller said: a line for each pass and each change of its files.
pub(super) type Said = Rc<RefCell<Vec<String>>>;

/// Supervises while `meanwhile` goes on.
async fn supervised<T>(story: &Story, files: &Files, said: &Said, meanwhile: impl Future<Output = T>) -> T {
    watched(story, files, said, |_| meanwhile).await
}

/// The same, for those who watch or ask through the door.
pub(super) async fn watched<T, F: Future<Output = T>>(
    story: &Story,
    files: &Files,
    said: &Said,
    meanwhile: impl FnOnce(Handle) -> F,
) -> T {
    let (handle, door) = door();
    let mut tables = Tables::default();
    tables.reload(files.borrow().clone());
    let aws = story.lab.aws();
    let told = |news: News<'_>| {
        said.borrow_mut().push(match news {
            News::Pass(table, report, _) => format!("{} {:?}", table.name, report.verdict()),
            News::Broken(table, why) => format!("{} broke off: {why}", table.name),
            News::Asked(wished) => format!("{} {}", wished.wish, wished.outcome),
            News::Reloaded(reloaded) => {
                format!(
                    "{} changed, {} gone, {} broken",
                    reloaded.changed.len(),
                    reloaded.gone.len(),
                    reloaded.problems.len()
                )
            }
        });
    };
    let running = run(async |_| aws.clone(), || files.borrow().clone(), tables, story.lab.pacing(), door, told);
    tokio::select! {
        biased;
        ended = meanwhile(handle) => ended,
        never = running => match never {},
    }
}

pub(super) async fn for_minutes(story: &Story, files: &Files, minutes: i64) -> Said {
    let said = Said::default();
    supervised(story, files, &said, story.lab.wait(Span::minutes(minutes))).await;
    said
}

#[tokio::test(start_paused = true)]
async fn kicks_by_others_are_supervised_to_one_run_each_and_nothing_is_written_between() {
    let story = Story::settled(301).await;
    let table = files(&[("cgap.yaml", TABLE)]);
    let said = Said::default();
    supervised(&story, &table, &said, async {
        story.lab.wait(Span::minutes(90)).await;
        assert_eq!(story.world().runs.len(), 0);
        for rollout in 1..=2 {
            story.kick_all();
            story.lab.wait(Span::minutes(45)).await;
            assert_eq!(story.world().runs.len(), rollout);
            let written = story.world().writes.len();
            story.lab.wait(Span::minutes(300)).await;
            assert_eq!(story.world().writes_since(written), Vec::<String>::new());
        }
    })
    .await;
    assert_eq!(story.world().harms, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_edited_file_is_followed_and_a_broken_one_keeps_what_it_held() {
    let story = Story::settled(302).await;
    let table = files(&[("cgap.yaml", TABLE)]);
    let said = Said::default();
    let desired = |part: &str| {
        let input = serde_json::json!({"cluster": story.lab.laid_out.cluster, "services": [story.lab.service(part)]});
        story.lab.call("console", "DescribeServices", input).unwrap()["services"][0]["desiredCount"].clone()
    };
    supervised(&story, &table, &said, async {
        story.lab.wait(Span::minutes(2)).await;
        let edited = TABLE.replacen("count: 4", "count: 3", 1);
        *table.borrow_mut() = files(&[("cgap.yaml", &edited)]).take();
        story.lab.wait(Span::minutes(2)).await;
        assert_eq!(desired("portal"), 3);
        *table.borrow_mut() = files(&[("cgap.yaml", "kind: [")]).take();
        story.lab.wait(Span::minutes(2)).await;
        // Somebody moves it back by hand, and the last good table still counts.
        let input = serde_json::json!({"cluster": story.lab.laid_out.cluster, "service": story.lab.service("portal"), "desiredCount": 4});
        story.lab.call("console", "UpdateService", input).unwrap();
        story.lab.wait(Span::minutes(2)).await;
        assert_eq!(desired("portal"), 3);
    })
    .await;
    let told: Vec<String> = said.borrow().iter().filter(|line| line.contains("changed")).cloned().collect();
    assert_eq!(told, ["1 changed, 0 gone, 0 broken", "0 changed, 0 gone, 1 broken"]);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_cannot_go_on_hinders_no_other() {
    let story = Story::settled(303).await;
    let lost = TABLE.replacen("name: cgap-devtest", "name: lost", 1);
    let lost = lost.replacen("CGAPDockerClusterFor*-*", "NoSuchCluster-*", 1);
    assert!(lost.contains("NoSuchCluster"));
    let tables = files(&[("a.yaml", &lost), ("b.yaml", TABLE)]);
    let said = Said::default();
    supervised(&story, &tables, &said, async {
        story.kick_all();
        story.lab.wait(Span::minutes(45)).await;
    })
    .await;
    assert_eq!(story.world().runs.len(), 1);
    let held = said.borrow().iter().filter(|line| *line == "lost Held").count();
    assert!(held > 10, "{held}");
}

#[tokio::test(start_paused = true)]
async fn a_table_whose_file_is_gone_is_left_alone() {
    let story = Story::settled(304).await;
    let tables = files(&[("cgap.yaml", TABLE)]);
    let said = Said::default();
    supervised(&story, &tables, &said, async {
        story.lab.wait(Span::minutes(1)).await;
        tables.borrow_mut().clear();
        story.lab.wait(Span::minutes(1)).await;
        story.kick_all();
        story.lab.wait(Span::minutes(45)).await;
    })
    .await;
    assert_eq!(story.world().runs.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_settled_table_costs_two_calls_a_look() {
    let story = Story::settled(305).await;
    let table = files(&[("cgap.yaml", TABLE)]);
    let before = story.lab.journal().len();
    let said = for_minutes(&story, &table, 60).await;
    let calls = story.lab.journal()[before..].iter().filter(|line| line["type"] == "api").count();
    let looks = said.borrow().len();
    assert!(looks >= 110, "{looks} looks");
    // Every ten minutes everything is read, which is a dozen calls more.
    assert!(calls <= 2 * looks + 6 * 14, "{calls} calls for {looks} looks");
}

#[tokio::test(start_paused = true)]
async fn two_controllers_run_the_task_once() {
    let story = Story::settled(306).await;
    let (one, other) = (files(&[("cgap.yaml", TABLE)]), files(&[("cgap.yaml", TABLE)]));
    let (said_one, said_other) = (Said::default(), Said::default());
    let work = async {
        story.kick_all();
        story.lab.wait(Span::minutes(45)).await;
    };
    let second = supervised(&story, &other, &said_other, work);
    supervised(&story, &one, &said_one, second).await;
    let world = story.world();
    assert_eq!((world.runs.len(), world.harms), (1, Vec::<String>::new()));
    assert_eq!(story.settle().await, Verdict::Converged);
}

fn cgap() -> TableName {
    TableName::parse("cgap-devtest").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_is_asked_for_through_the_door_is_durable_at_once_and_watched_to_its_end() {
    let story = &Story::settled(307).await;
    let table = files(&[("cgap.yaml", TABLE)]);
    let phases = watched(story, &table, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(2)).await;
        let mut changes = handle.changes();
        let ask = Ask::Rollout(Wanted { reason: Some("a new image".to_owned()), ..Wanted::default() });
        let Granted::Rollout(request) = handle.ask(cgap(), ask).await.unwrap() else { panic!("another wish") };
        let tags = story.lab.world().world_json().to_string();
        assert!(tags.contains(&format!("id={}", request.id)), "{tags}");
        story.lab.wait(Span::minutes(45)).await;
        let mut phases: Vec<Phase> = Vec::new();
        while let Ok(change) = changes.try_recv() {
            let Change::Seen(view) = change else { panic!("a table is gone") };
            phases.extend(view.report.as_ref().map(|report| report.plan.rollout.phase));
        }
        phases.dedup();
        phases
    })
    .await;
    assert_eq!(story.world().runs.len(), 1);
    assert_eq!(phases.first(), Some(&Phase::Requested));
    assert_eq!(phases.last(), Some(&Phase::Settled));
    assert!(phases.contains(&Phase::Draining) && phases.contains(&Phase::Deploying), "{phases:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_does_not_fit_is_refused_with_its_reason_and_nothing_is_written() {
    let story = &Story::settled(308).await;
    let table = files(&[("cgap.yaml", TABLE)]);
    watched(story, &table, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(2)).await;
        let written = story.world().writes.len();
        let wish = Wish { want: Want::Retry, by: None, reason: None, key: None };
        let refused = handle.ask(cgap(), Ask::Command(wish)).await.unwrap_err();
        assert!(matches!(refused, Refused::Held(holds) if holds.len() == 1));
        let other = TableName::parse("another").unwrap();
        let refused = handle.ask(other, Ask::Rollout(Wanted::default())).await.unwrap_err();
        assert!(matches!(refused, Refused::NoTable));
        assert_eq!(story.world().writes_since(written), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_table_that_goes_and_comes_back_while_wishes_of_it_wait_grants_the_next_one() {
    let story = &Story::settled(309).await;
    let tables = &files(&[("cgap.yaml", TABLE)]);
    watched(story, tables, &Said::default(), |handle| async move {
        story.lab.wait(Span::minutes(2)).await;
        // The first wish is in hand for longer than it takes to see that the file has gone.
        let when = Match { operation: Some("TagResource".to_owned()), ..Match::default() };
        story.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 9_000 } });
        let wish = || Ask::Rollout(Wanted::default());
        let gone = async {
            story.lab.wait(Span::seconds(1)).await;
            tables.borrow_mut().clear();
        };
        let (first, second, ()) = tokio::join!(handle.ask(cgap(), wish()), handle.ask(cgap(), wish()), gone);
        assert!(matches!(first, Ok(Granted::Rollout(_))), "{first:?}");
        assert!(matches!(second, Err(Refused::NoTable)), "{second:?}");
        *tables.borrow_mut() = files(&[("cgap.yaml", TABLE)]).take();
        story.lab.wait(Span::minutes(1)).await;
        let later = tokio::time::timeout(std::time::Duration::from_secs(60), handle.ask(cgap(), wish())).await;
        assert!(matches!(later, Ok(Ok(Granted::Rollout(_)))), "{later:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_table_that_goes_and_comes_back_while_it_is_read_is_looked_at_again_and_once_at_a_time() {
    // At rest it is read beside others; after a kick it has a pass of its own.
    for (seed, operation, kicked) in [(310, "DescribeClusters", false), (311, "DescribeServices", true)] {
        let story = &Story::settled(seed).await;
        let tables = &files(&[("cgap.yaml", TABLE)]);
        let said = &Said::default();
        watched(story, tables, said, |_| async move {
            story.lab.wait(Span::seconds(125)).await;
            if kicked {
                story.kick_all();
                story.lab.wait(Span::minutes(1)).await;
            }
            let when = Match { client: Some("evenkeel".to_owned()), ..Match::operation(operation) };
            story.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 25_000 } });
            story.lab.wait(Span::seconds(35)).await;
            tables.borrow_mut().clear();
            story.lab.wait(Span::seconds(6)).await;
            *tables.borrow_mut() = files(&[("cgap.yaml", TABLE)]).take();
            let from = story.lab.journal().len();
            story.lab.wait(Span::seconds(30)).await;
            let calls = story.lab.journal().split_off(from);
            let calls = calls.iter().filter(|line| line["operation"] == operation).count();
            assert!(calls <= 2, "{calls} of {operation} at the same time");
            story.lab.world().faults_mut().clear();
            let looks = said.borrow().len();
            story.lab.wait(Span::minutes(2)).await;
            assert!(said.borrow().len() > looks, "{operation}: it is not looked at any more");
        })
        .await;
    }
}
