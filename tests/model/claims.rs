//! What the checker is to find: nothing in the protocol as it is, and the harm as soon as a guard is taken away.
//!
//! Every world is explored to its end; how many states it has is printed (`-- --nocapture`).
#![expect(clippy::print_stdout, reason = "the number of states and the way to a harm, for whoever runs it")]

use stateright::{Checker, HasDiscoveries, Model};

use super::cases::{self, Case};
use super::guards::Guard;
use super::harm::Harm;
use super::protocol::Protocol;
use super::state::Scenario;

/// Explores to the end, or to the first harm.
fn explore(name: &str, world: Scenario) -> Option<Harm> {
    let checker = Protocol::new(world).checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{name}: {} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    let path = checker.discoveries().into_values().next()?;
    let harm = path.last_state().harm.unwrap_or(Harm::NoEnd);
    println!("  {harm:?}:");
    for (state, action) in path.into_vec() {
        let record = state.aws.tags.get("rollout").map_or("", |tag| tag);
        println!("  {:>6} s  {action:?}  {record}", state.aws.now);
    }
    Some(harm)
}

#[track_caller]
fn holds(name: &str, world: Scenario) {
    assert_eq!(explore(name, world), None, "{name}");
}

/// With every guard nothing is found in a guard's own world; without it, the harm.
#[track_caller]
fn guards(which: &[Guard]) {
    let Case { guards, world, harm } =
        cases::all().into_iter().find(|case| case.guards == which).expect("a case of these guards");
    holds(&format!("{guards:?} in place"), world.clone());
    let without = Scenario { without: guards.iter().copied().collect(), expected: Some(harm), ..world };
    assert_eq!(explore(&format!("{guards:?} taken away"), without), Some(harm), "{guards:?}");
}

#[test]
fn no_schedule_of_the_small_worlds_does_harm_or_loses_its_way() {
    cases::small().into_iter().for_each(|(name, world)| holds(name, world));
}

#[test]
fn no_schedule_of_an_edited_table_does_harm_or_loses_its_way() {
    cases::edited().into_iter().for_each(|(name, world)| holds(name, world));
}

#[test]
fn no_schedule_of_a_shortened_table_does_harm_or_loses_its_way() {
    cases::shortened().into_iter().for_each(|(name, world)| holds(name, world));
}

#[test]
fn no_schedule_of_a_correction_does_harm_or_loses_its_way() {
    cases::corrected().into_iter().for_each(|(name, world)| holds(name, world));
}

#[test]
fn a_row_that_comes_while_the_task_is_in_hand_loses_no_kick() {
    cases::edited_in_hand().into_iter().for_each(|(name, world)| holds(name, world));
}

#[test]
fn no_schedule_of_the_large_worlds_does_harm_or_loses_its_way() {
    if option_env!("EVENKEEL_MODEL") == Some("large") {
        cases::large().into_iter().for_each(|(name, world)| holds(name, world));
    }
}

/// A limit that is no longer found is to leave the page.
#[test]
fn the_limits_of_the_protocol_are_those_that_are_written_down() {
    let large = if option_env!("EVENKEEL_MODEL") == Some("large") { cases::large_limits() } else { Vec::new() };
    for (name, world, harm) in cases::limits().into_iter().chain(large) {
        assert_eq!(explore(name, world), Some(harm), "{name}");
    }
}

#[test]
fn an_initial_deployment_is_never_run() {
    holds("an initial deployment", cases::initial());
}

#[test]
fn without_the_read_back_a_lost_intent_runs_twice() {
    guards(&[Guard::ReadBack]);
}

#[test]
fn without_the_frontier_what_is_over_begins_again() {
    guards(&[Guard::Frontier, Guard::LaunchTag]);
}

#[test]
fn without_the_55_minutes_an_expired_token_runs_twice() {
    guards(&[Guard::TokenLife]);
}

#[test]
fn without_the_second_look_a_short_list_opens_the_gate() {
    guards(&[Guard::SecondLook]);
}

