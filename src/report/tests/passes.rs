//! What passes did: each outcome once, the newest verdict.

use std::sync::Arc;

use crate::model::time::Span;
use crate::plan::tests::fixture::World;
use crate::reconcile::execute::{Outcome, StepResult};
use crate::reconcile::pass::{PassReport, Verdict};
use crate::reconcile::samples::{denied, not_started, ran_task};
use crate::report::json::PassReportJson;
use crate::report::pass_text::{last_line, outcome_lines};
use crate::report::style::Style;

/// A pass over this world whose steps came out like this, in order.
fn pass(world: &World, results: Vec<StepResult>) -> PassReport {
    let plan = world.plan();
    assert_eq!(plan.steps.len(), results.len());
    let outcomes = plan.steps.iter().cloned().zip(results).map(|(step, result)| Outcome { step, result }).collect();
    PassReport {
        at: world.observed.at,
        observed: Arc::new(world.observed.clone()),
        plan,
        outcomes,
        violations: Vec::new(),
    }
}

/// One count cannot be written, and the one after it is not tried.
fn refused() -> PassReport {
    let mut world = World::settled();
    world.service("portal").desired = 5;
    world.service("indexer").desired = 5;
    pass(&world, vec![denied(), StepResult::Skipped("a step before it failed (ecs:UpdateService)".into())])
}

fn ran(result: StepResult) -> PassReport {
    pass(&World::launching(), vec![result])
}

#[test]
fn a_failed_step_says_what_aws_said_and_the_next_why_it_was_left_out() {
    assert_eq!(
        outcome_lines(&refused(), Style::PLAIN),
        [
            "12:00:10 ! portal: set the count to 2 failed: ecs:UpdateService: AccessDeniedException: not allowed",
            "12:00:10 - indexer: set the count to 2 left out: a step before it failed (ecs:UpdateService)",
        ]
    );
}

#[test]
fn a_launch_says_its_task_or_why_nothing_started() {
    let [task] = outcome_lines(&ran(ran_task("cafe")), Style::PLAIN).try_into().expect("one line");
    assert!(task.contains("✓ deployment: run c4-deployment:3 once") && task.ends_with(": task cafe"), "{task}");
    let [none] = outcome_lines(&ran(not_started("RESOURCE:ENI")), Style::PLAIN).try_into().expect("one line");
    assert!(none.contains("! deployment: ") && none.ends_with(": nothing started, RESOURCE:ENI"), "{none}");
}

#[test]
fn passes_are_counted_and_the_last_verdict_stands() {
    let mut world = World::settled();
    let mut shown = PassReportJson::new(&world.table);
    assert_eq!((shown.passes, shown.verdict), (0, None));
    shown.add(&refused());
    assert_eq!((shown.passes, shown.verdict), (1, Some("Failed")));
    world.later(Span::seconds(10));
    shown.add(&pass(&world, Vec::new()));
    assert_eq!((shown.passes, shown.verdict, shown.outcomes.len()), (2, Some("Converged"), 2));
    insta::assert_json_snapshot!("pass_report_json", shown);
}

#[test]
fn the_last_line_says_how_it_ended_and_after_how_many_passes() {
    assert_eq!(last_line(Some(Verdict::Converged), 2, Style::PLAIN), "converged after 2 passes");
    assert_eq!(last_line(Some(Verdict::Held), 1, Style::PLAIN), "held for a person after 1 pass");
}
