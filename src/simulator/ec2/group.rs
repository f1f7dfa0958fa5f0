//! Security groups: made, described, opened, closed, deleted.
//!
//! Owns their names, which are unique within a VPC, and which rules there are. Enforces nothing.

use serde_json::{Value, json};

use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::{invalid, required, tags_for, text, texts};
use crate::simulator::ec2::rules::{Permission, gathered, read};
use crate::simulator::ec2::state::{Ec2, Group};
use crate::simulator::error::ApiError;

/// Which rules of a group a call is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Rules about what may come in.
    Ingress,
    /// Rules about what may be reached.
    Egress,
}

impl Group {
    fn rules(&mut self, way: Way) -> &mut Vec<Permission> {
        match way {
            Way::Ingress => &mut self.ingress,
            Way::Egress => &mut self.egress,
        }
    }
}

impl Ec2 {
    pub(super) fn create_security_group(&mut self, input: &Value) -> Result<Value, ApiError> {
        let name = required(input, "GroupName")?;
        let description = required(input, "GroupDescription")?;
        let vpc = match text(input, "VpcId") {
            Some(vpc) => self.vpc(vpc)?.id.clone(),
            None => match self.default_vpc() {
                Some(vpc) => vpc.to_owned(),
                None => return Err(ApiError::client("VPCIdNotSpecified", "No default VPC for this user")),
            },
        };
        if name.starts_with("sg-") {
            return Err(invalid("Value for parameter groupName is invalid. The name cannot start with 'sg-'."));
        }
        if self.groups.values().any(|there| there.vpc == vpc && there.name == name) {
            let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
            return Err(ApiError::client("InvalidGroup.Duplicate", message));
        }
        let tags = tags_for(input, "security-group")?;
        let id = self.id("sg");
        let mut everywhere = Permission::to_everywhere();
        everywhere.id = self.id("sgr");
        let (name, description) = (name.to_owned(), description.to_owned());
        let group = Group { id: id.clone(), name, description, vpc, ingress: Vec::new(), egress: vec![everywhere] };
        self.groups.insert(id.clone(), group);
        self.tags.insert(id.clone(), tags);
        let (arn, tags) = (self.group_arn(&id), self.render_tags(&id));
        Ok(json!({"return": true, "groupId": id, "securityGroupArn": arn, "tagSet": tags}))
    }

