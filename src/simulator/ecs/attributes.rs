//! PutAttributes, ListAttributes and DeleteAttributes: what is said about container instances.
//!
//! Owns the operations and their limits. Attributes are kept with the instance; nothing places tasks by them.
//!
//! Divergence from AWS: an attribute without target goes to every instance of the cluster; the texts are assumed.

use serde_json::{Value, json};

use super::container_instance::{ContainerInstance, InstanceKey};
use super::input::{Input, invalid};
use super::paging::page;
use super::state::{Ecs, Scene, at_most};
use crate::simulator::error::ApiError;

/// Most attributes of one instance that are not ECS's own. Documented.
const MOST: usize = 10;

impl Ecs {
    /// PutAttributes.
    pub(super) fn put_attributes(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let mut put = Vec::new();
        for (attribute, keys) in self.targets(input)? {
            for key in keys {
                let instance = self.instances.get_mut(&key).expect("targets are instances that exist");
                let name = attribute.required("name")?.to_owned();
                let value = attribute.text("value")?.map(str::to_owned);
                let own = instance.attributes.keys().filter(|known| !known.starts_with("ecs.") && **known != name);
                if own.count() >= MOST {
                    let message = format!("A resource can have at most {MOST} attributes.");
                    return Err(ApiError::client("AttributeLimitExceededException", message));
                }
                put.push(show(scene, instance, &name, value.as_deref()));
                instance.attributes.insert(name, value);
            }
        }
        Ok(json!({ "attributes": put }))
    }

    /// DeleteAttributes: those of that name, and of that value if one is given.
    pub(super) fn delete_attributes(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let mut deleted = Vec::new();
        for (attribute, keys) in self.targets(input)? {
            for key in keys {
                let instance = self.instances.get_mut(&key).expect("targets are instances that exist");
                let (name, value) = (attribute.required("name")?, attribute.text("value")?);
                let matches = |had: &Option<String>| value.is_none() || had.as_deref() == value;
                let had = instance.attributes.get(name).filter(|had| matches(had)).cloned();
                if let Some(had) = had {
                    instance.attributes.remove(name);
                    deleted.push(show(scene, instance, name, had.as_deref()));
                }
            }
        }
        Ok(json!({ "attributes": deleted }))
    }

    /// ListAttributes.
    pub(super) fn list_attributes(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        input.must_have("targetType")?;
        input.word("targetType", &["container-instance"])?;
        let (name, value) = (input.text("attributeName")?, input.text("attributeValue")?);
        let mut found = std::collections::BTreeMap::new();
        for instance in self.instances.values().filter(|instance| instance.cluster == cluster) {
            for (known, has) in &instance.attributes {
                let named = name.is_none_or(|name| name == known);
                if named && value.is_none_or(|value| has.as_deref() == Some(value)) {
                    let key = format!("{}/{known}", instance.id);
                    found.insert(key, show(scene, instance, known, has.as_deref()));
                }
            }
        }
        let keys: Vec<String> = found.keys().cloned().collect();
        let mut answer = page("attributes", &keys, input, 100)?;
        if let Some(given) = answer["attributes"].as_array_mut() {
            given.iter_mut().for_each(|key| *key = found[key.as_str().unwrap_or_default()].clone());
        }
        Ok(answer)
    }

    /// Each attribute of the request with the instances that it is about.
    fn targets<'a>(&self, input: Input<'a>) -> Result<Vec<(Input<'a>, Vec<InstanceKey>)>, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let attributes = input.items("attributes")?;
        if attributes.is_empty() {
            return Err(invalid("Attributes cannot be empty."));
        }
        at_most(MOST, "attributes", attributes.len())?;
        let mut targets = Vec::new();
        for attribute in attributes {
            let attribute = Input(attribute);
            attribute.required("name")?;
            attribute.word("targetType", &["container-instance"])?;
            let keys = match attribute.text("targetId")? {
                Some(target) => {
                    let id = self.named_in("container-instance", &cluster, target).unwrap_or_default();
                    let key = (cluster.clone(), id.to_owned());
                    if !self.instances.contains_key(&key) {
                        let message = format!("The specified target {target} was not found.");
                        return Err(ApiError::client("TargetNotFoundException", message));
                    }
                    vec![key]
                }
                None => self.instances.keys().filter(|(of, _)| *of == cluster).cloned().collect(),
            };
            targets.push((attribute, keys));
        }
        Ok(targets)
    }
}

fn show(scene: &Scene<'_>, instance: &ContainerInstance, name: &str, value: Option<&str>) -> Value {
    let target = scene.place.container_instance(&instance.cluster, &instance.id);
    let mut shown = json!({"name": name, "targetId": target, "targetType": "container-instance"});
    if let Some(value) = value {
        shown["value"] = json!(value);
    }
    shown
}
