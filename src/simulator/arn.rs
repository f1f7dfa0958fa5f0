//! Names as AWS writes them: ARNs, and the random ids inside of them.
//!
//! Owns every form of identifier in ECS (reference: the service model and identifiers seen in public logs). Knows
//! nothing of what an identifier stands for, and draws chance only from the generator that it is given.
//!
//! Divergence from AWS: one partition (`aws`) and long ARNs only; the short forms of before 2018 are not understood.

use fastrand::Rng;

const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The account and region that the simulated world lives in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// For example `us-east-1`.
    pub region: String,
}

impl Place {
    /// `arn:aws:ecs:R:A:cluster/<name>`
    pub fn cluster(&self, name: &str) -> String {
        self.ecs(&format!("cluster/{name}"))
    }

    /// `arn:aws:ecs:R:A:service/<cluster>/<name>`
    pub fn service(&self, cluster: &str, name: &str) -> String {
        self.ecs(&format!("service/{cluster}/{name}"))
    }

    /// `arn:aws:ecs:R:A:task/<cluster>/<32 hex digits>`
    pub fn task(&self, cluster: &str, id: &str) -> String {
        self.ecs(&format!("task/{cluster}/{id}"))
    }

    /// `arn:aws:ecs:R:A:container/<cluster>/<task>/<uuid>`
    pub fn container(&self, cluster: &str, task: &str, id: &str) -> String {
        self.ecs(&format!("container/{cluster}/{task}/{id}"))
    }

    /// `arn:aws:ecs:R:A:task-definition/<family>:<revision>`
    pub fn task_definition(&self, family: &str, revision: u32) -> String {
        self.ecs(&format!("task-definition/{family}:{revision}"))
    }

    /// `arn:aws:ecs:R:A:service-deployment/<cluster>/<service>/<21 characters>`
    pub fn service_deployment(&self, cluster: &str, service: &str, id: &str) -> String {
        self.ecs(&format!("service-deployment/{cluster}/{service}/{id}"))
    }

    /// `arn:aws:ecs:R:A:service-revision/<cluster>/<service>/<digits>`
    pub fn service_revision(&self, cluster: &str, service: &str, id: &str) -> String {
        self.ecs(&format!("service-revision/{cluster}/{service}/{id}"))
    }

    /// `arn:aws:ecs:R:A:capacity-provider/<name>`
    pub fn capacity_provider(&self, name: &str) -> String {
        self.ecs(&format!("capacity-provider/{name}"))
    }

    /// `arn:aws:ecs:R:A:container-instance/<cluster>/<uuid>`
    pub fn container_instance(&self, cluster: &str, id: &str) -> String {
        self.ecs(&format!("container-instance/{cluster}/{id}"))
    }

    /// `arn:aws:ecs:R:A:task-set/<cluster>/<service>/ecs-svc/<digits>`
    pub fn task_set(&self, cluster: &str, service: &str, id: &str) -> String {
        self.ecs(&format!("task-set/{cluster}/{service}/{id}"))
    }

    fn ecs(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account)
    }
}

/// What follows the fifth colon of an ARN (`service/c/n`), or nothing if this is not an ARN.
pub fn resource(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    match (parts.next(), parts.nth(4)) {
        (Some("arn"), Some(resource)) => Some(resource),
        (Some(_) | None, Some(_) | None) => None,
    }
}

/// The last part of a name or ARN: what follows the last slash.
pub fn last_part(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// `n` lowercase hex digits; tasks have 32.
pub fn hex(rng: &mut Rng, n: usize) -> String {
    (0..n).map(|_| char::from_digit(rng.u32(0..16), 16).expect("a digit below its base")).collect()
}

/// A random UUID, as containers and events have it.
pub fn uuid(rng: &mut Rng) -> String {
    [8, 4, 4, 4, 12].map(|n| hex(rng, n)).join("-")
}

/// A decimal id of 19 digits without leading zero: deployments and service revisions.
pub fn decimal(rng: &mut Rng) -> String {
    rng.u64(1_000_000_000_000_000_000..10_000_000_000_000_000_000).to_string()
}

/// 21 characters of `[A-Za-z0-9_-]`: service deployments.
pub fn nano(rng: &mut Rng) -> String {
    let draw = |rng: &mut Rng| match rng.usize(0..64) {
        62 => '_',
        63 => '-',
        i => char::from(LETTERS_AND_DIGITS[i]),
    };
    (0..21).map(|_| draw(rng)).collect()
}

/// 12 or 13 letters and digits, as CloudFormation appends them to the names that it makes up.
pub fn random_suffix(rng: &mut Rng) -> String {
    let length = rng.usize(12..14);
    (0..length).map(|_| char::from(LETTERS_AND_DIGITS[rng.usize(0..LETTERS_AND_DIGITS.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_arns_apart() {
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let arn = place.service("c", "s");
        assert_eq!(arn, "arn:aws:ecs:us-east-1:123456789012:service/c/s");
        assert_eq!((resource(&arn), last_part(&arn)), (Some("service/c/s"), "s"));
        assert_eq!((resource("s"), last_part("s")), (None, "s"));
    }

    #[test]
    fn draws_ids_in_the_shapes_of_aws() {
        let mut rng = Rng::with_seed(1);
        assert_eq!(hex(&mut rng, 32).len(), 32);
        assert_eq!(decimal(&mut rng).len(), 19);
        assert_eq!(nano(&mut rng).len(), 21);
        assert_eq!(uuid(&mut rng).split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
