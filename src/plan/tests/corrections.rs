//! What of a row is corrected, how, and what is held instead.

use super::fixture::{DEPLOYED, World, unseen};
use super::{hold, holds, state, update, updates};
use crate::model::ids::{ContainerName, DeploymentId};
use crate::model::observed::{CapacityView, ContainerDefinitionView, ScalingView, Seen, StrategyItem, Trouble};
use crate::model::rollout::{Failure, RecordState};
use crate::model::row::Capacity;
use crate::model::size::{MemoryMib, Vcpu};
use crate::model::time::Span;
use crate::plan::action::{Action, Deployment, Plan, Standing};
use crate::plan::because::Because;
use crate::plan::history::Made;

fn strategy(items: &[(&str, u32, u32)]) -> CapacityView {
    let item = |&(provider, base, weight): &(&str, u32, u32)| StrategyItem { provider: provider.into(), base, weight };
    CapacityView::Strategy(items.iter().map(item).collect())
}

#[test]
fn a_converged_table_gets_no_step() {
    let plan = World::settled().plan();
    assert_eq!((plan.steps, plan.holds), (vec![], vec![]));
}

#[test]
fn a_count_that_differs_is_set_without_a_new_deployment() {
    let mut world = World::settled();
    world.service("portal").desired = 5;
    let plan = world.plan();
    assert_eq!(plan.steps.len(), 1);
    let update = update(&plan);
    assert_eq!((update.count, update.kicks()), (Some(2), false));
}

#[test]
fn a_field_that_the_row_leaves_out_is_left_alone() {
    let mut world = World::settled();
    let row = world.row("portal");
    (row.count, row.capacity, row.vcpu, row.memory) = (None, None, None, None);
    world.service("portal").desired = 9;
    world.service("portal").capacity = strategy(&[("FARGATE_SPOT", 0, 1)]);
    world.definition("portal").cpu = Some(1024);
    assert!(world.plan().steps.is_empty());
}

#[test]
fn a_count_that_autoscaling_owns_is_only_noticed() {
    let mut world = World::settled();
    world.service("portal").desired = 5;
    world.view("portal").scaling = Seen::Present(ScalingView { least: 2, most: 8 });
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["CountOwned"]));
    assert_eq!(plan.standing(), Standing::Converged);
}

#[test]
fn a_count_whose_owner_is_unknown_is_not_written() {
    let mut world = World::settled();
    world.service("portal").desired = 5;
    world.view("portal").scaling = Seen::Unknown(unseen(Trouble::Passing));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["Unknown"]));
}

#[test]
fn a_flip_to_spot_forces_a_new_deployment() {
    let mut world = World::settled();
    world.service("indexer").capacity = strategy(&[("FARGATE", 0, 1)]);
    let plan = world.plan();
    let update = update(&plan);
    assert_eq!((update.capacity, update.deployment), (Some(Capacity::Spot), Deployment::Force));
}

#[test]
fn a_base_that_differs_from_the_count_is_no_drift() {
    let mut world = World::settled();
    world.service("indexer").capacity = strategy(&[("FARGATE_SPOT", 7, 3), ("FARGATE", 0, 0)]);
    world.service("portal").capacity = CapacityView::LaunchType("FARGATE".into());
    assert!(world.plan().steps.is_empty());
}

#[test]
fn a_provider_that_the_cluster_lacks_is_held() {
    let mut world = World::settled();
    world.service("indexer").capacity = strategy(&[("FARGATE", 0, 1)]);
    world.cluster().capacity_providers = vec!["FARGATE".into()];
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["NoProvider"]));
}

#[test]
fn a_size_that_differs_gets_a_revision_with_nothing_else_changed() {
    let mut world = World::settled();
    world.definition("indexer").cpu = Some(1024);
    world.definition("indexer").memory = Some(2048);
    let plan = world.plan();
    let revision = update(&plan).revision.clone().expect("a revision");
    assert_eq!((revision.vcpu, revision.memory), (Some(Vcpu::from_units(256)), Some(MemoryMib::new(512))));
    assert!(revision.images.is_empty() && update(&plan).count.is_none() && update(&plan).capacity.is_none());
}

