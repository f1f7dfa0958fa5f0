//! An account for a table: what CloudFormation would have left there, with names that the table's selectors find.
//!
//! Only lays out; whether the controller then does the right thing is for others to see.

use serde_json::{Value, json};

use crate::model::row::{Capacity, Row, ServiceTable};
use crate::model::selector::Selector;
use crate::simulator::call::{Call, Service};
use crate::simulator::error::ApiError;
use crate::simulator::layout::{AccountLayout, LaidOut, ServiceLayout, TargetGroupLayout, TaskLayout, cgap_all};
use crate::simulator::world::Simulator;

/// How close to the table the account begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// CGAP's four rows as the stack's template makes them by default, which is not what the users' table says;
    /// other rows as they are stated.
    Template,
    /// Every row as it is stated.
    Stated,
}

/// (row, desired count, CPU units, MiB): the defaults of CGAP's template, `src/parts/ecs.py` of 4dn-cloud-infra.
const TEMPLATE: [(&str, u32, u32, u32); 4] =
    [("portal", 2, 4096, 8192), ("indexer", 4, 256, 512), ("ingester", 1, 512, 1024), ("deployment", 0, 1024, 2048)];

/// What a row that states nothing gets.
const FALLBACK: (u32, u32, u32) = (1, 256, 512);

/// Lays out one account for all tables.
///
/// # Errors
/// Two tables that want the same resource, or names that AWS does not take.
pub fn lay_out(sim: &mut Simulator, tables: &[ServiceTable], start: Start) -> Result<Vec<LaidOut>, ApiError> {
    let layouts: Vec<AccountLayout> = tables.iter().map(|table| account(table, start)).collect();
    let laid_out = cgap_all(sim, &layouts)?;
    for (table, laid_out) in tables.iter().zip(&laid_out) {
        tag(sim, table, laid_out, start)?;
    }
    Ok(laid_out)
}

fn account(table: &ServiceTable, start: Start) -> AccountLayout {
    let env = table.name.to_string();
    let mut services = Vec::new();
    let mut task_only = Vec::new();
    for row in &table.rows {
        let task = task(table, row, start);
        match (row.service_selector(), row.task()) {
            (Some(selector), _) => services.push(ServiceLayout {
                name: physical(table, selector, &format!("{}Service", row.name)),
                task,
                desired: if row.task().is_some() { 0 } else { size(row, start).0 },
                strategy: strategy(row, start),
                target_group: row.target_group().map(target_group),
            }),
            (None, _) => task_only.push(task),
        }
    }
    if table.task_row().is_some() {
        // Every CGAP stack has one, and nobody may ever run it by accident.
        task_only.push(TaskLayout {
            family: format!("c4-ecs-{env}-stack-CGAPInitialDeployment-*"),
            container: "DeploymentAction".to_owned(),
            application_type: "deployment".to_owned(),
            cpu: 1024,
            memory: 2048,
            initial: true,
        });
    }
    let (repository, tag) = match &table.image {
        Some(image) => (image.repository.as_str().to_owned(), image.tag.as_str().to_owned()),
        None => (env.clone(), "latest".to_owned()),
    };
    let cluster = physical(table, &table.cluster, "DockerCluster");
    AccountLayout { cluster, env, services, task_only, repository, tag, foreign_service: true }
}

fn task(table: &ServiceTable, row: &Row, start: Start) -> TaskLayout {
    let (_, cpu, memory) = size(row, start);
    let family = match row.task() {
        Some(task) => physical(table, &task.definition, row.name.as_str()),
        None => row
            .service_selector()
            .map(|selector| physical(table, selector, row.name.as_str()).replace("Service", ""))
            .unwrap_or_default(),
    };
    TaskLayout {
        family,
        container: row.container.as_ref().map_or_else(|| row.name.to_string(), ToString::to_string),
        application_type: row.name.to_string(),
        cpu,
        memory,
        initial: false,
    }
}

