//! A decoded API call: what is left of a request when protocol and signature are taken off.
//!
//! Every service sees its calls in this shape, whichever protocol they came in. Decoding belongs to `wire/`.
//! Divergence from AWS: signatures and permissions are never checked, so there is no caller identity here.

use serde_json::Value;

use crate::simulator::arn::Place;

/// The services that the simulator answers for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Service {
    /// Elastic Container Service (AWS JSON 1.1).
    Ecs,
    /// Elastic Container Registry (AWS JSON 1.1).
    Ecr,
    /// Elastic Load Balancing v2 (AWS Query).
    Elb,
    /// Security Token Service (AWS Query).
    Sts,
    /// Elastic Compute Cloud (EC2's own dialect of AWS Query).
    Ec2,
    /// Application Auto Scaling (AWS JSON 1.1).
    AutoScaling,
    /// CloudWatch Logs (AWS JSON 1.1).
    Logs,
}

impl Service {
    /// The name under which the service signs its requests, and which the journal shows.
    pub fn name(self) -> &'static str {
        match self {
            Service::Ecs => "ecs",
            Service::Ecr => "ecr",
            Service::Elb => "elasticloadbalancing",
            Service::Sts => "sts",
            Service::Ec2 => "ec2",
            Service::AutoScaling => "application-autoscaling",
            Service::Logs => "logs",
        }
    }
}

/// One API call.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The service that is called.
    pub service: Service,
    /// Operation name as in the API reference, for example `DescribeServices`.
    pub operation: String,
    /// The input members, an object with sorted keys. Query inputs come as nested JSON whose leaves are all strings.
    pub input: Value,
    /// Who calls: the user agent, shortened to its application or its first product.
    pub client: String,
    /// Where it is sent, which is what its signature says; `None` is the home of the world.
    pub place: Option<Place>,
}

impl Call {
    /// A call to the home of the world.
    pub fn home(service: Service, operation: &str, input: Value, client: &str) -> Self {
        Call { service, operation: operation.to_owned(), input, client: client.to_owned(), place: None }
    }

    /// Whether it only looks, by its name, as AWS names its operations.
    pub fn only_looks(&self) -> bool {
        ["Describe", "List", "Get", "BatchGet"].iter().any(|verb| self.operation.starts_with(verb))
    }
}
