//! The AWS Query protocol, inwards: a form body becomes nested JSON.
//!
//! `LoadBalancerArns.member.1=a` becomes `{"LoadBalancerArns": ["a"]}`. All leaves are strings; which of them are
//! numbers is known to the operation only. An empty list is sent as an empty string, and stays one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::simulator::error::ApiError;

/// Names are nested this deep at most (AWS's own reach six); deeper ones would only be there to exhaust the stack.
const MAX_DEPTH: usize = 16;

/// Decodes `a=b&c.member.1=d`.
///
/// # Errors
/// `MalformedQueryString` for names that are nested too deep or contradict each other.
pub(super) fn nested(form: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let mut root = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        let path: Vec<&str> = name.split('.').collect();
        if path.len() > MAX_DEPTH {
            return Err(malformed(&name));
        }
        insert(&mut root, &path, &value).ok_or_else(|| malformed(&name))?;
    }
    Ok(root.into_iter().map(|(name, node)| (name, node.into_json())).collect())
}

/// The same for EC2, where `Filter.1.Value.1=a` is `{"Filter": [{"Value": ["a"]}]}`: an object whose members all have
/// numbers for names is a list.
pub(super) fn numbered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let number = |name: &String| name.parse::<u32>();
            if !members.is_empty() && members.keys().all(|name| number(name).is_ok()) {
                let mut items: Vec<(u32, Value)> = members
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.parse().ok()?, numbered(value))))
                    .collect();
                items.sort_by_key(|(index, _)| *index);
                return Value::Array(items.into_iter().map(|(_, value)| value).collect());
            }
            Value::Object(members.into_iter().map(|(name, value)| (name, numbered(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(numbered).collect()),
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => leaf,
    }
}

enum Node {
    Leaf(String),
    Branch(BTreeMap<String, Node>),
}

impl Node {
    fn into_json(self) -> Value {
        match self {
            Node::Leaf(text) => Value::String(text),
            Node::Branch(mut children) => match list(&mut children) {
                Some(items) => Value::Array(items.into_values().map(Node::into_json).collect()),
                None => Value::Object(children.into_iter().map(|(name, node)| (name, node.into_json())).collect()),
            },
        }
    }
}

/// The items of a branch that is a list: its only child is `member`, whose children are all numbers.
fn list(children: &mut BTreeMap<String, Node>) -> Option<BTreeMap<u32, Node>> {
    let Some(Node::Branch(members)) = children.get("member") else {
        return None;
    };
    if children.len() > 1 || !members.keys().all(|index| index.parse::<u32>().is_ok()) {
        return None;
    }
    let Some(Node::Branch(members)) = children.remove("member") else {
        return None;
    };
    Some(members.into_iter().filter_map(|(index, node)| Some((index.parse().ok()?, node))).collect())
}

/// `None` if a name is both a leaf and a branch, or is given twice.
fn insert(branch: &mut BTreeMap<String, Node>, path: &[&str], value: &str) -> Option<()> {
    let (name, rest) = path.split_first()?;
    if rest.is_empty() {
        let before = branch.insert((*name).to_owned(), Node::Leaf(value.to_owned()));
        return before.is_none().then_some(());
    }
    match branch.entry((*name).to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new())) {
        Node::Branch(children) => insert(children, rest, value),
        Node::Leaf(_) => None,
    }
}

fn malformed(name: &str) -> ApiError {
    let shown: String = name.chars().take(80).collect();
    ApiError::client("MalformedQueryString", format!("The parameter {shown} is not well formed"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(form: &str, expect: Value) {
        assert_eq!(nested(form.as_bytes()).map(Value::Object).unwrap(), expect);
    }

    #[test]
    fn nests_members_in_their_order() {
        check("Names.member.2=b&Names.member.10=c&Names.member.1=a", json!({"Names": ["a", "b", "c"]}));
        check(
            "Targets.member.1.Id=10.0.0.1&Targets.member.1.Port=80&TargetGroupArn=arn%3Aaws",
            json!({"TargetGroupArn": "arn:aws", "Targets": [{"Id": "10.0.0.1", "Port": "80"}]}),
        );
        check("Matcher.HttpCode=200-299&Names=", json!({"Matcher": {"HttpCode": "200-299"}, "Names": ""}));
        check("", json!({}));
        check("A=b+c%26d", json!({"A": "b c&d"}));
    }

    #[test]
    fn numbers_make_lists_for_ec2() {
        let nested = nested(b"Filter.1.Name=vpc-id&Filter.1.Value.10=b&Filter.1.Value.2=a&VpcId=vpc-1").unwrap();
        let expect = json!({"Filter": [{"Name": "vpc-id", "Value": ["a", "b"]}], "VpcId": "vpc-1"});
        assert_eq!(numbered(Value::Object(nested)), expect);
    }

    #[test]
    fn takes_member_for_a_name_where_it_is_no_list() {
        check("A.member.x=1", json!({"A": {"member": {"x": "1"}}}));
        check("A.member=1", json!({"A": {"member": "1"}}));
    }

    #[test]
    fn refuses_contradictions_and_depth() {
        let deep = vec!["a"; 100_000].join(".");
        for form in ["A=1&A.B=2", "A.B=2&A=1", "A=1&A=2", deep.as_str()] {
            assert_eq!(nested(form.as_bytes()).unwrap_err().code, "MalformedQueryString");
        }
    }
}
