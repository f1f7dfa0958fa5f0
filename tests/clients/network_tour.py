"""A visit to every operation of EC2, and to those of ELBv2 that a service on ECS does not need.

Owns the order of calls, in which each has what it needs, and leaves something of each kind behind. Asserts nothing.
"""

CERTIFICATES = [f"arn:aws:acm:us-east-1:123456789012:certificate/{number}" for number in (1, 2)]
TAGS = [{"Key": "made-by", "Value": "tour"}]


def network(ec2):
    """A VPC with two subnets and a security group; gives the ids of all."""
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = []
    for number, zone in enumerate("ab"):
        specification = {"ResourceType": "subnet", "Tags": TAGS}
        made = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}",
            TagSpecifications=[specification],
        )
        subnets.append(made["Subnet"]["SubnetId"])
    ec2.modify_subnet_attribute(SubnetId=subnets[0], MapPublicIpOnLaunch={"Value": True})
    group = ec2.create_security_group(GroupName="tour", Description="tour", VpcId=vpc)["GroupId"]
    rules(ec2, group)
    ec2.create_tags(Resources=[vpc, group], Tags=TAGS)
    ec2.delete_tags(Resources=[group], Tags=TAGS)
    instance = instances(ec2, subnets[0], group)
    read_network(ec2)
    passing(ec2)
    return {"vpc": vpc, "subnets": subnets, "group": group, "instance": instance}


def rules(ec2, group):
    """Rules of a security group that come, and of which one goes."""
    web = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    inside = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web, inside])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[web])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[web])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[inside])


def instances(ec2, subnet, group):
    """An instance that runs, after one that came and went; gives its id."""
    common = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet, "SecurityGroupIds": [group]}
    gone = ec2.run_instances(**common)["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[gone])
    ec2.start_instances(InstanceIds=[gone])
    ec2.terminate_instances(InstanceIds=[gone])
    return ec2.run_instances(**common)["Instances"][0]["InstanceId"]


def passing(ec2):
    """A network that is made and deleted."""
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="passing", Description="passing", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def read_network(ec2):
    """Every reading operation of EC2."""
    ec2.describe_regions()
    ec2.describe_availability_zones()
    ec2.describe_account_attributes()
    ec2.describe_vpcs()
    ec2.describe_subnets()
    ec2.describe_security_groups()
    ec2.describe_security_group_rules()
    ec2.describe_internet_gateways()
    ec2.describe_network_interfaces()
    ec2.describe_instances()
    ec2.describe_instance_status()
    ec2.describe_tags()


def balance(elb, there):
    """A load balancer with secure listeners and rules, changed in all ways, beside one that is deleted."""
    balancer = elb.create_load_balancer(
        Name="tour-all", SubnetMappings=[{"SubnetId": subnet} for subnet in there["subnets"]], Scheme="internal",
        Type="application", IpAddressType="ipv4", SecurityGroups=[there["group"]], Tags=TAGS,
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.set_subnets(LoadBalancerArn=balancer, Subnets=there["subnets"])
    elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[there["group"]])
    elb.set_ip_address_type(LoadBalancerArn=balancer, IpAddressType="dualstack")
    attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)
    groups = [target_group(elb, name, there["vpc"]) for name in ("tour-one", "tour-two")]
    elb.register_targets(TargetGroupArn=groups[0], Targets=[{"Id": there["instance"]}])
    listen(elb, balancer, groups)
    passing_balancer(elb, there)