#[test]
fn own_kicks_are_written_down_before_they_are_made() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    let plan = world.plan();
    let kinds: Vec<_> = plan.steps.iter().map(|step| step.action.name()).collect();
    assert_eq!(kinds, ["Change", "Update"]);
    world.pass(Span::seconds(2));
    let again: Vec<_> = world.plan().steps.iter().map(|step| step.action.name()).collect();
    assert_eq!(again, ["Update"], "what stands there already is not written again");
}

#[test]
fn a_size_that_fargate_does_not_have_is_held() {
    let mut world = World::settled();
    world.row("indexer").memory = None;
    world.definition("indexer").cpu = Some(4096);
    world.definition("indexer").memory = Some(16384);
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["IllegalSize"]));
}

#[test]
fn an_image_that_differs_is_replaced_only_in_its_own_container() {
    let mut world = World::settled();
    let sidecar = ContainerDefinitionView {
        name: ContainerName::told("proxy"),
        log: None,
        image: "public.ecr.aws/nginx:1".into(),
    };
    let definition = world.definition("portal");
    definition.containers[0].image = definition.containers[0].image.replace(":latest", ":old").into();
    definition.containers.push(sidecar);
    let plan = world.plan();
    let images = update(&plan).revision.clone().expect("a revision").images;
    assert_eq!(images.keys().map(ContainerName::as_str).collect::<Vec<_>>(), ["portal"]);
}

#[test]
fn asks_which_container_is_meant_when_none_runs_the_repository() {
    let mut world = World::settled();
    let definition = world.definition("portal");
    definition.containers[0].image = "elsewhere:1".into();
    let twin = ContainerDefinitionView { name: ContainerName::told("b"), ..definition.containers[0].clone() };
    definition.containers.push(twin);
    assert_eq!(holds(&world.plan()), ["WhichContainer"]);
    world.row("portal").container = Some(ContainerName::told("absent"));
    assert_eq!(holds(&world.plan()), ["NoContainer"]);
}

#[test]
fn nothing_is_kicked_for_an_image_that_is_not_there() {
    let mut world = World::settled();
    world.observed.image = Seen::Absent;
    world.definition("portal").memory = Some(16384);
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(hold(&plan, "NoImage").to_string(), "there is no image cgap:latest in the repository");
}

#[test]
fn an_update_gives_no_reason_that_it_does_not_answer() {
    let mut world = World::settled();
    world.set_state(RecordState::Failed(Failure::Start(3)));
    world.service("portal").desired = 5;
    world.definition("portal").memory = Some(16384);
    let plan = world.plan();
    let step = &plan.steps[0];
    let reasons: Vec<String> = step.because.iter().map(ToString::to_string).collect();
    assert_eq!(reasons, ["count: 5 -> 2"]);
    assert_eq!(plan.drift[0].differences.len(), 2, "what is held is still said");
    assert!(holds(&plan).contains(&"AfterFailure"));
}

#[test]
fn the_task_row_gets_a_revision_and_no_deployment() {
    let mut world = World::settled();
    world.definition("deployment").memory = Some(1024);
    let plan = world.plan();
    assert_eq!(plan.steps.len(), 1);
    assert!(matches!(plan.steps[0].action, Action::Register(_)));
}

#[test]
fn a_request_kicks_only_rows_that_are_older_than_it() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.deploy("portal", world.observed.at.plus(Span::seconds(1)));
    world.finish("portal");
    let plan = world.plan();
    let kicked: Vec<_> = updates(&plan).iter().map(|update| update.name.to_string()).collect();
    assert_eq!(kicked, ["c4-ecs-blue-indexer-K3xQ9", "c4-ecs-blue-ingester-K3xQ9"]);
    assert!(updates(&plan).iter().all(|update| update.deployment == Deployment::Force));
    assert!(plan.steps.iter().flat_map(|step| &step.because).any(|because| matches!(because, Because::Requested(_))));
}

#[test]
fn an_answered_request_is_not_answered_twice() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::seconds(2));
    assert_eq!(updates(&world.plan()).len(), 0);
}

