//! Controllers that are wrong on purpose, and the claim that some seed finds each of them.
//!
//! The wrong is done on the wire: what the controller says or hears is changed there, so that the controller's own code
//! needs no switch for it. That the right one raises no alarm is the claim of `seeds`.

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use evenkeel::lab::bench::Lab;
use evenkeel::model::command::Told;
use evenkeel::plan::command::Want;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::wire::InProcess;
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::people::{Order, Stand};
use super::play::play;
use super::story::{Deed, Probe, Says, Story, What};
use super::wire::operation;

/// A way of being wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mischief {
    /// Each RunTask has a token of its own.
    FreshTokens,
    /// RunTask without a token.
    NoToken,
    /// RunTask of two tasks.
    TwoAtOnce,
    /// What was told to stop counts as stopped, and what drains as gone.
    TrustsStopping,
    /// The task is launched when the kick is seen, without waiting for anything.
    LaunchesAtOnce,
    /// The task is run once more when it has succeeded.
    RunsTwice,
    /// The task is run once more when nobody can say whether it ran.
    RunsAfterUnknown,
    /// The intent is kept in memory and not written down.
    ForgetsIntent,
    /// Deployments go on while the task runs.
    KicksMeanwhile,
    /// A service that is not the table's is updated.
    TouchesOthers,
    /// The initial deployment is run, which wipes the database.
    RunsInitial,
    /// The count is written though autoscaling owns it.
    OwnsCounts,
    /// A tag is written on every look.
    NeverRests,
    /// Failures are written down as successes.
    Boasts,
    /// A request is acknowledged and not written down.
    LosesRequests,
    /// The launch is written down and never made.
    NeverLaunches,
    /// A task of the table is stopped by hand.
    StopsTasks,
    /// A foreign tag is overwritten.
    WritesTags,
    /// The task is run once more when it has failed.
    RetriesUntold,
    /// An abort is read and forgotten.
    ForgetsAborts,
    /// A retry is read and forgotten.
    ForgetsRetries,
    /// A command is acknowledged and not written down.
    LosesCommands,
    /// What nobody knows is taken for done, and nobody said so.
    ResolvesUntold,
    /// The task is run once more when a person says how it ended.
    RunsAfterResolve,
    /// The log is not looked at.
    TrustsExitCodes,
    /// Every attempt runs on Spot.
    StaysOnSpot,
    /// A rollout is rolled back that nobody aborted.
    RollsBackUntold,
}

/// Each with the invariant that it breaks, and a seed that shows it.
const ALL: [(Mischief, &str, u64); 27] = [
    (Mischief::FreshTokens, "I1", 5),
    (Mischief::NoToken, "I1", 5),
    (Mischief::TwoAtOnce, "I1", 1),
    (Mischief::TrustsStopping, "I2", 7),
    (Mischief::LaunchesAtOnce, "I2", 1),
    (Mischief::RunsTwice, "I1", 3),
    (Mischief::RunsAfterUnknown, "S12", 1),
    (Mischief::ForgetsIntent, "S9", 1),
    (Mischief::KicksMeanwhile, "I2", 1),
    (Mischief::TouchesOthers, "I8", 1),
    (Mischief::RunsInitial, "I5", 1),
    (Mischief::OwnsCounts, "I6", 1),
    (Mischief::NeverRests, "I7", 1),
    (Mischief::Boasts, "S3", 1),
    (Mischief::LosesRequests, "I9", 1),
    (Mischief::NeverLaunches, "L1", 1),
    (Mischief::StopsTasks, "I10", 1),
    (Mischief::WritesTags, "I8", 1),
    (Mischief::RetriesUntold, "I1", 1),
    (Mischief::ForgetsAborts, "P1", 1),
    (Mischief::ForgetsRetries, "P2", 1),
    (Mischief::LosesCommands, "I9", 1),
    (Mischief::ResolvesUntold, "P3", 1),
    (Mischief::RunsAfterResolve, "S12", 1),
    (Mischief::TrustsExitCodes, "S3", 1),
    (Mischief::StaysOnSpot, "P4", 1),
    (Mischief::RollsBackUntold, "P1", 1),
];

