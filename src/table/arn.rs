//! ARNs that were written where a name belongs.
//!
//! Only tells what an ARN names, so that a message can say what to write; the model has ARNs of its own.

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// An ECS cluster.
    Cluster,
    /// An ECS service.
    Service,
    /// A task definition revision.
    TaskDefinition,
    /// A target group.
    TargetGroup,
    /// A resource that no selector finds.
    Other,
}

/// An ARN's resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'text> {
    /// What it names.
    pub(super) named: Named,
    /// The resource's name, without ids and revision.
    pub(super) name: &'text str,
}

impl Named {
    /// With its article, for a message.
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Cluster => "a cluster",
            Self::Service => "a service",
            Self::TaskDefinition => "a task definition",
            Self::TargetGroup => "a target group",
            Self::Other => "another kind of resource",
        }
    }
}

/// The resource of an ARN `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; `None` if a part is missing.
pub(super) fn read(text: &str) -> Option<Arn<'_>> {
    let mut parts = text.splitn(6, ':');
    let (_, _, service) = (parts.next().filter(|arn| *arn == "arn")?, parts.next()?, parts.next()?);
    let (_, _, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let path: Vec<&str> = resource.split('/').collect();
    let (named, name) = match (service, path.as_slice()) {
        ("ecs", ["cluster", name]) => (Named::Cluster, *name),
        ("ecs", ["service", name] | ["service", _, name]) => (Named::Service, *name),
        ("ecs", ["task-definition", family]) => (Named::TaskDefinition, family.split(':').next().unwrap_or(family)),
        ("elasticloadbalancing", ["targetgroup", name, _]) => (Named::TargetGroup, *name),
        (_, path) => (Named::Other, path.last().copied().unwrap_or(resource)),
    };
    (!name.is_empty()).then_some(Arn { named, name })
}

#[cfg(test)]
mod tests {
    use super::{Named, read};

    #[track_caller]
    fn check(text: &str, named: Named, name: &str) {
        let arn = read(text).expect("a whole ARN");
        assert_eq!((arn.named, arn.name), (named, name), "{text}");
    }

    #[test]
    fn tells_resources_apart() {
        check("arn:aws:ecs:us-east-1:123456789012:cluster/main", Named::Cluster, "main");
        check("arn:aws:ecs:us-east-1:123456789012:service/main/web", Named::Service, "web");
        check("arn:aws:ecs:us-east-1:123456789012:service/web", Named::Service, "web");
        check("arn:aws:ecs:us-east-1:123456789012:task-definition/web:3", Named::TaskDefinition, "web");
        let group =
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/TargetGroupPortal/0123456789abcdef";
        check(group, Named::TargetGroup, "TargetGroupPortal");
        check("arn:aws:iam::123456789012:role/main", Named::Other, "main");
        assert_eq!(read("arn:aws:ecs:us-east-1:cluster/main"), None);
        assert_eq!(read("arn:aws:ecs:us-east-1:123456789012:cluster/"), None);
    }
}