#[test]
fn does_not_correct_what_it_just_corrected_before_aws_shows_it() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    let service = world.service("indexer").arn.clone();
    let made = Made { deployment: DeploymentId::told("ecs-svc/next"), created_at: world.observed.at };
    world.history.made.insert(service, made);
    let plan = world.plan();
    assert_eq!((updates(&plan).len(), holds(&plan)), (0, vec!["Stale"]));
}

#[test]
fn kicks_wait_for_the_deployment_task_to_end() {
    let mut world = World::launching();
    world.definition("indexer").memory = Some(1024);
    let plan = world.plan();
    assert!(updates(&plan).is_empty());
    assert!(holds(&plan).contains(&"TaskInHand"));
}

#[test]
fn kicks_wait_for_a_person_after_a_failure_until_one_asks() {
    let mut world = World::settled();
    world.set_state(RecordState::Failed(Failure::Told(3)));
    world.definition("indexer").memory = Some(1024);
    assert!(updates(&world.plan()).is_empty());
    world.request(DEPLOYED);
    assert_eq!(updates(&world.plan()).len(), 3);
}

#[test]
fn a_newer_image_behind_the_tag_is_a_notice_and_no_kick() {
    let mut world = World::settled();
    world.observed.image = Seen::Present(super::fixture::digest('b'));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["NewerImage"]));
    assert_eq!(plan.standing(), Standing::Converged);
}

#[test]
fn first_contact_writes_a_baseline_and_runs_nothing() {
    let mut world = World::first_contact();
    let plan = world.pass(Span::seconds(10));
    assert_eq!((plan.steps.len(), state(&plan)), (1, RecordState::Baseline));
    assert!(world.plan().steps.is_empty());
}

/// The portal and the indexer are to get another size, and of the two kicks only the portal's was made.
fn half_corrected() -> (World, Option<u32>) {
    let mut world = World::settled();
    let stated = world.definition("indexer").memory;
    let portal = world.definition("portal").memory;
    world.definition("portal").memory = Some(16384);
    world.definition("indexer").memory = Some(1024);
    let plan = world.pass(Span::seconds(5));
    assert_eq!(meant(&plan), Some(vec!["indexer".to_owned(), "portal".to_owned()]));
    world.deploy("portal", world.observed.at);
    world.definition("portal").memory = portal;
    world.finish("portal");
    (world, stated)
}

/// The rows of the change that a plan writes down.
fn meant(plan: &Plan) -> Option<Vec<String>> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::Change(change) => Some(change.rows.iter().map(ToString::to_string).collect()),
        Action::Record(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => None,
    })
}

#[test]
fn a_row_that_is_edited_back_before_its_kick_is_not_waited_for() {
    let (mut world, stated) = half_corrected();
    world.definition("indexer").memory = stated;
    let plan = world.pass(Span::minutes(2));
    assert_eq!(meant(&plan), Some(vec!["portal".to_owned()]));
    let plan = world.pass(Span::seconds(15));
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["Settling"]));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn a_row_that_is_edited_back_is_left_out_when_another_is_kicked() {
    let (mut world, stated) = half_corrected();
    world.definition("indexer").memory = stated;
    world.definition("ingester").memory = Some(1024);
    assert_eq!(meant(&world.plan()), Some(vec!["ingester".to_owned(), "portal".to_owned()]));
}

#[test]
fn a_row_whose_kick_is_only_held_stays_one_of_the_change() {
    let (mut world, _) = half_corrected();
    world.observed.image = Seen::Absent;
    let plan = world.pass(Span::minutes(2));
    assert_eq!((meant(&plan), updates(&plan).len()), (None, 0));
    assert!(holds(&world.plan()).contains(&"PartialKick"), "it still differs");
}

#[test]
fn a_row_of_which_nothing_is_known_stays_one_of_the_change() {
    let (mut world, _) = half_corrected();
    world.view("indexer").definition = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(meant(&world.pass(Span::minutes(2))), None);
    assert_eq!(meant(&world.plan()), None);
}