/// What a wrong controller knows of the account.
#[derive(Clone, Debug)]
pub(super) struct Known {
    cluster: String,
    cluster_arn: String,
    service: String,
    foreign: String,
    deployment: String,
    initial: String,
    subnets: Vec<String>,
}

impl Known {
    pub(super) fn of(lab: &Lab) -> Self {
        let laid_out = &lab.laid_out;
        let definition = |part: &str| {
            let found = laid_out.task_definitions.values().find(|arn| arn.contains(part));
            found.cloned().unwrap_or_default()
        };
        Self {
            cluster: laid_out.cluster.clone(),
            cluster_arn: laid_out.cluster_arn.clone(),
            service: laid_out.services.values().next().cloned().unwrap_or_default(),
            foreign: laid_out.foreign_service.clone().unwrap_or_default(),
            deployment: definition("CGAPDeployment"),
            initial: definition("Initial"),
            subnets: laid_out.subnets.clone(),
        }
    }
}

/// A wrong controller's wire.
pub(super) struct Wrong {
    mischief: Mischief,
    known: Known,
    calls: usize,
    /// The newest launch, to be made again.
    launch: Option<HttpRequest>,
    /// A tag that was not written and is shown all the same.
    pretended: Option<(String, String)>,
}

type Answer = Result<HttpResponse, ConnectorError>;

impl Wrong {
    pub(super) fn new(mischief: Mischief, known: Known) -> Self {
        Self { mischief, known, calls: 0, launch: None, pretended: None }
    }