#[test]
fn without_the_token_a_lost_answer_runs_twice_at_once() {
    guards(&[Guard::Token]);
}

#[test]
fn without_started_by_a_request_kicks_under_the_task() {
    guards(&[Guard::StartedBy]);
}

#[test]
fn without_condition_9_a_task_run_by_hand_gets_company() {
    guards(&[Guard::OtherTask]);
}

#[test]
fn without_the_memory_of_its_own_writes_a_late_read_loses_a_rollout() {
    guards(&[Guard::StaleTags]);
}

#[test]
fn without_gate_and_audit_it_runs_beside_old_tasks() {
    guards(&[Guard::Gate, Guard::Audit]);
}

/// Where two guards are there for one harm, the second alone is enough.
#[track_caller]
fn alone(guard: Guard, of: &[Guard]) {
    let case = cases::all().into_iter().find(|case| case.guards == of).expect("a case of these guards");
    let without = of.iter().copied().filter(|other| *other != guard).collect();
    let name = format!("{guard:?} alone of {of:?}");
    assert_eq!(explore(&name, Scenario { without, expected: Some(case.harm), ..case.world }), None, "{name}");
}

#[test]
fn the_audit_alone_stops_a_planner_without_a_gate() {
    alone(Guard::Audit, &[Guard::Gate, Guard::Audit]);
}

#[test]
fn the_launchs_tag_alone_stops_what_is_over_from_beginning_again() {
    alone(Guard::LaunchTag, &[Guard::Frontier, Guard::LaunchTag]);
}

#[test]
fn with_tags_that_could_not_be_read_taken_for_none_a_rollout_is_lost() {
    guards(&[Guard::UnreadTags]);
}

#[test]
fn with_tasks_that_could_not_be_read_taken_for_none_it_runs_beside_old_tasks() {
    guards(&[Guard::UnreadTasks]);
}

#[test]
fn without_an_age_limit_a_suspended_plan_runs_twice() {
    guards(&[Guard::OldPlan]);
}

#[test]
fn without_the_launch_tag_a_late_record_runs_twice() {
    guards(&[Guard::LaunchTag]);
}

#[test]
fn without_the_history_a_late_intent_runs_what_was_refused() {
    guards(&[Guard::Ended]);
}

#[test]
fn without_a_look_for_it_a_task_that_one_of_two_was_refused_is_told_as_never_started() {
    guards(&[Guard::StartedAfterAll]);
}

#[test]
fn without_the_withdrawal_a_row_is_kicked_for_what_nobody_wants() {
    guards(&[Guard::Withdrawn]);
}

#[test]
fn without_its_confirmation_a_refusal_is_told_of_a_task_that_another_process_ran_and_ecs_forgot() {
    guards(&[Guard::Confirmed]);
}

#[test]
fn without_the_launch_before_a_rollout_that_was_opened_over_it_runs_beside_its_task() {
    guards(&[Guard::OpenedOver]);
}

#[test]
fn without_a_tag_of_its_own_a_retry_runs_twice() {
    guards(&[Guard::RetryTag]);
}

#[test]
fn without_the_next_attempt_a_retry_runs_its_own_attempt_twice() {
    guards(&[Guard::NextAttempt]);
}

#[test]
fn without_the_rollout_that_it_names_a_retry_is_about_the_next_one() {
    guards(&[Guard::NamedRollout]);
}

#[test]
fn without_its_base_an_abort_loses_the_rollout_to_a_kick_that_joins() {
    guards(&[Guard::AbortBase]);
}

#[test]
fn without_the_wait_an_aborted_launch_runs_after_all() {
    guards(&[Guard::TakenBackLate]);
}

#[test]
fn without_the_rows_that_the_record_counts_the_first_kick_of_an_added_row_is_lost() {
    guards(&[Guard::CountedRows]);
}

#[test]
fn without_the_change_tag_a_correction_looks_like_kicks_that_stopped_half_way() {
    guards(&[Guard::Change]);
}

#[test]
fn without_the_newest_kick_in_sight_it_launches_on_an_older_one() {
    guards(&[Guard::StaleFrontier]);
}