    pub(super) fn describe_security_groups(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, names) = (texts(input, "GroupId"), texts(input, "GroupName"));
        ids.iter().try_for_each(|id| self.known_group(id).map(|_| ()))?;
        if let Some(name) = names.iter().find(|name| !self.groups.values().any(|group| group.name == **name)) {
            return Err(not_found(name));
        }
        let filters = Filters::of(input);
        let mut shown = Vec::new();
        for group in self.groups.values() {
            let asked = ids.is_empty() || ids.contains(&group.id.as_str());
            let asked_by_name = names.is_empty() || names.contains(&group.name.as_str());
            let rendered = self.render_group(group);
            let named = |filter: &str| match filter {
                "group-id" => leaf(&rendered, "/groupId"),
                "group-name" => leaf(&rendered, "/groupName"),
                "description" => leaf(&rendered, "/groupDescription"),
                "vpc-id" => leaf(&rendered, "/vpcId"),
                "owner-id" => leaf(&rendered, "/ownerId"),
                _ => None,
            };
            if asked && asked_by_name && filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "securityGroupInfo": shown }))
    }

    pub(super) fn describe_security_group_rules(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "SecurityGroupRuleId"), Filters::of(input));
        let mut shown = Vec::new();
        for group in self.groups.values() {
            let ways = [(&group.ingress, false), (&group.egress, true)];
            for (rule, egress) in ways.iter().flat_map(|(rules, egress)| rules.iter().map(|rule| (rule, *egress))) {
                let rendered = rule.render(&group.id, &self.account, egress);
                let named = |filter: &str| match filter {
                    "group-id" => leaf(&rendered, "/groupId"),
                    "security-group-rule-id" => leaf(&rendered, "/securityGroupRuleId"),
                    _ => None,
                };
                let asked = ids.is_empty() || ids.contains(&rule.id.as_str());
                if asked && filters.pass(&rendered, named)? {
                    shown.push(rendered);
                }
            }
        }
        Ok(json!({ "securityGroupRuleSet": shown }))
    }

    pub(super) fn delete_security_group(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = self.group_of(input)?;
        if self.groups[&id].name == "default" {
            let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
            return Err(ApiError::client("CannotDelete", message));
        }
        let live = |groups: &[String]| groups.contains(&id);
        let in_use = self.instances.values().any(|instance| instance.is_there() && live(&instance.groups));
        if in_use {
            let message = format!("resource {id} has a dependent object");
            return Err(ApiError::client("DependencyViolation", message));
        }
        self.groups.remove(&id);
        self.tags.remove(&id);
        Ok(json!({"return": true, "groupId": id}))
    }

    /// AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress: all rules are added, or none.
    pub(super) fn authorize(&mut self, input: &Value, way: Way) -> Result<Value, ApiError> {
        let id = self.group_of(input)?;
        let mut rules = read(input, &self.account)?;
        for rule in &mut rules {
            rule.id = self.id("sgr");
        }
        let group = self.groups.get_mut(&id).expect("it was found above");
        let there = group.rules(way);
        if rules.iter().any(|rule| there.iter().any(|known| known.is_same(rule))) {
            let message = "the specified rule already exists in this security group";
            return Err(ApiError::client("InvalidPermission.Duplicate", message));
        }
        let egress = way == Way::Egress;
        let shown: Vec<Value> = rules.iter().map(|rule| rule.render(&id, &self.account, egress)).collect();
        there.extend(rules);
        Ok(json!({"return": true, "securityGroupRuleSet": shown}))
    }

    /// RevokeSecurityGroupIngress and RevokeSecurityGroupEgress, by what the rules allow or by their ids.
    pub(super) fn revoke(&mut self, input: &Value, way: Way) -> Result<Value, ApiError> {
        let id = self.group_of(input)?;
        let by_id = texts(input, "SecurityGroupRuleId");
        let rules = if by_id.is_empty() { read(input, &self.account)? } else { Vec::new() };
        let there = self.groups.get_mut(&id).expect("it was found above").rules(way);
        let known = |rule: &Permission| there.iter().any(|known| known.is_same(rule));
        if !rules.iter().all(known) || !by_id.iter().all(|id| there.iter().any(|rule| rule.id == *id)) {
            let message = "The specified rule does not exist in this security group.";
            return Err(ApiError::client("InvalidPermission.NotFound", message));
        }
        there.retain(|rule| !rules.iter().any(|gone| gone.is_same(rule)) && !by_id.contains(&rule.id.as_str()));
        Ok(json!({"return": true, "unknownIpPermissionSet": []}))
    }

    /// The ids of the groups that a request names by `key`, or the default group of a VPC.
    pub(super) fn groups_or_default(&self, input: &Value, key: &str, vpc: &str) -> Result<Vec<String>, ApiError> {
        let given = texts(input, key);
        given.iter().try_for_each(|id| self.known_group(id).map(|_| ()))?;
        if given.is_empty() {
            return Ok(self.default_group(vpc).map(str::to_owned).into_iter().collect());
        }
        Ok(given.into_iter().map(str::to_owned).collect())
    }

    /// `groupId` and `groupName` of each.
    pub(super) fn render_group_names(&self, ids: &[String]) -> Value {
        let name = |id: &String| self.groups.get(id).map(|group| group.name.clone()).unwrap_or_default();
        ids.iter().map(|id| json!({"groupId": id, "groupName": name(id)})).collect()
    }

    fn group_of(&self, input: &Value) -> Result<String, ApiError> {
        if let Some(id) = text(input, "GroupId") {
            return Ok(self.known_group(id)?.id.clone());
        }
        let name = text(input, "GroupName").ok_or_else(|| {
            ApiError::client("MissingParameter", "The request must contain the parameter groupName or groupId")
        })?;
        let default = self.default_vpc();
        let group = self.groups.values().find(|group| group.name == name && Some(group.vpc.as_str()) == default);
        group.map(|group| group.id.clone()).ok_or_else(|| not_found(name))
    }

    fn known_group(&self, id: &str) -> Result<&Group, ApiError> {
        self.groups.get(id).ok_or_else(|| not_found(id))
    }

    fn group_arn(&self, id: &str) -> String {
        format!("arn:aws:ec2:{}:{}:security-group/{id}", self.region, self.account)
    }

    fn render_group(&self, group: &Group) -> Value {
        let Group { id, name, description, vpc, ingress, egress } = group;
        json!({
            "groupId": id,
            "groupName": name,
            "groupDescription": description,
            "vpcId": vpc,
            "ownerId": self.account,
            "securityGroupArn": self.group_arn(id),
            "ipPermissions": gathered(ingress),
            "ipPermissionsEgress": gathered(egress),
            "tagSet": self.render_tags(id),
        })
    }
}

fn not_found(id_or_name: &str) -> ApiError {
    let message = format!("The security group '{id_or_name}' does not exist");
    ApiError::client("InvalidGroup.NotFound", message)
}