    /// Sends a call as a wrong controller does.
    pub(super) fn send(&mut self, aws: &InProcess, request: HttpRequest) -> Answer {
        self.calls += 1;
        let operation = operation(&request).to_owned();
        let body: Value = request.body().bytes().and_then(|it| serde_json::from_slice(it).ok()).unwrap_or_default();
        let state = body["tags"][0]["value"].as_str().and_then(|it| it.split("state=").nth(1)?.split(' ').next());
        let state = state.unwrap_or_default().to_owned();
        if operation == "RunTask" {
            self.launch = request.try_clone();
        }
        match self.mischief {
            Mischief::FreshTokens | Mischief::NoToken | Mischief::TwoAtOnce | Mischief::RunsInitial
                if operation == "RunTask" =>
            {
                ask(aws, with(&request, &operation, self.launched(body)))
            }
            Mischief::TrustsStopping => self.trusting(aws, request, &operation),
            Mischief::LaunchesAtOnce if state == "open" => self.at_once(aws, request, body),
            Mischief::RunsTwice if state == "succeeded" => self.again(aws, request),
            Mischief::RunsAfterUnknown if state == "unknown" => self.again(aws, request),
            Mischief::ForgetsIntent => self.forgetful(aws, request, &operation, &state, &body),
            Mischief::KicksMeanwhile if state == "launched" => {
                let answer = ask(aws, with(&request, "TagResource", body));
                let kick =
                    json!({"cluster": self.known.cluster, "service": self.known.service, "forceNewDeployment": true});
                let _ = ask(aws, with(&request, "UpdateService", kick));
                answer
            }
            Mischief::TouchesOthers if state == "open" => self.and_also(aws, request, "UpdateService", self.foreign()),
            Mischief::StopsTasks if state == "open" => {
                let stop = json!({"cluster": self.known.cluster, "task": "0123456789abcdef0123456789abcdef"});
                self.and_also(aws, request, "StopTask", stop)
            }
            Mischief::WritesTags if state == "open" => {
                let tags = json!([{"key": "owner", "value": "evenkeel"}]);
                let tag = json!({"resourceArn": self.known.cluster_arn, "tags": tags});
                self.and_also(aws, request, "TagResource", tag)
            }
            Mischief::OwnsCounts if operation == "DescribeServices" && self.calls % 40 < 20 => {
                let count = json!({"cluster": self.known.cluster, "service": self.known.service, "desiredCount": 1});
                self.and_also(aws, request, "UpdateService", count)
            }
            Mischief::NeverRests if operation == "DescribeClusters" => {
                let key = "evenkeel:soak:change";
                let tags = json!([{"key": key, "value": "after=0 at=0 rows=portal"}]);
                let tag = json!({"resourceArn": self.known.cluster_arn, "tags": tags});
                self.and_also(aws, request, "TagResource", tag)
            }
            Mischief::Boasts if state == "failed" || state == "unknown" => {
                let text = body.to_string().replace(&format!("state={state}"), "state=succeeded");
                ask(aws, with(&request, "TagResource", serde_json::from_str(&text).unwrap_or_default()))
            }
            Mischief::RetriesUntold if state == "failed" => self.again(aws, request),
            Mischief::RunsAfterResolve if state == "resolved" => self.again(aws, request),
            Mischief::ForgetsAborts if operation == "DescribeClusters" => deaf(aws, request, "do=abort"),
            Mischief::ForgetsRetries if operation == "DescribeClusters" => deaf(aws, request, "do=retry"),
            Mischief::LosesCommands if body["tags"][0]["key"] == "evenkeel:soak:command" => Ok(empty()),
            Mischief::ResolvesUntold if state == "unknown" => {
                let text = body.to_string().replace("state=unknown", "state=resolved");
                ask(aws, with(&request, "TagResource", serde_json::from_str(&text).unwrap_or_default()))
            }
            Mischief::TrustsExitCodes if operation == "GetLogEvents" => {
                Ok(altered(ask(aws, request)?, |text| text.replace("ERROR", "fine")))
            }
            Mischief::StaysOnSpot if operation == "RunTask" => {
                let mut body = body;
                body["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
                ask(aws, with(&request, "RunTask", body))
            }
            Mischief::RollsBackUntold if state == "open" => {
                let cluster = self.known.cluster_arn.replace(":cluster/", ":service-deployment/");
                let deployment = format!("{cluster}/{}/0123456789abcdefghijk", self.known.service);
                let stop = json!({"serviceDeploymentArn": deployment, "stopType": "ROLLBACK"});
                self.and_also(aws, request, "StopServiceDeployment", stop)
            }
            Mischief::LosesRequests if body["tags"][0]["key"] == "evenkeel:soak:request" => Ok(empty()),
            Mischief::NeverLaunches if operation == "RunTask" => Err(ConnectorError::timeout("not sent".into())),
            _ => ask(aws, request),
        }
    }

    fn foreign(&self) -> Value {
        json!({"cluster": self.known.cluster, "service": self.known.foreign, "forceNewDeployment": true})
    }

    fn launched(&self, mut body: Value) -> Value {
        match self.mischief {
            Mischief::NoToken => drop(body.as_object_mut().and_then(|it| it.remove("clientToken"))),
            Mischief::TwoAtOnce => body["count"] = json!(2),
            Mischief::RunsInitial => body["taskDefinition"] = json!(self.known.initial),
            _ => body["clientToken"] = json!(format!("{}-{}", self.calls, "token")),
        }
        body
    }

    fn and_also(&self, aws: &InProcess, request: HttpRequest, operation: &str, body: Value) -> Answer {
        let also = with(&request, operation, body);
        let answer = ask(aws, request);
        let _ = ask(aws, also);
        answer
    }

    fn again(&self, aws: &InProcess, request: HttpRequest) -> Answer {
        let answer = ask(aws, request);
        if let Some(launch) = &self.launch {
            let bytes = launch.body().bytes().unwrap_or_default();
            let mut body: Value = serde_json::from_slice(bytes).unwrap_or_default();
            body["clientToken"] = json!(format!("again-{}", self.calls));
            let _ = ask(aws, with(launch, "RunTask", body));
        }
        answer
    }

    fn at_once(&self, aws: &InProcess, request: HttpRequest, mut body: Value) -> Answer {
        let value = body["tags"][0]["value"].as_str().unwrap_or_default().to_owned();
        let id = value.split(' ').find_map(|word| word.strip_prefix("id=")).unwrap_or_default().to_owned();
        let answer = ask(aws, with(&request, "TagResource", body.clone()));
        body["tags"][0]["value"] = json!(value.replace("state=open", "state=launching") + " attempt=1");
        let _ = ask(aws, with(&request, "TagResource", body));
        let network = json!({"awsvpcConfiguration": {"subnets": self.known.subnets}});
        let launch = json!({"cluster": self.known.cluster, "taskDefinition": self.known.deployment, "count": 1,
            "launchType": "FARGATE", "startedBy": format!("evenkeel/{id}/1"), "clientToken": format!("at-once-{id}"),
            "networkConfiguration": network});
        let _ = ask(aws, with(&request, "RunTask", launch));
        answer
    }

    fn trusting(&self, aws: &InProcess, request: HttpRequest, operation: &str) -> Answer {
        let asked = request.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default();
        let answer = ask(aws, request)?;
        if asked.contains("DescribeTargetHealth") {
            return Ok(altered(answer, |text| text.replace("<State>draining</State>", "<State>unused</State>")));
        }
        if operation != "DescribeTasks" {
            return Ok(answer);
        }
        Ok(altered(answer, |text| {
            let mut shown: Value = serde_json::from_str(text).unwrap_or_default();
            for task in shown["tasks"].as_array_mut().into_iter().flatten() {
                if task["desiredStatus"] == "STOPPED" {
                    task["lastStatus"] = json!("STOPPED");
                }
            }
            shown.to_string()
        }))
    }

    fn forgetful(
        &mut self,
        aws: &InProcess,
        request: HttpRequest,
        operation: &str,
        state: &str,
        body: &Value,
    ) -> Answer {
        let tag = &body["tags"][0];
        match (operation, state) {
            ("TagResource", "launching") => {
                let word = |key: &str| tag[key].as_str().unwrap_or_default().to_owned();
                self.pretended = Some((word("key"), word("value")));
                return Ok(empty());
            }
            ("TagResource", _) if !state.is_empty() => self.pretended = None,
            _ => {}
        }
        let answer = ask(aws, request)?;
        let Some((key, value)) = self.pretended.clone().filter(|_| operation == "DescribeClusters") else {
            return Ok(answer);
        };
        Ok(altered(answer, move |text| {
            let mut shown: Value = serde_json::from_str(text).unwrap_or_default();
            for tag in shown["clusters"][0]["tags"].as_array_mut().into_iter().flatten() {
                if tag["key"] == json!(key) {
                    tag["value"] = json!(value);
                }
            }
            shown.to_string()
        }))
    }
}

/// AWS's answer, which is there at once; one that is late counts as none.
fn ask(aws: &InProcess, request: HttpRequest) -> Answer {
    aws.call(request).now_or_never().unwrap_or_else(|| Err(ConnectorError::timeout("too late".into())))
}

/// Another call of ECS by the same caller.
fn with(request: &HttpRequest, operation: &str, body: Value) -> HttpRequest {
    let mut other = request.try_clone().expect("bodies of the SDK are in memory");
    let text = body.to_string();
    other.headers_mut().insert("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}"));
    other.headers_mut().insert("content-length", text.len().to_string());
    *other.body_mut() = SdkBody::from(text);
    other
}