def target_group(elb, name, vpc):
    """A target group of instances, with every setting, changed once; gives its ARN."""
    arn = elb.create_target_group(
        Name=name, Protocol="HTTP", ProtocolVersion="HTTP1", Port=80, VpcId=vpc, TargetType="instance",
        HealthCheckProtocol="HTTP", HealthCheckPort="traffic-port", HealthCheckPath="/health",
        HealthCheckEnabled=True, HealthCheckIntervalSeconds=20, HealthCheckTimeoutSeconds=10,
        HealthyThresholdCount=3, UnhealthyThresholdCount=3, Matcher={"HttpCode": "200"}, IpAddressType="ipv4", Tags=TAGS,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/", HealthCheckIntervalSeconds=30)
    return arn


def listen(elb, balancer, groups):
    """A secure listener with two rules and more certificates, changed and left, and one that is deleted."""
    weighted = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 5} for group in groups]}
    weighted["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 60}
    moved = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "StatusCode": "HTTP_301"}
    plain = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, Tags=TAGS,
        DefaultActions=[{"Type": "redirect", "Order": 1, "RedirectConfig": moved}],
    )["Listeners"][0]["ListenerArn"]
    elb.delete_listener(ListenerArn=plain)
    secure = elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": CERTIFICATES[0]}],
        DefaultActions=[{"Type": "forward", "ForwardConfig": weighted}],
    )["Listeners"][0]["ListenerArn"]
    elb.modify_listener(ListenerArn=secure, Port=8443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    elb.add_listener_certificates(ListenerArn=secure, Certificates=[{"CertificateArn": CERTIFICATES[1]}])
    elb.describe_listener_certificates(ListenerArn=secure)
    elb.remove_listener_certificates(ListenerArn=secure, Certificates=[{"CertificateArn": CERTIFICATES[1]}])
    attributes = [{"Key": "routing.http.response.server.enabled", "Value": "false"}]
    elb.modify_listener_attributes(ListenerArn=secure, Attributes=attributes)
    rules_of(elb, secure, groups)


def rules_of(elb, listener, groups):
    """Rules with every kind of condition; one is deleted."""
    config = {
        "path-pattern": {"Values": ["/a", "/b"]},
        "host-header": {"Values": ["a.example"]},
        "http-header": {"HttpHeaderName": "X-A", "Values": ["a"]},
        "http-request-method": {"Values": ["GET"]},
        "query-string": {"Values": [{"Key": "a", "Value": "b"}]},
        "source-ip": {"Values": ["10.0.0.0/8"]},
    }
    keys = {field: "".join(word.capitalize() for word in field.split("-")) + "Config" for field in config}
    answer = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"}
    made = []
    for priority, (field, settings) in enumerate(config.items(), 1):
        rule = elb.create_rule(
            ListenerArn=listener, Priority=priority, Conditions=[{"Field": field, keys[field]: settings}], Tags=TAGS,
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": answer}],
        )
        made.append(rule["Rules"][0]["RuleArn"])
    elb.modify_rule(RuleArn=made[0], Actions=[{"Type": "forward", "TargetGroupArn": groups[0]}])
    pairs = [{"RuleArn": made[0], "Priority": 2}, {"RuleArn": made[1], "Priority": 1}]
    elb.set_rule_priorities(RulePriorities=pairs)
    elb.describe_rules(RuleArns=made)
    elb.describe_tags(ResourceArns=[made[0], listener])
    elb.delete_rule(RuleArn=made[2])


def passing_balancer(elb, there):
    """A network load balancer with its group, made and deleted."""
    balancer = elb.create_load_balancer(Name="passing", Subnets=there["subnets"], Type="network")
    balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="passing", Protocol="TCP", Port=80, VpcId=there["vpc"], TargetType="ip")
    group = group["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=80, DefaultActions=forward)
    read_balancing(elb)
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    elb.delete_target_group(TargetGroupArn=group)


def read_balancing(elb):
    """The reading operations of ELBv2 that are not asked about every load balancer elsewhere."""
    elb.describe_account_limits(PageSize=10)
    elb.describe_ssl_policies()
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        elb.describe_load_balancer_attributes(LoadBalancerArn=arn)
        elb.describe_capacity_reservation(LoadBalancerArn=arn)
        for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            elb.describe_listener_attributes(ListenerArn=listener["ListenerArn"])
