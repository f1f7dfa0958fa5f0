//! The actions of listeners and rules: read, checked, and completed as AWS shows them.
//!
//! Owns what makes a list of actions right: types, their settings, the target groups that must be there, and that one
//! of forward, redirect and fixed-response comes last. What follows for target groups is in `links`.

use serde_json::{Map, Value, json};

use crate::simulator::elb::create::forward;
use crate::simulator::elb::input::{invalid, items, length, number, required, text};
use crate::simulator::elb::links::target_groups;
use crate::simulator::elb::shape::{Kind, TargetKind};
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;

const TYPES: [&str; 6] =
    ["forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response", "jwt-validation"];

const CONTENT_TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];

/// A forward action shares its requests among so many target groups.
const MAX_GROUPS: usize = 5;

/// Where actions belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// ARN.
    pub(super) load_balancer: &'a str,
    pub(super) kind: Kind,
    pub(super) protocol: Option<&'a str>,
}

impl Elb {
    /// The actions under `key`, as AWS shows them.
    ///
    /// # Errors
    /// `ValidationError`, `InvalidLoadBalancerAction`, `TooManyActions`, `TargetGroupNotFound`,
    /// `TargetGroupAssociationLimit`, `IncompatibleProtocols`.
    pub(super) fn read_actions(&self, input: &Value, key: &str, place: Place<'_>) -> Result<Vec<Value>, ApiError> {
        let mut ordered = Vec::new();
        for (index, action) in items(input, key).iter().enumerate() {
            let default = i64::try_from(index + 1).unwrap_or(i64::MAX);
            let order = number(action, "Order", (1, 50_000), default)?;
            let mut shown = self.read_action(action)?;
            if text(action, "Order").is_some() {
                shown["Order"] = json!(order);
            }
            ordered.push((order, shown));
        }
        ordered.sort_by_key(|(order, _)| *order);
        let actions: Vec<Value> = ordered.into_iter().map(|(_, action)| action).collect();
        one_at_the_end(&actions, place)?;
        for target_group in target_groups(&actions) {
            self.may_forward(&target_group, place)?;
        }
        Ok(actions)
    }

    fn read_action(&self, action: &Value) -> Result<Value, ApiError> {
        let kind = required(action, "Type")?;
        let shown = match kind {
            "forward" => self.read_forward(action)?,
            "redirect" => json!({"RedirectConfig": redirect(settings(action, "RedirectConfig", kind)?)?}),
            "fixed-response" => {
                json!({"FixedResponseConfig": fixed_response(settings(action, "FixedResponseConfig", kind)?)?})
            }
            "authenticate-cognito" => {
                let given = settings(action, "AuthenticateCognitoConfig", kind)?;
                json!({"AuthenticateCognitoConfig": authenticate(given, &["UserPoolArn", "UserPoolClientId", "UserPoolDomain"])?})
            }
            "authenticate-oidc" => {
                let given = settings(action, "AuthenticateOidcConfig", kind)?;
                let needed = ["Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint", "ClientId"];
                json!({"AuthenticateOidcConfig": authenticate(given, &needed)?})
            }
            "jwt-validation" => {
                let given = settings(action, "JwtValidationConfig", kind)?;
                required(given, "JwksEndpoint")?;
                required(given, "Issuer")?;
                json!({ "JwtValidationConfig": given })
            }
            other => {
                return Err(invalid(format!(
                    "1 validation error detected: Value '{other}' at 'actions.1.member.type' failed to satisfy \
                     constraint: Member must satisfy enum value set: [{}]",
                    TYPES.join(", ")
                )));
            }
        };
        let Value::Object(mut shown) = shown else {
            return Ok(shown);
        };
        shown.insert("Type".to_owned(), json!(kind));
        Ok(Value::Object(shown))
    }

    fn read_forward(&self, action: &Value) -> Result<Value, ApiError> {
        let config = action.get("ForwardConfig").filter(|config| config.is_object());
        let tuples = config.map_or(&[][..], |config| items(config, "TargetGroups"));
        if tuples.is_empty() {
            let Some(arn) = text(action, "TargetGroupArn") else {
                return Err(invalid("A target group ARN must be specified"));
            };
            self.known_target_group(arn)?;
            return Ok(forward(arn));
        }
        if tuples.len() > MAX_GROUPS {
            let message = format!("A forward action can have at most '{MAX_GROUPS}' target groups");
            return Err(ApiError::client("TooManyUniqueTargetGroupsPerLoadBalancer", message));
        }
        let mut shown = Vec::new();
        for tuple in tuples {
            let arn = required(tuple, "TargetGroupArn")?;
            self.known_target_group(arn)?;
            shown.push(json!({"TargetGroupArn": arn, "Weight": number(tuple, "Weight", (0, 999), 1)?}));
        }
        let sticky = config.and_then(|config| config.get("TargetGroupStickinessConfig"));
        let enabled = sticky.and_then(|sticky| text(sticky, "Enabled")) == Some("true");
        let mut stickiness = json!({"Enabled": enabled});
        if let Some(sticky) = sticky.filter(|sticky| text(sticky, "DurationSeconds").is_some()) {
            stickiness["DurationSeconds"] = json!(number(sticky, "DurationSeconds", (1, 604_800), 3600)?);
        }
        let only = (shown.len() == 1).then(|| shown[0]["TargetGroupArn"].clone());
        Ok(json!({
            "TargetGroupArn": only,
            "ForwardConfig": {"TargetGroups": shown, "TargetGroupStickinessConfig": stickiness},
        }))
    }

    fn known_target_group(&self, arn: &str) -> Result<(), ApiError> {
        match self.target_groups.contains_key(arn) {
            true => Ok(()),
            false => Err(ApiError::client("TargetGroupNotFound", format!("Target group '{arn}' not found"))),
        }
    }