fn altered(mut answer: HttpResponse, alter: impl FnOnce(&str) -> String) -> HttpResponse {
    let text = answer.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default();
    let text = alter(&text);
    answer.headers_mut().insert("content-length", text.len().to_string());
    *answer.body_mut() = SdkBody::from(text);
    answer
}

/// The clusters as AWS has them, without the tags that say this.
fn deaf(aws: &InProcess, request: HttpRequest, unheard: &str) -> Answer {
    Ok(altered(ask(aws, request)?, |text| {
        let mut shown: Value = serde_json::from_str(text).unwrap_or_default();
        for cluster in shown["clusters"].as_array_mut().into_iter().flatten() {
            let tags = cluster["tags"].as_array().cloned().unwrap_or_default();
            let heard = tags.into_iter().filter(|tag| !tag["value"].as_str().unwrap_or_default().starts_with(unheard));
            cluster["tags"] = heard.collect();
        }
        shown.to_string()
    }))
}

fn empty() -> HttpResponse {
    HttpResponse::new(200.try_into().expect("200 is a status"), SdkBody::from("{}"))
}

/// A story in which the wrong can show: most have no scalable target.
fn told(mischief: Mischief, seed: u64) -> Story {
    let mut story = Story::of(seed);
    if mischief == Mischief::OwnsCounts {
        let owned = (0..story.services()).map(|service| Deed { at: 0, what: What::Scale(service, 1, 3) });
        story.deeds.splice(..0, owned.collect::<Vec<Deed>>());
    }
    let kick = What::Kick { services: (0..story.services()).collect(), apart: 1_000 };
    let fails = What::OneOff(App::CrashesAfter { ms: 5_000, exit_code: 1 });
    let lost = What::Crash { controller: 0, operation: "RunTask", calls: 1, after: true, away: 7_200_000 };
    let order = |want, stand, after| What::Command(Order { want, stand, after });
    let deeds = match mischief {
        Mischief::RetriesUntold | Mischief::Boasts => vec![fails, kick],
        Mischief::ForgetsAborts => vec![kick, order(Want::Abort, Stand::Open, 1_000)],
        Mischief::ForgetsRetries | Mischief::LosesCommands | Mischief::StaysOnSpot => {
            vec![fails, kick, order(Want::Retry, Stand::Failed, 1_000)]
        }
        Mischief::ResolvesUntold | Mischief::RunsAfterUnknown => vec![lost, kick],
        Mischief::RunsAfterResolve => vec![lost, kick, order(Want::Resolve(Told::Succeeded), Stand::Unknown, 1_000)],
        Mischief::TrustsExitCodes => vec![What::Log(Says::Wrong), kick],
        Mischief::RollsBackUntold => vec![kick],
        _ => return story,
    };
    let said = deeds.into_iter().map(|what| Deed { at: 5_000, what }).collect();
    let probe = (mischief == Mischief::TrustsExitCodes).then_some(Probe::MustNot);
    Story { deeds: said, paces: vec![1.0], probe, fallback: true, calm_ms: 400_000, ..story }
}

/// The first of these seeds that shows it to break this invariant, and how.
fn found(mischief: Mischief, invariant: &str, mut seeds: impl Iterator<Item = u64>) -> Option<(u64, String)> {
    let is_meant = |harm: &String| harm.split(' ').next() == Some(invariant);
    seeds.find_map(|seed| {
        let harms = play(&told(mischief, seed), Some(mischief), false).harms;
        harms.into_iter().find(is_meant).map(|harm| (seed, harm))
    })
}

/// The seed that is known to show it comes first: a change of the stories moves it, and then the search begins.
#[test]
#[expect(clippy::print_stdout, reason = "which seed finds what, for whoever moves the known ones")]
fn every_wrong_controller_is_found_by_some_seed() {
    let mut missed = Vec::new();
    for (mischief, invariant, known) in ALL {
        match found(mischief, invariant, std::iter::once(known).chain(1..=400)) {
            Some((seed, harm)) => println!("{mischief:?} is found by seed {seed}: {harm}"),
            None => missed.push((mischief, invariant)),
        }
    }
    assert_eq!(missed, []);
}
