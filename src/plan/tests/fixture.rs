//! Worlds to plan for: a four-row table and what one look shows of its cluster, settled unless a test disturbs it.
//!
//! Only builds observations. Nothing here knows what the planner should make of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::model::command::Command;
use crate::model::ids::{ClusterArn, DeploymentId, RequestId, RowName};
use crate::model::image::Digest;
use crate::model::observed::{
    ClusterView, Counters, DefinitionView, DeploymentRole, DesiredStatus, Observed, RolloutState, RowView, Seen,
    ServiceView, TargetState, TargetView, TaskStatus, TaskView, Trouble, Why,
};
use crate::model::past::{self, Past};
use crate::model::rollout::{Record, RecordState, Request, RolloutId, TagKeys};
use crate::model::row::{Row, ServiceTable};
use crate::model::selector::Selection;
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::{Action, Launch, Plan};
use crate::plan::command::{Judged, Want, Wish, command};
use crate::plan::history::History;
use crate::plan::hold::HoldCause;
use crate::plan::planner::{PlanInput, plan};

use super::samples::{ACCOUNT, deployment, row_view, table, task};

/// 2026-10-09T12:00:00Z: when a world is first looked at, an hour after its services were last deployed.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_791_547_200_000);
pub(crate) const DEPLOYED: Timestamp = Timestamp::from_millis(1_791_547_200_000 - 3_600_000);
pub(crate) const SERVICES: [&str; 3] = ["portal", "indexer", "ingester"];

/// A table, what one look shows, and what the process remembers.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) table: ServiceTable,
    pub(crate) observed: Observed,
    pub(crate) history: History,
    born: u8,
}

impl World {
    /// Everything is as stated; the cluster carries no record.
    pub(crate) fn first_contact() -> Self {
        let table = table();
        let cluster = ClusterView {
            arn: ClusterArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c4-ecs-blue")),
            tags: BTreeMap::new(),
            capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".into()],
            counters: Counters::default(),
        };
        let observed = Observed {
            at: START,
            until: START,
            whole: START,
            account: Seen::Present(table.account.clone()),
            cluster: Seen::Present(Selection::One(cluster)),
            rows: BTreeMap::new(),
            tasks: Seen::Present(Vec::new()),
            image: Seen::Present(digest('a')),
            log: Seen::Absent,
        };
        let mut world = Self { table, observed, history: History::default(), born: 0 };
        for row in world.table.rows.clone() {
            world.observed.rows.insert(row.name.clone(), row_view(&row));
            if row.task().is_none() {
                world.deploy(row.name.as_str(), DEPLOYED);
                world.finish(row.name.as_str());
            }
        }
        world
    }

    /// Everything is as stated, and the record says that nothing is in hand.
    pub(crate) fn settled() -> Self {
        let mut world = Self::first_contact();
        world.pass(Span::seconds(10));
        world
    }

    /// Every row was kicked two minutes ago, rolled and drained; the record is open and the gate has held for 15 s.
    pub(crate) fn clear() -> Self {
        let mut world = Self::settled();
        world.kick_all();
        world.later(Span::minutes(2));
        world.pass(Span::seconds(15));
        world
    }

    /// Every row was kicked and is wholly rolled; nobody has looked yet.
    pub(crate) fn kick_all(&mut self) {
        for row in SERVICES {
            self.deploy(row, self.observed.at);
            self.finish(row);
        }
    }

