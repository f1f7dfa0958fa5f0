//! Names and ids, each its own type, parsed once and never strings after.
//!
//! Names that people write are checked here (`parse`); names that AWS gives are taken as they are (`told`). The text is
//! shared by all clones: the same task stands in what was seen, what is watched and what is shown.

use std::fmt;
use std::sync::Arc;

use super::Invalid;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// As AWS told it, or as it was checked before; not checked again.
            pub fn told(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of a service table; part of the tag keys that carry its record.
    TableName
}
name! {
    /// The name of a row, unique in its table.
    RowName
}
name! {
    /// An AWS account: twelve digits.
    AccountId
}
name! {
    /// An AWS region, as `us-east-1`.
    Region
}
name! {
    /// An ECS cluster's ARN.
    ClusterArn
}
name! {
    /// An ECS service's ARN.
    ServiceArn
}
name! {
    /// A service deployment's ARN, by which one is stopped.
    ServiceDeploymentArn
}
name! {
    /// An ECS service's name, which is also the end of its tasks' group.
    ServiceName
}
name! {
    /// A task definition revision's ARN.
    TaskDefinitionArn
}
name! {
    /// A task definition family.
    Family
}
name! {
    /// A task's ARN.
    TaskArn
}
name! {
    /// A target group's ARN.
    TargetGroupArn
}
name! {
    /// A service deployment as `Service.deployments` and `Task.startedBy` name it: `ecs-svc/` and digits.
    DeploymentId
}
name! {
    /// A container's name within a task definition.
    ContainerName
}
name! {
    /// Sixteen hex digits that name a request for a rollout.
    RequestId
}

name! {
    /// Sixteen hex digits by which a command is known again to whoever gives it under the same key.
    CommandId
}

impl ServiceDeploymentArn {
    /// Its id, as people tell service deployments apart.
    pub fn short(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl TableName {
    /// A table name: 1 to 40 of lowercase letters, digits and dashes, a letter first.
    ///
    /// Forty, because it is part of a tag key (128 characters at most) and of every line of a log.
    ///
    /// # Errors
    /// Other characters, or too long.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        label(text, 40, "table name").map(Self::told)
    }
}

impl RowName {
    /// A row name: 1 to 24 of lowercase letters, digits and dashes, a letter first.
    ///
    /// # Errors
    /// Other characters, or too long.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        label(text, 24, "row name").map(Self::told)
    }
}

impl AccountId {
    /// Twelve digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            format!("`{text}` is not an AWS account id"),
            "write its twelve digits in quotes, as \"123456789012\"",
        ))
    }
}

impl Region {
    /// A region's code: `us-east-1`, `eu-central-2`, `us-gov-west-1`.
    ///
    /// # Errors
    /// Not of that form. An availability zone (`us-east-1a`) is told apart.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
        let zone =
            text.strip_suffix(|c: char| c.is_ascii_lowercase()).filter(|t| t.ends_with(|c: char| c.is_ascii_digit()));
        match parts.split_last() {
            Some((number, words))
                if (2..=3).contains(&words.len())
                    && words.iter().all(|part| word(part))
                    && number.len() == 1
                    && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(Invalid::new(
                format!("`{text}` is not an AWS region"),
                zone.map_or_else(
                    || "write its code, as us-east-1".to_owned(),
                    |region| format!("that is an availability zone; its region is {region}"),
                ),
            )),
        }
    }
}

impl ContainerName {
    /// A container name: 1 to 255 letters, digits, underscores and dashes.
    ///
    /// # Errors
    /// Other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits {
            return Ok(Self(text.into()));
        }
        Err(Invalid::new(
            format!("`{text}` is not a container name"),
            "use letters, digits, - and _, as in the task definition",
        ))
    }
}

impl ClusterArn {
    /// The ARN of a task of this cluster.
    pub fn task(&self, id: &str) -> TaskArn {
        TaskArn::told(format!("{}/{id}", self.0.replacen(":cluster/", ":task/", 1)))
    }

    /// The cluster's short name: what follows the last slash.
    pub fn name(&self) -> &str {
        last_part(&self.0)
    }
}

impl TaskArn {
    /// The task's 32 hex digits: what follows the last slash.
    pub fn id(&self) -> &str {
        last_part(&self.0)
    }
}

impl TargetGroupArn {
    /// The target group's name, out of `…:targetgroup/NAME/ID`.
    pub fn name(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or(&self.0)
    }
}

impl TaskDefinitionArn {
    /// `family:revision`, out of the ARN.
    pub fn short(&self) -> &str {
        last_part(&self.0)
    }

    /// The family, out of the ARN.
    pub fn family(&self) -> Family {
        Family::told(self.short().split(':').next().unwrap_or(self.short()))
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn label(text: &str, most: usize, what: &str) -> Result<String, Invalid> {
    let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if letters && starts && text.len() <= most && !text.ends_with('-') {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        format!("`{text}` is not a {what}"),
        format!("use up to {most} lowercase letters, digits and dashes, a letter first"),
    ))
}

#[cfg(test)]
mod tests {
    use super::{AccountId, Region, RowName, TaskDefinitionArn};

    #[test]
    fn tells_a_zone_from_a_region() {
        assert!(Region::parse("us-gov-west-1").is_ok());
        assert!(Region::parse("us-east-1a").unwrap_err().hint.contains("its region is us-east-1"));
        assert!(Region::parse("virginia").is_err());
    }

    #[test]
    fn takes_only_twelve_digits_for_an_account() {
        assert!(AccountId::parse("123456789012").is_ok());
        assert!(AccountId::parse("12345678901").is_err());
    }

    #[test]
    fn keeps_row_names_plain() {
        assert!(RowName::parse("portal").is_ok());
        assert!(RowName::parse("Portal").is_err());
        assert!(RowName::parse("").is_err());
    }

    #[test]
    fn reads_family_and_revision_out_of_an_arn() {
        let arn = TaskDefinitionArn::told("arn:aws:ecs:us-east-1:123456789012:task-definition/web:3");
        assert_eq!(arn.short(), "web:3");
        assert_eq!(arn.family().as_str(), "web");
    }
}
