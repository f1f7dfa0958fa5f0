//! Account settings: what an account or one of its principals has opted into.
//!
//! Owns the names, their legal values and defaults, and the operations on them. `containerInsights` is what a new
//! cluster begins with; nothing else of the simulated ECS asks.
//!
//! Divergence from AWS: ARNs keep their long form whatever the settings of ARN formats say; every caller is the same
//! principal unless a request names one; the texts are assumed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::{Input, invalid};
use super::paging::page;
use super::state::{Ecs, Scene};
use crate::simulator::arn::Place;
use crate::simulator::error::ApiError;

/// A setting: its name, its default, and what it can be.
type Setting = (&'static str, &'static str, &'static [&'static str]);

const SWITCH: &[&str] = &["enabled", "disabled", "on", "off"];

/// Every setting that there is, by name. Source: PutAccountSetting in the API reference.
const SETTINGS: [Setting; 11] = [
    ("awsvpcTrunking", "disabled", SWITCH),
    ("containerInsights", "disabled", &["enabled", "disabled", "enhanced"]),
    ("containerInstanceLongArnFormat", "enabled", SWITCH),
    ("defaultLogDriverMode", "non-blocking", &["blocking", "non-blocking"]),
    ("fargateEventWindows", "disabled", SWITCH),
    ("fargateFIPSMode", "disabled", SWITCH),
    ("fargateTaskRetirementWaitPeriod", "7", &["0", "7", "14"]),
    ("guardDutyActivate", "off", SWITCH),
    ("serviceLongArnFormat", "enabled", SWITCH),
    ("tagResourceAuthorization", "on", SWITCH),
    ("taskLongArnFormat", "enabled", SWITCH),
];

/// The setting that only AWS's own services change.
const AWS_MANAGED: &str = "guardDutyActivate";

/// What was set, by principal and name, and for all principals that set nothing.
#[derive(Clone, Default, Debug)]
pub(super) struct AccountSettings {
    by_principal: BTreeMap<(String, String), String>,
    defaults: BTreeMap<String, String>,
}

impl AccountSettings {
    /// What is in force for whoever calls.
    pub(super) fn effective(&self, place: &Place, name: &str) -> &str {
        let own = self.by_principal.get(&(caller(place), name.to_owned()));
        own.or_else(|| self.defaults.get(name)).map_or_else(|| default_of(name), String::as_str)
    }
}

impl Ecs {
    /// PutAccountSetting: for the caller, or for the principal that is named; for the root user it is the default.
    pub(super) fn put_account_setting(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let (name, value) = read_setting(input)?;
        let principal = principal(scene.place, input)?;
        if principal == root(scene.place) {
            self.account_settings.defaults.insert(name.to_owned(), value.to_owned());
        } else {
            let key = (principal.clone(), name.to_owned());
            self.account_settings.by_principal.insert(key, value.to_owned());
        }
        Ok(json!({ "setting": show(name, value, &principal) }))
    }

    /// PutAccountSettingDefault: for everybody who has set nothing.
    pub(super) fn put_account_setting_default(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let (name, value) = read_setting(input)?;
        self.account_settings.defaults.insert(name.to_owned(), value.to_owned());
        Ok(json!({ "setting": show(name, value, &root(scene.place)) }))
    }

    /// DeleteAccountSetting: back to the default.
    pub(super) fn delete_account_setting(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let (name, ..) = known(input.required("name")?)?;
        let principal = principal(scene.place, input)?;
        if principal == root(scene.place) {
            self.account_settings.defaults.remove(*name);
        } else {
            self.account_settings.by_principal.remove(&(principal.clone(), (*name).to_owned()));
        }
        let value = self.account_settings.effective(scene.place, name);
        Ok(json!({ "setting": show(name, value, &principal) }))
    }

    /// ListAccountSettings: what was set, or with `effectiveSettings` all that is in force.
    pub(super) fn list_account_settings(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let asked = input.text("name")?.map(known).transpose()?.map(|(name, ..)| *name);
        let value = input.text("value")?;
        let effective = input.flag("effectiveSettings")?;
        let principal = principal(scene.place, input)?;
        let settings = &self.account_settings;
        let mut found = BTreeMap::new();
        for (name, ..) in SETTINGS.iter().filter(|(name, ..)| asked.is_none_or(|asked| asked == *name)) {
            let own = settings.by_principal.get(&(principal.clone(), (*name).to_owned()));
            let shown = match (own, settings.defaults.get(*name)) {
                (Some(own), _) => Some((own.as_str(), principal.clone())),
                (None, Some(default)) => Some((default.as_str(), root(scene.place))),
                (None, None) => effective.then(|| (default_of(name), principal.clone())),
            };
            if let Some((is, whose)) = shown.filter(|(is, _)| value.is_none_or(|value| value == *is)) {
                found.insert((*name).to_owned(), show(name, is, &whose));
            }
        }
        let names: Vec<String> = found.keys().cloned().collect();
        let mut answer = page("settings", &names, input, 10)?;
        if let Some(given) = answer["settings"].as_array_mut() {
            given.iter_mut().for_each(|name| *name = found[name.as_str().unwrap_or_default()].clone());
        }
        Ok(answer)
    }
}

fn known(name: &str) -> Result<&'static Setting, ApiError> {
    let found = SETTINGS.iter().find(|(known, ..)| *known == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = SETTINGS.iter().map(|(name, ..)| *name).collect();
        invalid(format!("{name} should be one of [{}]", names.join(",")))
    })
}

fn default_of(name: &str) -> &'static str {
    SETTINGS.iter().find(|(known, ..)| *known == name).map_or("disabled", |(_, default, _)| default)
}

fn read_setting<'a>(input: Input<'a>) -> Result<(&'static str, &'a str), ApiError> {
    let (name, _, values) = known(input.required("name")?)?;
    let value = input.required("value")?;
    if !values.contains(&value) {
        return Err(invalid(format!("value should be one of [{}]", values.join(","))));
    }
    Ok((name, value))
}

fn principal(place: &Place, input: Input<'_>) -> Result<String, ApiError> {
    let given = input.text("principalArn")?.filter(|arn| !arn.is_empty());
    if given.is_some_and(|arn| !arn.starts_with("arn:")) {
        return Err(invalid("Invalid principalArn."));
    }
    Ok(given.map_or_else(|| caller(place), str::to_owned))
}

fn caller(place: &Place) -> String {
    format!("arn:aws:iam::{}:user/simulator", place.account)
}

fn root(place: &Place) -> String {
    format!("arn:aws:iam::{}:root", place.account)
}

fn show(name: &str, value: &str, principal: &str) -> Value {
    let kind = if name == AWS_MANAGED { "aws_managed" } else { "user" };
    json!({"name": name, "value": value, "principalArn": principal, "type": kind})
}
