//! Internet gateways: made, attached, described, detached, deleted.
//!
//! Owns that a gateway and a VPC are attached to one of the other at most. Nothing is routed.

use serde_json::{Value, json};

use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::{required, tags_for, texts};
use crate::simulator::ec2::state::Ec2;
use crate::simulator::error::ApiError;

impl Ec2 {
    pub(super) fn create_internet_gateway(&mut self, input: &Value) -> Result<Value, ApiError> {
        let tags = tags_for(input, "internet-gateway")?;
        let id = self.id("igw");
        self.gateways.insert(id.clone(), None);
        self.tags.insert(id.clone(), tags);
        Ok(json!({"internetGateway": self.render_gateway(&id, None)}))
    }

    pub(super) fn attach_internet_gateway(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (id, attached) = self.gateway(required(input, "InternetGatewayId")?)?;
        let (id, attached) = (id.to_owned(), attached.is_some());
        let vpc = self.vpc(required(input, "VpcId")?)?.id.clone();
        if attached || self.gateways.values().any(|there| there.as_ref() == Some(&vpc)) {
            let message = format!("resource {id} is already attached to network {vpc}");
            return Err(ApiError::client("Resource.AlreadyAssociated", message));
        }
        self.gateways.insert(id, Some(vpc));
        Ok(json!({"return": true}))
    }

    pub(super) fn detach_internet_gateway(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (id, attached) = self.gateway(required(input, "InternetGatewayId")?)?;
        let vpc = required(input, "VpcId")?;
        if attached != Some(vpc) {
            let message = format!("resource {id} is not attached to network {vpc}");
            return Err(ApiError::client("Gateway.NotAttached", message));
        }
        let id = id.to_owned();
        self.gateways.insert(id, None);
        Ok(json!({"return": true}))
    }

    pub(super) fn delete_internet_gateway(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (id, attached) = self.gateway(required(input, "InternetGatewayId")?)?;
        if attached.is_some() {
            let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
            return Err(ApiError::client("DependencyViolation", message));
        }
        let id = id.to_owned();
        self.gateways.remove(&id);
        self.tags.remove(&id);
        Ok(json!({"return": true}))
    }

    pub(super) fn describe_internet_gateways(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "InternetGatewayId"), Filters::of(input));
        ids.iter().try_for_each(|id| self.gateway(id).map(|_| ()))?;
        let mut shown = Vec::new();
        for (id, vpc) in self.gateways.iter().filter(|(id, _)| ids.is_empty() || ids.contains(&id.as_str())) {
            let rendered = self.render_gateway(id, vpc.as_deref());
            let named = |filter: &str| match filter {
                "internet-gateway-id" => leaf(&rendered, "/internetGatewayId"),
                "attachment.vpc-id" => leaf(&rendered, "/attachmentSet/0/vpcId"),
                "attachment.state" => leaf(&rendered, "/attachmentSet/0/state"),
                "owner-id" => leaf(&rendered, "/ownerId"),
                _ => None,
            };
            if filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "internetGatewaySet": shown }))
    }

    fn gateway(&self, id: &str) -> Result<(&str, Option<&str>), ApiError> {
        let known = self.gateways.get_key_value(id).map(|(id, vpc)| (id.as_str(), vpc.as_deref()));
        known.ok_or_else(|| {
            let message = format!("The internetGateway ID '{id}' does not exist");
            ApiError::client("InvalidInternetGatewayID.NotFound", message)
        })
    }

    fn render_gateway(&self, id: &str, vpc: Option<&str>) -> Value {
        let attachments: Vec<Value> = vpc.iter().map(|vpc| json!({"state": "available", "vpcId": vpc})).collect();
        json!({
            "internetGatewayId": id, "ownerId": self.account, "attachmentSet": attachments,
            "tagSet": self.render_tags(id),
        })
    }
}
