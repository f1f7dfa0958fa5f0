//! The rules of security groups: read from requests, told apart, and shown.
//!
//! Owns the two ways in which AWS shows them: one by one, and gathered by protocol and ports. Enforces nothing.

use serde_json::{Value, json};

use crate::simulator::ec2::input::{invalid, items, text, whole};
use crate::simulator::error::ApiError;

/// From and to; none where the protocol has no ports, or all of them are meant.
type Ports = Option<(i64, i64)>;

/// Who may come in, or be reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Peer {
    Ipv4(String),
    Ipv6(String),
    Group { id: String, account: String },
    Prefixes(String),
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Permission {
    /// `sgr-…`; empty until it is part of a group.
    pub(super) id: String,
    pub(super) protocol: String,
    pub(super) ports: Ports,
    pub(super) peer: Peer,
    pub(super) description: Option<String>,
}

impl Permission {
    pub(super) fn to_everywhere() -> Permission {
        Permission::all(Peer::Ipv4("0.0.0.0/0".to_owned()))
    }

    pub(super) fn from_group(group: &str, account: &str) -> Permission {
        Permission::all(Peer::Group { id: group.to_owned(), account: account.to_owned() })
    }

    fn all(peer: Peer) -> Permission {
        Permission { id: String::new(), protocol: "-1".to_owned(), ports: None, peer, description: None }
    }

    /// Whether it allows the same, whatever it is called.
    pub(super) fn is_same(&self, other: &Permission) -> bool {
        self.protocol == other.protocol && self.ports == other.ports && self.peer == other.peer
    }

    /// One item of `securityGroupRuleSet`.
    pub(super) fn render(&self, group: &str, account: &str, egress: bool) -> Value {
        let Permission { id, protocol, ports, peer, description } = self;
        let (from, to) = ports.unwrap_or((-1, -1));
        let mut rule = json!({
            "securityGroupRuleId": id, "groupId": group, "groupOwnerId": account, "isEgress": egress,
            "ipProtocol": protocol, "fromPort": from, "toPort": to, "description": description, "tagSet": [],
        });
        match peer {
            Peer::Ipv4(cidr) => rule["cidrIpv4"] = json!(cidr),
            Peer::Ipv6(cidr) => rule["cidrIpv6"] = json!(cidr),
            Peer::Group { id, account } => rule["referencedGroupInfo"] = json!({"groupId": id, "userId": account}),
            Peer::Prefixes(id) => rule["prefixListId"] = json!(id),
        }
        rule
    }
}

/// The rules that a request is about: `IpPermissions`, or the older members at the top.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue`, `InvalidPermission.Malformed`.
pub(super) fn read(input: &Value, account: &str) -> Result<Vec<Permission>, ApiError> {
    let mut rules = Vec::new();
    for permission in items(input, "IpPermissions") {
        rules.extend(read_one(permission, account)?);
    }
    if let Some(cidr) = text(input, "CidrIp") {
        let (protocol, ports) = protocol_and_ports(input)?;
        rules.push(Permission {
            id: String::new(),
            protocol,
            ports,
            peer: Peer::Ipv4(valid(cidr)?),
            description: None,
        });
    } else if let Some(name) = text(input, "SourceSecurityGroupName") {
        rules.push(Permission::from_group(name, account));
    }
    if rules.is_empty() {
        let message = "The request must contain the parameter ipPermissions";
        return Err(ApiError::client("MissingParameter", message));
    }
    Ok(rules)
}

/// Rules as AWS shows them in a group: gathered by protocol and ports.
pub(super) fn gathered(rules: &[Permission]) -> Value {
    let mut shown: Vec<(&str, Ports, Vec<&Permission>)> = Vec::new();
    for rule in rules {
        match shown.iter_mut().find(|(protocol, ports, _)| *protocol == rule.protocol && *ports == rule.ports) {
            Some((_, _, there)) => there.push(rule),
            None => shown.push((&rule.protocol, rule.ports, vec![rule])),
        }
    }
    shown.into_iter().map(|(protocol, ports, rules)| one_gathered(protocol, ports, &rules)).collect()
}

fn one_gathered(protocol: &str, ports: Ports, rules: &[&Permission]) -> Value {
    let (mut ipv4, mut ipv6, mut groups, mut prefixes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Permission { description, peer, .. } in rules {
        match peer {
            Peer::Ipv4(cidr) => ipv4.push(json!({"cidrIp": cidr, "description": description})),
            Peer::Ipv6(cidr) => ipv6.push(json!({"cidrIpv6": cidr, "description": description})),
            Peer::Group { id, account } => {
                groups.push(json!({"groupId": id, "userId": account, "description": description}));
            }
            Peer::Prefixes(id) => prefixes.push(json!({"prefixListId": id, "description": description})),
        }
    }
    let (from, to) = (ports.map(|(from, _)| from), ports.map(|(_, to)| to));
    json!({
        "ipProtocol": protocol, "fromPort": from, "toPort": to, "ipRanges": ipv4, "ipv6Ranges": ipv6, "groups": groups,
        "prefixListIds": prefixes,
    })
}

fn read_one(permission: &Value, account: &str) -> Result<Vec<Permission>, ApiError> {
    let (protocol, ports) = protocol_and_ports(permission)?;
    let mut peers = Vec::new();
    for range in items(permission, "IpRanges") {
        peers.push((Peer::Ipv4(valid(text(range, "CidrIp").unwrap_or_default())?), range));
    }
    for range in items(permission, "Ipv6Ranges") {
        peers.push((Peer::Ipv6(text(range, "CidrIpv6").unwrap_or_default().to_owned()), range));
    }
    for group in items(permission, "Groups") {
        let id = text(group, "GroupId").or(text(group, "GroupName")).unwrap_or_default().to_owned();
        let account = text(group, "UserId").unwrap_or(account).to_owned();
        peers.push((Peer::Group { id, account }, group));
    }
    for list in items(permission, "PrefixListIds") {
        peers.push((Peer::Prefixes(text(list, "PrefixListId").unwrap_or_default().to_owned()), list));
    }
    let rule = |(peer, given): (Peer, &Value)| Permission {
        id: String::new(),
        protocol: protocol.clone(),
        ports,
        peer,
        description: text(given, "Description").map(str::to_owned),
    };
    Ok(peers.into_iter().map(rule).collect())
}

fn protocol_and_ports(permission: &Value) -> Result<(String, Ports), ApiError> {
    let Some(given) = text(permission, "IpProtocol") else {
        return Err(ApiError::client("MissingParameter", "The request must contain the parameter ipProtocol"));
    };
    let protocol = match given {
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        "all" => "-1",
        other => other,
    };
    let bounds = (-1, i64::from(u16::MAX));
    let (from, to) = (whole(permission, "FromPort", bounds)?, whole(permission, "ToPort", bounds)?);
    let ports = match (protocol, from, to) {
        ("-1", _, _) | (_, None, None) => None,
        (_, from, to) => Some((from.or(to).unwrap_or(-1), to.or(from).unwrap_or(-1))),
    };
    if let ("tcp" | "udp", Some((from, to))) = (protocol, ports)
        && from > to
    {
        return Err(invalid(format!("Invalid TCP/UDP port range ({from}:{to})")));
    }
    Ok((protocol.to_owned(), ports))
}

fn valid(cidr: &str) -> Result<String, ApiError> {
    match super::cidr::Cidr::parse(cidr) {
        Some(read) => Ok(read.to_string()),
        None => Err(invalid(format!("CIDR block {cidr} is malformed"))),
    }
}
