//! Task definitions: registering, listing and describing revisions.
//!
//! Owns families and their revisions. A revision keeps every member that it was given, with the defaults that AWS
//! fills in (`task_definition_given`); it never changes but for its status and tags. How it ends is in
//! `task_definition_end`.
//!
//! Divergence from AWS: `requiresAttributes` is always empty; `compatibilities` are always EC2 and FARGATE for
//! `awsvpc`.

use serde_json::{Map, Value, json};

use super::input::{Input, client_error, invalid};
use super::paging::{page, page_backwards};
use super::shape::TASK_DEFINITION;
use super::state::{Ecs, Scene};
use super::tags::{self, Tags};
use super::task_definition_given::complete;
use crate::simulator::arn;
use crate::simulator::error::ApiError;
use crate::simulator::members::drop_nulls;
use crate::simulator::time::Time;

/// All revisions of one family; revision n is at n - 1.
#[derive(Clone, Default, Debug)]
pub(super) struct Family {
    pub(super) revisions: Vec<TaskDefinition>,
}

/// Where a revision is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Active,
    Inactive,
    DeleteInProgress,
}

impl Standing {
    /// AWS's word.
    fn word(self) -> &'static str {
        match self {
            Standing::Active => "ACTIVE",
            Standing::Inactive => "INACTIVE",
            Standing::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

/// One revision.
#[derive(Clone, Debug)]
pub(super) struct TaskDefinition {
    pub(super) arn: String,
    pub(super) family: String,
    pub(super) standing: Standing,
    pub(super) body: Map<String, Value>,
    pub(super) tags: Tags,
    registered_at: Time,
    pub(super) deregistered_at: Option<Time>,
    pub(super) delete_requested_at: Option<Time>,
}

impl TaskDefinition {
    /// The container definitions, in their order.
    pub(super) fn containers(&self) -> &[Value] {
        self.body["containerDefinitions"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Whether tasks get a network interface of their own.
    pub(super) fn is_awsvpc(&self) -> bool {
        self.body.get("networkMode").and_then(Value::as_str) == Some("awsvpc")
    }

    /// As AWS shows it, without tags.
    pub(super) fn show(&self) -> Value {
        let TaskDefinition { standing, body, registered_at, deregistered_at, delete_requested_at, .. } = self;
        let mut shown = body.clone();
        shown.insert("status".into(), json!(standing.word()));
        shown.insert("registeredAt".into(), json!(registered_at.epoch_seconds()));
        if let Some(at) = deregistered_at {
            shown.insert("deregisteredAt".into(), json!(at.epoch_seconds()));
        }
        if let Some(at) = delete_requested_at {
            shown.insert("deleteRequestedAt".into(), json!(at.epoch_seconds()));
        }
        Value::Object(shown)
    }
}

impl Ecs {
    /// RegisterTaskDefinition: always a new revision.
    pub(super) fn register_task_definition(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let mut told = input.0.clone();
        drop_nulls(&mut told);
        let input = Input(&told);
        let family = input.required("family")?;
        if family.len() > 255 || !family.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(client_error("Family contains invalid characters."));
        }
        TASK_DEFINITION.check("taskDefinition", input.0)?;
        let tags = tags::read(input)?;
        let mut body = complete(input, scene.knobs)?;
        let revisions = &mut self.families.entry(family.to_owned()).or_default().revisions;
        let revision = u32::try_from(revisions.len() + 1).expect("a family has fewer revisions than u32 has numbers");
        let arn = scene.place.task_definition(family, revision);
        body.insert("taskDefinitionArn".into(), json!(arn));
        body.insert("revision".into(), json!(revision));
        let caller = format!("arn:aws:iam::{}:user/simulator", scene.place.account);
        body.insert("registeredBy".into(), json!(caller));
        let definition = TaskDefinition {
            arn,
            family: family.to_owned(),
            standing: Standing::Active,
            body,
            tags,
            registered_at: scene.now,
            deregistered_at: None,
            delete_requested_at: None,
        };
        let answer = json!({"taskDefinition": definition.show(), "tags": tags::show(&definition.tags)});
        revisions.push(definition);
        Ok(answer)
    }

    /// DescribeTaskDefinition: by family (its latest ACTIVE revision), `family:revision` or ARN.
    pub(super) fn describe_task_definition(&self, input: Input<'_>) -> Result<Value, ApiError> {
        let found = self.task_definition(input.required("taskDefinition")?);
        let definition = found.ok_or_else(|| client_error("Unable to describe task definition."))?;
        let mut answer = json!({ "taskDefinition": definition.show() });
        if input.includes_tags()? {
            answer["tags"] = tags::show(&definition.tags);
        }
        Ok(answer)
    }

    /// ListTaskDefinitions: oldest first within a family, unless `sort` is DESC.
    pub(super) fn list_task_definitions(&self, input: Input<'_>) -> Result<Value, ApiError> {
        let prefix = input.text("familyPrefix")?;
        let wanted = wanted_standing(input)?;
        let matching = |definition: &&TaskDefinition| {
            definition.standing == wanted && prefix.is_none_or(|prefix| definition.family == prefix)
        };
        let all = self.families.values().flat_map(|family| &family.revisions).filter(matching);
        let mut arns: Vec<String> = all.map(|definition| sortable(&definition.arn)).collect();
        arns.sort();
        let mut answer = match input.word("sort", &["ASC", "DESC"])? {
            Some("DESC") => {
                arns.reverse();
                page_backwards("taskDefinitionArns", &arns, input, 100)?
            }
            Some(_) | None => page("taskDefinitionArns", &arns, input, 100)?,
        };
        if let Some(given) = answer["taskDefinitionArns"].as_array_mut() {
            given.iter_mut().for_each(|arn| *arn = json!(plain(arn.as_str().unwrap_or_default())));
        }
        Ok(answer)
    }

    /// ListTaskDefinitionFamilies: ACTIVE families have an ACTIVE revision.
    pub(super) fn list_families(&self, input: Input<'_>) -> Result<Value, ApiError> {
        let prefix = input.text("familyPrefix")?.unwrap_or("");
        let wanted = match input.text("status")? {
            None | Some("ALL") => None,
            Some("ACTIVE") => Some(true),
            Some("INACTIVE") => Some(false),
            Some(_) => return Err(invalid("Invalid task definition family status.")),
        };
        let matching = |(name, family): &(&String, &Family)| {
            let active = family.revisions.iter().any(|definition| definition.standing == Standing::Active);
            name.starts_with(prefix) && wanted.is_none_or(|wanted| wanted == active)
        };
        let names: Vec<String> = self.families.iter().filter(matching).map(|(name, _)| name.clone()).collect();
        page("families", &names, input, 100)
    }

    /// The revision that a family, `family:revision` or ARN means. A bare family means its latest ACTIVE revision.
    pub(super) fn task_definition(&self, given: &str) -> Option<&TaskDefinition> {
        let (family, revision) = take_apart(self.named_alone("task-definition", given)?);
        let revisions = &self.families.get(family)?.revisions;
        match revision {
            Some(revision) => revisions.get(revision.parse::<usize>().ok()?.checked_sub(1)?),
            None => revisions.iter().rev().find(|definition| definition.standing == Standing::Active),
        }
    }

    /// The same, to be changed.
    pub(super) fn task_definition_mut(&mut self, given: &str) -> Option<&mut TaskDefinition> {
        let arn = self.task_definition(given)?.arn.clone();
        let (family, revision) = take_apart(arn::last_part(&arn));
        let index = revision?.parse::<usize>().ok()?.checked_sub(1)?;
        self.families.get_mut(family)?.revisions.get_mut(index)
    }

    /// The ACTIVE revision that a service or task is to run.
    ///
    /// # Errors
    ///
    /// `ClientException` if there is none, or if it is INACTIVE.
    pub(super) fn runnable(&self, given: &str) -> Result<&TaskDefinition, ApiError> {
        let found = self.task_definition(given).ok_or_else(|| client_error("TaskDefinition not found."))?;
        match found.standing {
            Standing::Active => Ok(found),
            Standing::Inactive | Standing::DeleteInProgress => Err(client_error("TaskDefinition is inactive")),
        }
    }
}

fn take_apart(name: &str) -> (&str, Option<&str>) {
    name.split_once(':').map_or((name, None), |(family, revision)| (family, Some(revision)))
}

/// Sorts revision 10 behind revision 9.
fn sortable(arn: &str) -> String {
    let (family, revision) = arn.rsplit_once(':').unwrap_or((arn, "0"));
    format!("{family}:{revision:0>10}")
}

fn plain(sortable: &str) -> String {
    let (family, revision) = sortable.rsplit_once(':').unwrap_or((sortable, "0"));
    format!("{family}:{}", revision.trim_start_matches('0'))
}

fn wanted_standing(input: Input<'_>) -> Result<Standing, ApiError> {
    match input.text("status")? {
        None | Some("ACTIVE") => Ok(Standing::Active),
        Some("INACTIVE") => Ok(Standing::Inactive),
        Some("DELETE_IN_PROGRESS") => Ok(Standing::DeleteInProgress),
        Some(_) => Err(invalid("Invalid task definition status.")),
    }
}