    /// A target group serves one load balancer, and speaks what that one speaks.
    fn may_forward(&self, target_group: &str, place: Place<'_>) -> Result<(), ApiError> {
        let group = self.target_group(target_group)?;
        if self.load_balancers_of(target_group).into_iter().any(|other| other != place.load_balancer) {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {target_group}"
            );
            return Err(ApiError::client("TargetGroupAssociationLimit", message));
        }
        let fits = match (place.kind, group.protocol.as_deref()) {
            (Kind::Application, protocol) => {
                group.kind == TargetKind::Lambda || matches!(protocol, Some("HTTP" | "HTTPS"))
            }
            (Kind::Network, protocol) => !matches!(protocol, Some("HTTP" | "HTTPS" | "GENEVE") | None),
            (Kind::Gateway, protocol) => protocol == Some("GENEVE"),
        };
        if fits {
            return Ok(());
        }
        let protocol = group.protocol.as_deref().unwrap_or("none");
        Err(ApiError::client(
            "IncompatibleProtocols",
            format!(
                "Target group '{target_group}' with protocol '{protocol}' cannot be used by {} load balancers",
                place.kind.name()
            ),
        ))
    }
}

/// Of forward, redirect and fixed-response there is exactly one, and it is the last; others need HTTPS.
fn one_at_the_end(actions: &[Value], place: Place<'_>) -> Result<(), ApiError> {
    let ends = |action: &Value| matches!(text(action, "Type"), Some("forward" | "redirect" | "fixed-response"));
    let refuse = |message: &str| Err(ApiError::client("InvalidLoadBalancerAction", message));
    let Some(last) = actions.last() else {
        return Err(invalid("An action must be specified"));
    };
    if actions.iter().filter(|action| ends(action)).count() > 1 {
        return Err(ApiError::client(
            "TooManyActions",
            "A rule can have at most one action of the types forward, redirect and fixed-response",
        ));
    }
    if !ends(last) {
        return refuse("The last action must be of type forward, redirect or fixed-response");
    }
    if actions.len() > 1 && place.protocol != Some("HTTPS") {
        return refuse("Actions of type authenticate-oidc and authenticate-cognito are for HTTPS listeners only");
    }
    if place.kind != Kind::Application && text(last, "Type") != Some("forward") {
        return refuse("Listeners of this load balancer can have forward actions only");
    }
    Ok(())
}

fn settings<'a>(action: &'a Value, key: &str, kind: &str) -> Result<&'a Value, ApiError> {
    let missing =
        || ApiError::client("InvalidLoadBalancerAction", format!("A '{key}' must be specified with '{kind}' actions"));
    action.get(key).filter(|given| given.is_object()).ok_or_else(missing)
}

fn redirect(given: &Value) -> Result<Value, ApiError> {
    let code = required(given, "StatusCode")?;
    if !["HTTP_301", "HTTP_302"].contains(&code) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{code}' at 'redirectConfig.statusCode' failed to satisfy constraint: \
             Member must satisfy enum value set: [HTTP_301, HTTP_302]"
        )));
    }
    length(given, "Host", 128)?;
    length(given, "Path", 128)?;
    let mut shown = Map::new();
    for (key, default) in [
        ("Protocol", "#{protocol}"),
        ("Port", "#{port}"),
        ("Host", "#{host}"),
        ("Path", "/#{path}"),
        ("Query", "#{query}"),
    ] {
        shown.insert(key.to_owned(), json!(text(given, key).unwrap_or(default)));
    }
    let changes = ["Protocol", "Port", "Host", "Path"].iter().any(|key| text(given, key).is_some());
    if !changes {
        return Err(ApiError::client(
            "InvalidLoadBalancerAction",
            "The redirect configuration is not valid because it creates a loop.",
        ));
    }
    shown.insert("StatusCode".to_owned(), json!(code));
    Ok(Value::Object(shown))
}

fn fixed_response(given: &Value) -> Result<Value, ApiError> {
    let code = required(given, "StatusCode")?;
    let digits = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !code.starts_with(['2', '4', '5']) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{code}' at 'fixedResponseConfig.statusCode' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$"
        )));
    }
    let content_type = text(given, "ContentType");
    if let Some(content_type) = content_type.filter(|content_type| !CONTENT_TYPES.contains(content_type)) {
        return Err(ApiError::client(
            "InvalidLoadBalancerAction",
            format!("The ContentType '{content_type}' must be one of: '{}'", CONTENT_TYPES.join("', '")),
        ));
    }
    let body = text(given, "MessageBody");
    if body.is_some_and(|body| body.chars().count() > 1024) {
        return Err(invalid("The message body is too long; the limit is '1024'"));
    }
    Ok(json!({"StatusCode": code, "ContentType": content_type, "MessageBody": body}))
}

/// What AWS fills in for both ways to authenticate. Secrets are never shown.
fn authenticate(given: &Value, needed: &[&str]) -> Result<Value, ApiError> {
    needed.iter().try_for_each(|key| required(given, key).map(|_| ()))?;
    let mut shown = given.as_object().cloned().unwrap_or_default();
    shown.remove("ClientSecret");
    for (key, default) in [
        ("SessionCookieName", json!("AWSELBAuthSessionCookie")),
        ("Scope", json!("openid")),
        ("SessionTimeout", json!(604_800)),
        ("OnUnauthenticatedRequest", json!("authenticate")),
    ] {
        shown.entry(key).or_insert(default);
    }
    // A map; the Query protocol has no way back for it here.
    shown.remove("AuthenticationRequestExtraParams");
    Ok(Value::Object(shown))
}