fn size(row: &Row, start: Start) -> (u32, u32, u32) {
    let template = TEMPLATE.iter().find(|(name, ..)| start == Start::Template && *name == row.name.as_str());
    let (count, cpu, memory) = template.map_or(FALLBACK, |&(_, count, cpu, memory)| (count, cpu, memory));
    let stated = |stated: Option<u32>, otherwise: u32| match template {
        Some(_) => otherwise,
        None => stated.unwrap_or(otherwise),
    };
    (
        stated(row.count, count),
        stated(row.vcpu.map(|vcpu| vcpu.units()), cpu),
        stated(row.memory.map(|memory| memory.mib()), memory),
    )
}

/// As the template writes them: both providers, one without weight, and a `base` that is the template's own count.
fn strategy(row: &Row, start: Start) -> Vec<(String, u32, u32)> {
    let base = size(row, start).0.max(1);
    let (on_demand, spot) = match row.capacity {
        Some(Capacity::Spot) => ((0, 0), (base, 1)),
        Some(Capacity::OnDemand) | None => ((base, 1), (0, 0)),
    };
    vec![
        (Capacity::OnDemand.provider().to_owned(), on_demand.0, on_demand.1),
        (Capacity::Spot.provider().to_owned(), spot.0, spot.1),
    ]
}

fn target_group(selector: &Selector) -> TargetGroupLayout {
    let name = match selector {
        Selector::Name(name) => name.clone(),
        Selector::Glob(glob) => glob.as_str().replace(['*', '?'], "x"),
        Selector::Tag { .. } => "TargetGroupPortal".to_owned(),
    };
    TargetGroupLayout {
        name,
        port: 8000,
        health_path: "/health?format=json".to_owned(),
        interval_s: 60,
        deregistration_delay_s: 300,
    }
}

/// `c4-ecs-<env>-stack-<LogicalId>-<random>`: the glob's last `*` is the random part, others are the environment.
fn physical(table: &ServiceTable, selector: &Selector, otherwise: &str) -> String {
    let logical = match selector {
        Selector::Name(name) => return name.clone(),
        Selector::Glob(glob) => glob.as_str().replace('?', "x"),
        Selector::Tag { .. } => format!("CGAP{otherwise}-*"),
    };
    let logical = match logical.rsplit_once('*') {
        Some((front, back)) => format!("{}*{back}", front.replace('*', &camel(table.name.as_str()))),
        None => logical,
    };
    // A selector that names the stack, as tables that share an account do, has it already.
    let stack = format!("c4-ecs-{}-stack-", table.name);
    if logical.starts_with(&stack) { logical } else { format!("{stack}{logical}") }
}

fn camel(text: &str) -> String {
    let capital = |part: &str| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)).collect();
    text.split('-').map(capital).collect::<Vec<String>>().concat()
}

/// Tags that selectors look for.
fn tag(sim: &mut Simulator, table: &ServiceTable, laid_out: &LaidOut, start: Start) -> Result<(), ApiError> {
    let mut wanted = vec![(&table.cluster, laid_out.cluster_arn.clone())];
    let layout = account(table, start);
    let mut services = layout.services.iter();
    for row in &table.rows {
        if let Some(selector) = row.service_selector()
            && let Some(name) = services.next().and_then(|service| laid_out.services.get(&service.name))
        {
            wanted.push((selector, sim.place().service(&laid_out.cluster, name)));
        }
        let arn = laid_out.task_definitions.get(&task(table, row, start).family);
        wanted.extend(row.task().zip(arn).map(|(task, arn)| (&task.definition, arn.clone())));
    }
    for (selector, arn) in wanted {
        let Selector::Tag { key, value } = selector else { continue };
        let input = json!({"resourceArn": arn, "tags": [{"key": key, "value": value}]});
        layout_call(sim, Service::Ecs, "TagResource", input)?;
    }
    for selector in table.rows.iter().filter_map(Row::target_group) {
        let Selector::Tag { key, value } = selector else { continue };
        let Some(arn) = laid_out.target_groups.get(&target_group(selector).name) else { continue };
        let input = json!({"ResourceArns": [arn], "Tags": [{"Key": key, "Value": value}]});
        layout_call(sim, Service::Elb, "AddTags", input)?;
    }
    Ok(())
}

fn layout_call(sim: &mut Simulator, service: Service, operation: &str, input: Value) -> Result<(), ApiError> {
    let call = Call::home(service, operation, input, "layout");
    sim.call(sim.now(), &call).map(|_| ())
}