    /// As `clear`, with the launch of attempt 1 recorded just now.
    pub(crate) fn launching() -> Self {
        let mut world = Self::clear();
        world.pass(Span::seconds(2));
        world
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.input())
    }

    pub(crate) fn input(&self) -> PlanInput<'_> {
        PlanInput { table: &self.table, observed: &self.observed, history: &self.history }
    }

    /// Plans, does the steps that write tags and run tasks, remembers, and lets time go by.
    pub(crate) fn pass(&mut self, then: Span) -> Plan {
        self.observed.until = self.observed.until.max(self.observed.at);
        let plan = self.plan();
        self.history = std::mem::take(&mut self.history).after(&self.observed, &plan);
        for step in &plan.steps {
            match &step.action {
                Action::Record(record) => {
                    self.tag(|keys| keys.rollout.clone(), record.tag());
                    if let Some((key, past)) = &plan.past {
                        self.tag(|_| key.clone(), past.tag());
                    }
                    plan.launch.iter().for_each(|key| self.tag(|_| key.clone(), record.tag()));
                }
                Action::Change(change) => self.tag(|keys| keys.change.clone(), change.tag()),
                Action::Run(launch) => self.run(launch),
                Action::Update(_) | Action::Register(_) | Action::RollBack(_) => {}
            }
        }
        self.later(then);
        plan
    }

    pub(crate) fn later(&mut self, span: Span) {
        self.observed.at = self.observed.at.plus(span);
        self.observed.until = self.observed.at;
    }

    pub(crate) fn row(&mut self, name: &str) -> &mut Row {
        self.table.rows.iter_mut().find(|row| row.name.as_str() == name).expect("a row of the table")
    }

    pub(crate) fn view(&mut self, name: &str) -> &mut RowView {
        self.observed.rows.get_mut(&RowName::told(name)).expect("a row of the table")
    }

    pub(crate) fn service(&mut self, name: &str) -> &mut ServiceView {
        match &mut self.view(name).service {
            Seen::Present(Selection::One(service)) => Arc::make_mut(service),
            other => panic!("{name} has no service: {other:?}"),
        }
    }

    pub(crate) fn definition(&mut self, name: &str) -> &mut DefinitionView {
        match &mut self.view(name).definition {
            Seen::Present(Selection::One(definition)) => Arc::make_mut(definition),
            other => panic!("{name} has no task definition: {other:?}"),
        }
    }

    pub(crate) fn cluster(&mut self) -> &mut ClusterView {
        match &mut self.observed.cluster {
            Seen::Present(Selection::One(cluster)) => cluster,
            other => panic!("no cluster: {other:?}"),
        }
    }

    pub(crate) fn tasks(&mut self) -> &mut Vec<TaskView> {
        match &mut self.observed.tasks {
            Seen::Present(tasks) => tasks,
            other => panic!("no tasks: {other:?}"),
        }
    }

    /// The tasks of a row's PRIMARY deployment.
    pub(crate) fn new_tasks(&mut self, name: &str) -> Vec<&mut TaskView> {
        let primary = self.service(name).primary().expect("a PRIMARY deployment").id.clone();
        self.tasks().iter_mut().filter(|task| task.started_by == primary.as_str()).collect()
    }

    /// The only task that RunTask started.
    pub(crate) fn one_off(&mut self) -> &mut TaskView {
        self.tasks().iter_mut().find(|task| task.started_by.starts_with("evenkeel/")).expect("a one-off task")
    }

    pub(crate) fn targets(&mut self, name: &str) -> &mut Vec<TargetView> {
        match &mut self.view(name).target_groups[0].targets {
            Seen::Present(targets) => targets,
            other => panic!("no targets: {other:?}"),
        }
    }

    pub(crate) fn tag(&mut self, key: impl Fn(&TagKeys) -> String, value: String) {
        let key = key(&TagKeys::of(&self.table.name));
        self.cluster().tags.insert(key, value);
    }

    pub(crate) fn record(&mut self) -> Record {
        let key = TagKeys::of(&self.table.name).rollout;
        Record::parse(&self.cluster().tags[&key]).expect("a record")
    }

    /// Puts the record into another state, as of now, as if no launch had ever said otherwise.
    pub(crate) fn set_state(&mut self, state: RecordState) {
        let record = Record { state, ..self.record() };
        self.set_record(record);
    }

    /// Another record stands there, as of now, as if no launch had ever said otherwise.
    pub(crate) fn set_record(&mut self, record: Record) {
        let record = Record { since: self.observed.at, ..record };
        self.cluster().tags.retain(|key, _| !key.contains(":launch-"));
        self.tag(|keys| keys.rollout.clone(), record.tag());
    }

    /// Somebody asks for a rollout now.
    pub(crate) fn request(&mut self, after: Timestamp) -> RequestId {
        let id = RequestId::of(&self.table.name, after, self.observed.at);
        let reason = Some("new schema".to_owned());
        let at = self.observed.at;
        let request = Request { id: id.clone(), after, at, before: Vec::new(), also: 0, by: None, reason };
        self.tag(|keys| keys.request.clone(), request.tag());
        id
    }

    /// A person gives a command now.
    pub(crate) fn command(&mut self, want: Want) -> Result<Command, HoldCause> {
        let wish = Wish { want, by: Some("ada".to_owned()), reason: Some("looked at it".to_owned()), key: None };
        match command(&self.input(), None, &wish) {
            Ok(Judged::New(accepted)) => {
                self.tag(|keys| keys.command.clone(), accepted.command.tag());
                Ok(accepted.command)
            }
            Ok(Judged::Withdrawn(it)) => panic!("a request would be withdrawn: {:?}", it.withdrawal),
            Ok(Judged::Known(stands)) => panic!("it was given before: {stands}"),
            Err(holds) => Err(holds[0].cause.clone()),
        }
    }

    /// The newest command is about another rollout, that of an hour later.
    pub(crate) fn about_another_rollout(&mut self) {
        let key = TagKeys::of(&self.table.name).command;
        let command = Command::parse(&self.cluster().tags[&key]).expect("a command");
        let (base, at) = (command.base.map(|base| base.plus(Span::minutes(60))), command.at.plus(Span::minutes(60)));
        let other = Command { rollout: RolloutId::told("ffffffffffffffff"), base, at, ..command };
        self.tag(|keys| keys.command.clone(), other.tag());
    }

    /// The entries of rollouts that ended, newest first.
    pub(crate) fn past(&mut self) -> Vec<Past> {
        let keys = TagKeys::of(&self.table.name);
        past::entries(&keys.past, &self.cluster().tags)
    }

    /// A new PRIMARY deployment with all its tasks starting; what ran before keeps running beside it.
    pub(crate) fn deploy(&mut self, name: &str, at: Timestamp) {
        let definition = self.definition(name).arn.clone();
        let service = self.service(name);
        for deployment in &mut service.deployments {
            deployment.role = DeploymentRole::Active;
        }
        let id = DeploymentId::told(format!("ecs-svc/{name}-{}", at.since(DEPLOYED).millis() / 1000));
        service.deployments.insert(0, deployment(&id, &definition, at, service.desired));
        let (group, desired) = (service.task_group(), service.desired);
        for _ in 0..desired {
            self.born += 1;
            let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, self.born));
            let task = TaskView { ip: Some(ip), ..task(self.born, &group, id.as_str(), &definition, at) };
            self.tasks().push(task);
            if !self.view(name).target_groups.is_empty() {
                let target =
                    TargetView { id: ip.to_string().into(), state: TargetState::Initial, reason: Text::default() };
                self.targets(name).push(target);
            }
        }
    }

    /// The new tasks run and are healthy; nothing has been told to stop yet.
    pub(crate) fn start(&mut self, name: &str) {
        let at = self.observed.at;
        let mut ips = Vec::new();
        for task in self.new_tasks(name) {
            task.status = TaskStatus::Running;
            task.started_at = task.started_at.or(Some(at));
            ips.extend(task.ip.map(|ip| ip.to_string()));
            for container in &mut task.containers {
                container.digest = Some(digest('a'));
            }
        }
        let service = self.service(name);
        let desired = service.desired;
        let primary = &mut service.deployments[0];
        (primary.running, primary.pending) = (desired, 0);
        (service.running, service.pending) = (desired, 0);
        if !self.view(name).target_groups.is_empty() {
            let mine = |target: &&mut TargetView| ips.iter().any(|ip| target.id == *ip);
            self.targets(name).iter_mut().filter(mine).for_each(|target| target.state = TargetState::Healthy);
        }
    }

    /// As `start`, and ECS says COMPLETED while the old tasks drain.
    pub(crate) fn drain(&mut self, name: &str) {
        self.start(name);
        let service = self.service(name);
        service.deployments.truncate(1);
        let (group, primary) = (service.task_group(), &mut service.deployments[0]);
        primary.rollout = RolloutState::Completed;
        let id = primary.id.clone();
        let mut ips = Vec::new();
        for task in self.tasks().iter_mut().filter(|task| task.group == group && task.started_by != id.as_str()) {
            task.desired = DesiredStatus::Stopped;
            ips.extend(task.ip.map(|ip| ip.to_string()));
        }
        if !self.view(name).target_groups.is_empty() {
            let theirs = |target: &&mut TargetView| ips.iter().any(|ip| target.id == *ip);
            self.targets(name).iter_mut().filter(theirs).for_each(|target| target.state = TargetState::Draining);
        }
    }

    /// As `drain`, and the old tasks and targets are gone.
    pub(crate) fn finish(&mut self, name: &str) {
        self.drain(name);
        let (group, at) = (self.service(name).task_group(), self.observed.at);
        let old = |task: &&mut TaskView| task.group == group && task.desired == DesiredStatus::Stopped;
        for task in self.tasks().iter_mut().filter(old) {
            task.status = TaskStatus::Stopped;
            task.stopped_at = Some(at);
        }
        if !self.view(name).target_groups.is_empty() {
            self.targets(name).retain(|target| target.state != TargetState::Draining);
        }
    }

    fn run(&mut self, launch: &Launch) {
        self.born += 1;
        let group = format!("family:{}", launch.definition.family());
        let made = task(self.born, &group, &launch.started_by, &launch.definition, self.observed.at);
        self.tasks().push(made);
    }

    /// The one-off task ended in this way; `exit` is its container's exit code.
    pub(crate) fn end(&mut self, exit: Option<i32>, stop_code: &str) {
        let at = self.observed.at;
        let task = self.one_off();
        task.status = TaskStatus::Stopped;
        task.desired = DesiredStatus::Stopped;
        task.started_at = Some(at);
        task.stopped_at = Some(at);
        task.stop_code = stop_code.into();
        task.containers[0].exit_code = exit;
    }
}

/// A read that failed.
pub(crate) fn unseen(trouble: Trouble) -> Why {
    Why { text: "DescribeThings: ThrottlingException: rate exceeded".to_owned(), trouble }
}

/// A digest of one letter.
pub(crate) fn digest(letter: char) -> Digest {
    Digest::told(format!("sha256:{}", letter.to_string().repeat(64)))
}
