//! Doing deeds to the simulated account, as whoever does them would: Foursight, people, chance, the weather.
//!
//! What comes of a deed is for others to see. A refusal by AWS is an outcome as good as any.

use evenkeel::controller::request::accept;
use evenkeel::lab::bench::Lab;
use evenkeel::model::rollout::IdempotencyKey;
use evenkeel::plan::request::Wanted;
use evenkeel::simulator::call::{Call, Service};
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::knobs::Throttling;
use evenkeel::simulator::scenario::{Action, Expected, Scenario};
use serde_json::{Value, json};

use super::people::BY;
use super::process::Stage;
use super::story::{Rows, Says, What};

/// The parts of the services' names, in the order of the table.
pub(super) fn parts(rows: Rows) -> &'static [&'static str] {
    match rows {
        Rows::Portal => &["CGAPportal"],
        Rows::Indexer => &["CGAPIndexer"],
        Rows::Both => &["CGAPportal", "CGAPIndexer"],
    }
}

/// Does one deed.
pub(super) async fn act(stage: &Stage, what: &What) {
    let lab = &stage.lab;
    let part = |service: usize| parts(stage.story.rows)[service].to_owned();
    match what {
        What::Kick { services, apart } => {
            let kick = |(n, service): (usize, &usize)| {
                (i64::try_from(n).unwrap_or(0) * apart, Action::Kick { service: part(*service) })
            };
            play(lab, services.iter().enumerate().map(kick).collect());
        }
        What::Request => request(stage).await,
        What::Count(service, count) => person(lab, "UpdateService", &part(*service), json!({"desiredCount": count})),
        What::StopTask(service) => stop_task(lab, |task| text(task, "group").contains(&part(*service))),
        What::StopOneOff => stop_task(lab, |task| text(task, "startedBy").starts_with("evenkeel/")),
        What::StopDeployment(service) => stop_deployment(lab, &part(*service)),
        What::ForeignTag => {
            let tags = json!([{"key": "owner", "value": "somebody"}]);
            refusable(lab, "TagResource", json!({"resourceArn": lab.laid_out.cluster_arn, "tags": tags}));
        }
        What::Scale(service, least, most) => {
            let resource = format!("service/{}/{}", lab.laid_out.cluster, lab.service(&part(*service)));
            let (least, most) = (u32::try_from(*least).unwrap_or(1), u32::try_from(*most).unwrap_or(3));
            lab.scale(&resource, least, most).unwrap();
        }
        What::Crash { controller, operation, calls, after, away } => {
            stage.wires[*controller].die_at(operation, *calls, *after, *away);
        }
        What::Command(order) => stage.gives(*order),
        What::HandDies { after } => stage.hand.die_at("TagResource", 1, *after, 0),
        What::HandWaits(ms) => stage.hand.freeze_at("TagResource", 1, *ms),
        What::Log(says) => log(stage, *says),
        What::Freeze { controller, calls, ms } => stage.wires[*controller].freeze_at("", *calls, *ms),
        What::Reclaim(service) => one(lab, Action::ReclaimSpot { service: part(*service), most: 1 }),
        What::Spot(available) => one(lab, Action::SpotCapacity(*available)),
        What::Drain(seconds) => drain(lab, *seconds),
        What::Serving(service, serving) => one(lab, Action::Health { service: part(*service), serving: *serving }),
        What::OneOff(app) => one_off(lab, *app),
        What::SlowExit(ms) => one(lab, Action::ExitAfterSigterm { of: image(lab), ms: *ms }),
        What::Lag(ms) => one(lab, Action::ReadLag(*ms)),
        What::Throttling(published) => one(lab, Action::Throttling(*published)),
        What::Fault(rule) => one(lab, Action::Faults(vec![rule.clone()])),
        What::Push(app) => push(lab, *app),
    }
}

/// A deployment task that does its work.
const ENDS_WELL: App = App::ExitsAfter { ms: 60_000, exit_code: 0 };

/// How the services stand before the history begins: how they drain, and whether they have a breaker.
pub(super) fn prepare(stage: &Stage) {
    drain(&stage.lab, stage.story.drain_s);
    // By its family, since what is said of an image is meant for the services.
    one_off(&stage.lab, ENDS_WELL);
    log(stage, Says::Done);
    if stage.story.breaker {
        for part in parts(stage.story.rows) {
            let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
            person(&stage.lab, "UpdateService", part, json!({ "deploymentConfiguration": breaker }));
        }
    }
}

/// Everything that goes wrong ends: rules, lags, droughts, illness, bad images.
pub(super) fn calm(stage: &Stage) {
    let lab = &stage.lab;
    play(
        lab,
        vec![
            (0, Action::ClearFaults),
            (0, Action::ReadLag(0)),
            (0, Action::Throttling(false)),
            (0, Action::SpotCapacity(true)),
            (0, Action::Health { service: "CGAP".to_owned(), serving: true }),
            (0, Action::ExitAfterSigterm { of: image(lab), ms: 100 }),
        ],
    );
    lab.world().knobs_mut().throttling = Throttling::Off;
    one_off(lab, ENDS_WELL);
    log(stage, Says::Done);
    push(lab, App::Healthy);
}

