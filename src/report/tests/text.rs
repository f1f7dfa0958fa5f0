//! Texts as people see them, without colour.

use insta::assert_snapshot;

use super::{drifted, failed, partial, subject, undiscovered};
use crate::model::time::Span;
use crate::plan::tests::fixture::{DEPLOYED, World};
use crate::report::plan_text::plan_text;
use crate::report::progress::Progress;
use crate::report::rollout_text::rollout_text;
use crate::report::status_text::status_text;
use crate::report::style::Style;

#[track_caller]
fn plan_of(world: &World) -> String {
    plan_text(&subject(world, &world.plan()), Style::PLAIN)
}

#[test]
fn a_plan_shows_each_difference_what_it_causes_and_what_is_held() {
    assert_snapshot!("plan_drifted", plan_of(&drifted()));
}

#[test]
fn a_converged_table_is_said_in_one_line() {
    let text = plan_of(&World::settled());
    assert!(text.ends_with("No changes. The table is converged.\n"), "{text}");
}

#[test]
fn a_requested_kick_names_its_request() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    assert_snapshot!("plan_requested", plan_of(&world));
}

#[test]
fn rows_that_were_not_found_are_held_with_candidates_and_hint() {
    assert_snapshot!("plan_undiscovered", plan_of(&undiscovered()));
}

#[test]
fn the_plan_of_a_launch_says_what_runs() {
    assert_snapshot!("plan_launch", plan_of(&World::launching()));
}

#[test]
fn status_shows_rows_side_by_side() {
    let world = partial();
    assert_snapshot!("status_partial", status_text(&subject(&world, &world.plan()), Style::PLAIN));
}

#[test]
fn status_of_an_undiscovered_table_marks_what_was_not_seen() {
    let world = undiscovered();
    assert_snapshot!("status_undiscovered", status_text(&subject(&world, &world.plan()), Style::PLAIN));
}

#[test]
fn status_names_the_exit_code_of_a_task_that_failed() {
    let world = failed();
    assert_snapshot!("status_failed", status_text(&subject(&world, &world.plan()), Style::PLAIN));
}

#[test]
fn a_rollout_shows_every_condition_with_its_evidence() {
    let world = partial();
    assert_snapshot!("rollout_partial", rollout_text(&subject(&world, &world.plan()), Style::PLAIN));
}

#[test]
fn a_failed_rollout_sends_to_a_person() {
    let world = failed();
    assert_snapshot!("rollout_failed", rollout_text(&subject(&world, &world.plan()), Style::PLAIN));
}

#[test]
fn a_log_gets_only_what_moved() {
    let mut world = World::settled();
    for row in ["portal", "indexer", "ingester"] {
        world.deploy(row, world.observed.at);
    }
    let mut before: Option<Progress> = None;
    let mut log = String::new();
    let stages: [fn(&mut World); 6] = [
        |_| {},
        |world| ["indexer", "ingester"].into_iter().for_each(|row| world.finish(row)),
        |world| world.start("portal"),
        |world| world.drain("portal"),
        |_| {},
        |world| world.finish("portal"),
    ];
    for stage in stages {
        stage(&mut world);
        let plan = world.pass(Span::seconds(10));
        let now = Progress::of(&plan);
        for line in now.news(before.as_ref(), world.observed.at, Style::PLAIN) {
            log.push_str(&line);
            log.push('\n');
        }
        log.push_str("--\n");
        before = Some(now);
    }
    assert_snapshot!("progress_log", log);
}

#[test]
fn a_terminal_gets_a_block() {
    let world = partial();
    assert_snapshot!("progress_block", Progress::of(&world.plan()).block(world.observed.at, Style::PLAIN));
}

#[test]
fn colour_adds_nothing_but_escapes() {
    let colored = Style { color: true };
    for world in [drifted(), partial(), undiscovered(), failed(), World::launching()] {
        let plan = world.plan();
        let subject = subject(&world, &plan);
        for text in [plan_text, status_text, rollout_text] {
            let stripped = anstream::adapter::strip_str(&text(&subject, colored)).to_string();
            assert_eq!(stripped, text(&subject, Style::PLAIN));
        }
    }
}
