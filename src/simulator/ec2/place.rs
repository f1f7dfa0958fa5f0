//! Regions, zones and what an account may do in them.
//!
//! Owns the reading operations that ask about the place and not about resources.

use serde_json::{Value, json};

use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::texts;
use crate::simulator::ec2::state::Ec2;
use crate::simulator::error::ApiError;

/// The regions that every account has without asking.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

impl Ec2 {
    pub(super) fn describe_regions(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, filters) = (texts(input, "RegionName"), Filters::of(input));
        if let Some(name) = names.iter().find(|name| !REGIONS.contains(name)) {
            return Err(ApiError::client("InvalidParameterValue", format!("Invalid region(s): [{name}]")));
        }
        let mut regions = Vec::new();
        for name in REGIONS.iter().filter(|name| names.is_empty() || names.contains(name)) {
            let region = json!({
                "regionName": name, "regionEndpoint": format!("ec2.{name}.amazonaws.com"),
                "optInStatus": "opt-in-not-required",
            });
            let named = |filter: &str| match filter {
                "region-name" => leaf(&region, "/regionName"),
                "endpoint" => leaf(&region, "/regionEndpoint"),
                "opt-in-status" => leaf(&region, "/optInStatus"),
                _ => None,
            };
            if filters.pass(&region, named)? {
                regions.push(region);
            }
        }
        Ok(json!({ "regionInfo": regions }))
    }

    pub(super) fn describe_availability_zones(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, ids) = (texts(input, "ZoneName"), texts(input, "ZoneId"));
        let (filters, zones) = (Filters::of(input), self.zones());
        if let Some(name) = names.iter().find(|name| !zones.iter().any(|zone| zone == *name)) {
            return Err(ApiError::client("InvalidParameterValue", format!("Invalid availability zone: [{name}]")));
        }
        let mut shown = Vec::new();
        for zone in zones {
            let rendered = json!({
                "zoneName": zone, "zoneId": self.zone_id(&zone), "zoneState": "available", "zoneType": "availability-zone",
                "regionName": self.region, "groupName": self.region, "networkBorderGroup": self.region,
                "optInStatus": "opt-in-not-required", "messageSet": [],
            });
            let named = |filter: &str| match filter {
                "zone-name" => leaf(&rendered, "/zoneName"),
                "zone-id" => leaf(&rendered, "/zoneId"),
                "zone-type" => leaf(&rendered, "/zoneType"),
                "state" => leaf(&rendered, "/zoneState"),
                "region-name" => leaf(&rendered, "/regionName"),
                "group-name" => leaf(&rendered, "/groupName"),
                "opt-in-status" => leaf(&rendered, "/optInStatus"),
                _ => None,
            };
            let asked = names.is_empty() || names.contains(&zone.as_str());
            let asked_by_id = ids.is_empty() || ids.contains(&self.zone_id(&zone).as_str());
            if asked && asked_by_id && filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "availabilityZoneInfo": shown }))
    }

    pub(super) fn describe_account_attributes(&self, input: &Value) -> Value {
        let asked = texts(input, "AttributeName");
        let attributes = [
            ("supported-platforms", "VPC"),
            ("default-vpc", self.default_vpc().unwrap_or("none")),
            ("max-instances", "20"),
            ("vpc-max-security-groups-per-interface", "5"),
            ("max-elastic-ips", "5"),
            ("vpc-max-elastic-ips", "5"),
        ];
        let shown = attributes.iter().filter(|(name, _)| asked.is_empty() || asked.contains(name));
        let shown =
            shown.map(|(name, value)| json!({"attributeName": name, "attributeValueSet": [{"attributeValue": value}]}));
        json!({ "accountAttributeSet": shown.collect::<Vec<Value>>() })
    }
}