/// `rollout start` by a person under a key, twice: whoever was told may not have heard it. Each time it is a process of its
/// own, which may die over it.
pub(super) async fn request(stage: &Stage) {
    let key = IdempotencyKey::parse(&format!("wish {}", stage.wishes())).ok();
    let wanted = Wanted { key, by: Some(BY.to_owned()), ..Wanted::default() };
    for _ in 0..2 {
        ask(stage, &wanted).await;
    }
}

async fn ask(stage: &Stage, wanted: &Wanted) {
    let aws = stage.person();
    let accepted = tokio::select! {
        biased;
        _ = stage.hand.died() => return,
        accepted = accept(&aws, &stage.lab.table, wanted, stage.lab.now()) => accepted,
    };
    if let Ok(accepted) = accepted {
        stage.judge().acknowledged(accepted.request.id().to_string());
    }
}

/// A person wants one task of a service, if it has none.
pub(super) fn raise(lab: &Lab, part: &str) {
    let world = lab.world().world_json();
    let clusters = world["clusters"].as_array().into_iter().flatten();
    let mut services = clusters.flat_map(|cluster| cluster["services"].as_array()).flatten();
    if services.any(|service| text(service, "serviceName").contains(part) && service["desiredCount"] == 0) {
        person(lab, "UpdateService", part, json!({"desiredCount": 1}));
    }
}

fn push(lab: &Lab, app: App) {
    let (repository, tag) = ("soak".to_owned(), "latest".to_owned());
    one(lab, Action::Push { repository, tag, app: Some(app) });
}

fn image(lab: &Lab) -> String {
    let image = lab.table.image.as_ref();
    image.map(|image| format!("{}:{}", image.repository.as_str(), image.tag.as_str())).unwrap_or_default()
}

fn drain(lab: &Lab, seconds: i64) {
    one(lab, Action::Drain { target_group: "TargetGroupPortal".to_owned(), seconds });
}

fn one_off(lab: &Lab, app: App) {
    deployment_families(lab).into_iter().for_each(|of| one(lab, Action::App { of, app }));
}

/// What deployment tasks that start from now on write, soon enough for the shortest.
fn log(stage: &Stage, says: Says) {
    let line = match says {
        Says::Done => vec![(5, "all done".to_owned())],
        Says::Wrong => vec![(5, "ERROR: the index is gone".to_owned())],
        Says::Nothing => Vec::new(),
    };
    for of in deployment_families(&stage.lab) {
        one(&stage.lab, Action::Log { of, lines: line.clone() });
    }
    stage.catch_up();
    stage.judge().truth.log_is_good = says.is_good_for(stage.story.probe);
}

fn deployment_families(lab: &Lab) -> Vec<String> {
    let arns = lab.laid_out.task_definitions.iter().filter(|(family, _)| family.contains("CGAPDeployment"));
    let family = |arn: &str| arn.rsplit('/').next().and_then(|it| it.split(':').next()).unwrap_or_default().to_owned();
    arns.map(|(_, arn)| family(arn)).collect()
}

fn one(lab: &Lab, action: Action) {
    play(lab, vec![(0, action)]);
}

fn play(lab: &Lab, actions: Vec<(i64, Action)>) {
    let expect = Expected { verdict: String::new(), hold: None, runs: 0 };
    let mut world = lab.world();
    world.play(&Scenario { story: String::new(), expect, actions });
    let now = world.now();
    world.advance_to(now);
}

fn person(lab: &Lab, operation: &str, part: &str, mut input: Value) {
    let service = lab.service(part).to_owned();
    input["cluster"] = json!(lab.laid_out.cluster);
    input["service"] = json!(service);
    refusable(lab, operation, input);
}

/// What AWS refuses, it refuses; the journal has it.
fn refusable(lab: &Lab, operation: &str, input: Value) {
    let _ = lab.call("console", operation, input);
}

fn stop_task(lab: &Lab, is_meant: impl Fn(&Value) -> bool) {
    let world = lab.world().world_json();
    let mut tasks = world["tasks"].as_array().into_iter().flatten();
    let meant = tasks.find(|task| text(task, "lastStatus") != "STOPPED" && is_meant(task));
    let Some(task) = meant.map(|task| text(task, "taskArn").to_owned()) else { return };
    refusable(lab, "StopTask", json!({"cluster": lab.laid_out.cluster, "task": task}));
}

fn stop_deployment(lab: &Lab, part: &str) {
    let service = lab.service(part).to_owned();
    let input = json!({"cluster": lab.laid_out.cluster, "service": service});
    let call = Call::home(Service::Ecs, "ListServiceDeployments", input, "console");
    let now = lab.world().now();
    let listed = lab.world().call(now, &call).unwrap_or_default();
    let newest = &listed["serviceDeployments"][0]["serviceDeploymentArn"];
    refusable(lab, "StopServiceDeployment", json!({"serviceDeploymentArn": newest, "stopType": "ROLLBACK"}));
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
