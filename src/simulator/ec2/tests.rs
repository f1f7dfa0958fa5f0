//! Claims about the network of an account: what is there at first, what can be made, and what must not go.

use serde_json::{Value, json};

use crate::simulator::ec2::Ec2;
use crate::simulator::ecs::Ecs;
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

struct Bench {
    ec2: Ec2,
    elb: Elb,
}

impl Bench {
    fn new(region: &str) -> Self {
        Bench { ec2: Ec2::new("123456789012", region, 1), elb: Elb::new("123456789012", region, 1) }
    }

    fn call(&mut self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.ec2.handle(operation, &input, Time(0), &Ecs::default(), &mut self.elb)
    }

    fn made(&mut self, operation: &str, input: Value, pointer: &str) -> String {
        let answer = self.call(operation, input).unwrap();
        answer.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
    }

    fn vpc(&mut self) -> String {
        self.made("CreateVpc", json!({"CidrBlock": "10.1.0.0/16"}), "/vpc/vpcId")
    }

    #[track_caller]
    fn refuses(&mut self, operation: &str, input: Value, code: &str) {
        assert_eq!(self.call(operation, input).unwrap_err().code, code);
    }
}

#[test]
fn every_region_begins_with_a_default_vpc_and_a_subnet_in_each_of_three_zones() {
    for region in ["us-east-1", "eu-central-1"] {
        let mut bench = Bench::new(region);
        let vpcs = bench.call("DescribeVpcs", json!({})).unwrap();
        assert_eq!(vpcs["vpcSet"].as_array().unwrap().len(), 1);
        assert_eq!(vpcs["vpcSet"][0]["isDefault"], true);
        let subnets = bench.call("DescribeSubnets", json!({})).unwrap();
        let mut zones: Vec<&str> = subnets["subnetSet"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["availabilityZone"].as_str().unwrap())
            .collect();
        zones.sort_unstable();
        assert_eq!(zones, ["a", "b", "c"].map(|letter| format!("{region}{letter}")));
        let groups = bench.call("DescribeSecurityGroups", json!({"GroupName": ["default"]})).unwrap();
        assert_eq!(groups["securityGroupInfo"][0]["vpcId"], vpcs["vpcSet"][0]["vpcId"]);
    }
}

#[test]
fn subnets_lie_within_their_vpc_and_apart_from_each_other() {
    let mut bench = Bench::new("us-east-1");
    let vpc = bench.vpc();
    let subnet = |cidr: &str| json!({"VpcId": vpc, "CidrBlock": cidr});
    bench.call("CreateSubnet", subnet("10.1.0.0/24")).unwrap();
    bench.refuses("CreateSubnet", subnet("10.1.0.128/25"), "InvalidSubnet.Conflict");
    bench.refuses("CreateSubnet", subnet("10.2.0.0/24"), "InvalidSubnet.Range");
    bench.refuses("CreateSubnet", subnet("10.1.1.0/29"), "InvalidSubnet.Range");
    bench.refuses("CreateSubnet", json!({"VpcId": "vpc-0", "CidrBlock": "10.1.1.0/24"}), "InvalidVpcID.NotFound");
    let elsewhere = json!({"VpcId": vpc, "CidrBlock": "10.1.1.0/24", "AvailabilityZone": "us-west-2a"});
    bench.refuses("CreateSubnet", elsewhere, "InvalidParameterValue");
}

#[test]
fn a_vpc_goes_only_when_nothing_is_left_in_it() {
    let mut bench = Bench::new("us-east-1");
    let vpc = bench.vpc();
    let subnet = bench.made("CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.1.0.0/24"}), "/subnet/subnetId");
    let named = json!({"VpcId": vpc, "GroupName": "web", "GroupDescription": "web"});
    let group = bench.made("CreateSecurityGroup", named, "/groupId");
    bench.refuses("DeleteVpc", json!({"VpcId": vpc}), "DependencyViolation");
    bench.call("DeleteSubnet", json!({"SubnetId": subnet})).unwrap();
    bench.refuses("DeleteVpc", json!({"VpcId": vpc}), "DependencyViolation");
    bench.call("DeleteSecurityGroup", json!({"GroupId": group})).unwrap();
    bench.call("DeleteVpc", json!({"VpcId": vpc})).unwrap();
    bench.refuses("DescribeVpcs", json!({"VpcId": [vpc]}), "InvalidVpcID.NotFound");
}

#[test]
fn a_rule_of_a_security_group_is_there_once_and_can_be_revoked_once() {
    let mut bench = Bench::new("us-east-1");
    let group = bench.made("CreateSecurityGroup", json!({"GroupName": "web", "GroupDescription": "web"}), "/groupId");
    let web = json!({"IpProtocol": "tcp", "FromPort": "80", "ToPort": "80", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]});
    let rule = json!({"GroupId": group, "IpPermissions": [web]});
    bench.call("AuthorizeSecurityGroupIngress", rule.clone()).unwrap();
    bench.refuses("AuthorizeSecurityGroupIngress", rule.clone(), "InvalidPermission.Duplicate");
    let shown = bench.call("DescribeSecurityGroups", json!({"GroupId": [group]})).unwrap();
    assert_eq!(shown["securityGroupInfo"][0]["ipPermissions"][0]["ipRanges"][0]["cidrIp"], "10.0.0.0/8");
    bench.call("RevokeSecurityGroupIngress", rule.clone()).unwrap();
    bench.refuses("RevokeSecurityGroupIngress", rule, "InvalidPermission.NotFound");
}

#[test]
fn filters_choose_by_name_tag_and_pattern_and_refuse_what_they_do_not_know() {
    let mut bench = Bench::new("us-east-1");
    let vpc = bench.vpc();
    let tag = json!({"ResourceId": [vpc], "Tag": [{"Key": "row", "Value": "portal"}]});
    bench.call("CreateTags", tag).unwrap();
    for (name, value, found) in [
        ("vpc-id", vpc.as_str(), 1),
        ("tag:row", "port*", 1),
        ("tag:row", "indexer", 0),
        ("tag-key", "row", 1),
        ("isDefault", "true", 1),
        ("cidr", "10.?.0.0/16", 1),
    ] {
        let input = json!({"Filter": [{"Name": name, "Value": [value]}]});
        let answer = bench.call("DescribeVpcs", input).unwrap();
        assert_eq!(answer["vpcSet"].as_array().unwrap().len(), found, "{name} {value}");
    }
    bench.refuses("DescribeVpcs", json!({"Filter": [{"Name": "nonsense", "Value": ["a"]}]}), "InvalidParameterValue");
}

#[test]
fn the_same_seed_gives_the_same_ids_and_a_dry_run_changes_nothing() {
    let (mut one, mut other) = (Bench::new("us-east-1"), Bench::new("us-east-1"));
    one.refuses("CreateVpc", json!({"CidrBlock": "10.1.0.0/16", "DryRun": "true"}), "DryRunOperation");
    assert_eq!(one.vpc(), other.vpc());
}
