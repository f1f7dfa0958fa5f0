//! The token buckets that AWS publishes, and a share of each.
//!
//! Pure: moments are spans since the process began. Sources: ECS's and ELBv2's pages on request throttling, Fargate's
//! quotas. AWS fills a bucket for each account and region; everybody in the account takes from it, so a process keeps to
//! a share of it by itself. What has no published bucket is not held.

use std::collections::BTreeMap;
use std::time::Duration;

/// A bucket, as AWS publishes it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Published {
    name: &'static str,
    /// How many calls it holds.
    burst: f64,
    /// How many it gets back each second.
    refill: f64,
}

const fn published(name: &'static str, burst: f64, refill: f64) -> Published {
    Published { name, burst, refill }
}

/// Whether a call can wait for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// Somebody waits for what follows from it.
    Work,
    /// It only looks whether something has come up.
    Leisure,
}

/// What part of a bucket is kept for work: leisure takes what is above.
const KEPT_FOR_WORK: f64 = 0.25;

/// The least that throttling leaves of a share. Lower, and one table's rollout would come to a stand.
const SLOWEST: f64 = 1.0 / 16.0;

/// Refusals come in bursts, of which one is enough to slow down.
const ONE_BURST: Duration = Duration::from_secs(1);

/// After throttling the pace stays as it is for so long, and is whole again a minute later: others are at their limit, and
/// AWS refuses calls that come back at once.
const STAYS_SLOW: Duration = Duration::from_secs(10);
const RECOVERS: Duration = Duration::from_secs(60);

/// What a process may still take out of the buckets of one account and region.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    share: f64,
    levels: BTreeMap<&'static str, Level>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Duration,
    /// What part of the share was used after the newest throttling, and when that was.
    slowed: Option<(f64, Duration)>,
}

impl Buckets {
    /// Full buckets, of which a process takes a share between 0 and 1.
    pub(super) fn new(share: f64) -> Self {
        Self { share, levels: BTreeMap::new() }
    }

    /// Takes a call.
    ///
    /// # Errors
    /// It cannot be taken now; it is to be asked for again after this long.
    pub(super) fn take(&mut self, now: Duration, operation: &str, haste: Haste) -> Result<(), Duration> {
        let mut wait = Duration::ZERO;
        for bucket in buckets(operation).into_iter().flatten() {
            let size = self.size(bucket);
            let floor = match haste {
                // A write is never at leisure, whoever makes it.
                Haste::Leisure if size >= 4.0 && is_read(operation) => size * KEPT_FOR_WORK,
                Haste::Leisure | Haste::Work => 0.0,
            };
            let level = self.level(now, bucket);
            let missing = floor + 1.0 - level.tokens;
            let rate = bucket.refill * self.share * level.pace(now);
            if missing > 0.0 {
                // A little more, so that rounding does not make it ask twice.
                wait = wait.max(Duration::from_secs_f64(missing / rate + 0.001));
            }
        }
        if !wait.is_zero() {
            return Err(wait);
        }
        for bucket in buckets(operation).into_iter().flatten() {
            let mut level = self.level(now, bucket);
            level.tokens -= 1.0;
            self.levels.insert(bucket.name, level);
        }
        Ok(())
    }

    /// AWS has refused a call because there were too many: the account's buckets are empty, whoever emptied them. Gives
    /// those buckets that were not slowed down before.
    pub(super) fn throttled(&mut self, now: Duration, operation: &str) -> Vec<&'static str> {
        let mut newly = Vec::new();
        for bucket in buckets(operation).into_iter().flatten() {
            let mut level = self.level(now, bucket);
            if level.slowed.is_none_or(|(_, at)| now.saturating_sub(at) >= ONE_BURST) {
                let pace = level.pace(now);
                if pace >= 1.0 {
                    newly.push(bucket.name);
                }
                level.slowed = Some(((pace / 2.0).max(SLOWEST), now));
                level.tokens = level.tokens.min(0.0);
            }
            self.levels.insert(bucket.name, level);
        }
        newly
    }

    /// The buckets that are slowed down, with the part of the share that is used.
    pub(super) fn slowed(&self, now: Duration) -> Vec<(&'static str, f64)> {
        let paces = self.levels.iter().map(|(name, level)| (*name, level.pace(now)));
        paces.filter(|(_, pace)| *pace < 1.0).collect()
    }

    /// A share of a small bucket is at least one call.
    fn size(&self, bucket: Published) -> f64 {
        (bucket.burst * self.share).max(1.0)
    }

    fn level(&self, now: Duration, bucket: Published) -> Level {
        let full = self.size(bucket);
        let Some(level) = self.levels.get(bucket.name) else { return Level { tokens: full, at: now, slowed: None } };
        let passed = now.saturating_sub(level.at).as_secs_f64();
        let gained = passed * bucket.refill * self.share * level.pace(now);
        Level { tokens: (level.tokens + gained).min(full), at: now, slowed: level.slowed }
    }
}

impl Level {
    /// The part of the share that is used now.
    fn pace(&self, now: Duration) -> f64 {
        let Some((pace, at)) = self.slowed else { return 1.0 };
        let recovering = now.saturating_sub(at).saturating_sub(STAYS_SLOW);
        (pace + recovering.as_secs_f64() / RECOVERS.as_secs_f64()).min(1.0)
    }
}

fn is_read(operation: &str) -> bool {
    operation.split_once(':').is_some_and(|(_, name)| name.starts_with("Describe") || name.starts_with("List"))
}

/// The buckets that a call takes from; each is of one service.
fn buckets(operation: &str) -> [Option<Published>; 2] {
    let Some((service, name)) = operation.split_once(':') else { return [None, None] };
    match service {
        "ecs" => ecs(name),
        "elasticloadbalancing" => {
            let all = published("elb all actions", 40.0, 10.0);
            let own = published("elb non-mutating", 40.0, 10.0);
            [Some(all), name.starts_with("Describe").then_some(own)]
        }
        _ => [None, None],
    }
}

fn ecs(name: &str) -> [Option<Published>; 2] {
    let bucket = match name {
        "DescribeClusters" | "ListClusters" => published("ecs cluster read", 50.0, 20.0),
        "RegisterTaskDefinition" => published("ecs task definition modify", 20.0, 1.0),
        "DescribeTaskDefinition" | "ListTaskDefinitionFamilies" => published("ecs task definition read", 50.0, 20.0),
        "TagResource" => published("ecs tag modify", 20.0, 10.0),
        "RunTask" => {
            let fargate = published("fargate RunTask", 20.0, 20.0);
            return [Some(published("ecs cluster resource modify", 100.0, 40.0)), Some(fargate)];
        }
        "DescribeTasks" | "ListTasks" => published("ecs cluster resource read", 100.0, 20.0),
        // StopServiceDeployment is in no published row.
        "UpdateService" | "StopServiceDeployment" => published("ecs service modify", 50.0, 5.0),
        "DescribeServices" | "ListServices" => published("ecs service read", 100.0, 20.0),
        "ListServiceDeployments" => published("ecs service deployment", 50.0, 20.0),
        _ => return [None, None],
    };
    [Some(bucket), None]
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "ecs:DescribeServices";

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How many calls go through at one moment.
    fn taken(buckets: &mut Buckets, now: Duration, operation: &str, haste: Haste) -> usize {
        (0..500).take_while(|_| buckets.take(now, operation, haste).is_ok()).count()
    }

    #[test]
    fn half_of_a_bucket_is_taken_and_half_of_what_comes_back() {
        let mut buckets = Buckets::new(0.5);
        assert_eq!(taken(&mut buckets, seconds(1), READ, Haste::Work), 50);
        assert_eq!(taken(&mut buckets, seconds(2), READ, Haste::Work), 10);
        assert_eq!(taken(&mut buckets, seconds(62), READ, Haste::Work), 50);
    }

    #[test]
    fn whoever_cannot_take_a_call_now_can_after_the_wait() {
        let mut buckets = Buckets::new(0.5);
        taken(&mut buckets, seconds(0), READ, Haste::Work);
        let wait = buckets.take(seconds(0), READ, Haste::Work).unwrap_err();
        assert!(wait > Duration::from_millis(95) && wait < Duration::from_millis(105), "{wait:?}");
        assert!(buckets.take(wait, READ, Haste::Work).is_ok());
    }

    #[test]
    fn leisure_leaves_a_quarter_for_work() {
        let mut buckets = Buckets::new(0.5);
        assert_eq!(taken(&mut buckets, seconds(0), READ, Haste::Leisure), 37);
        assert_eq!(taken(&mut buckets, seconds(0), READ, Haste::Work), 13);
    }

    #[test]
    fn calls_of_one_row_share_a_bucket_and_others_have_their_own() {
        let mut buckets = Buckets::new(0.5);
        taken(&mut buckets, seconds(0), "ecs:ListServices", Haste::Work);
        assert_eq!(taken(&mut buckets, seconds(0), READ, Haste::Work), 0);
        assert_eq!(taken(&mut buckets, seconds(0), "ecs:RunTask", Haste::Work), 10);
        assert_eq!(taken(&mut buckets, seconds(0), "elasticloadbalancing:DescribeTargetHealth", Haste::Work), 20);
        assert_eq!(taken(&mut buckets, seconds(0), "elasticloadbalancing:DescribeTags", Haste::Work), 0);
        assert_eq!(taken(&mut buckets, seconds(0), "sts:GetCallerIdentity", Haste::Work), 500);
    }

    #[test]
    fn throttling_halves_the_pace_once_a_burst_and_it_comes_back() {
        let mut buckets = Buckets::new(0.5);
        assert_eq!(buckets.throttled(seconds(100), READ), ["ecs service read"]);
        assert_eq!(buckets.throttled(seconds(100), READ), Vec::<&str>::new());
        assert_eq!(buckets.slowed(seconds(100)), [("ecs service read", 0.5)]);
        assert_eq!(taken(&mut buckets, seconds(100), READ, Haste::Work), 0, "what was left is not there");
        assert_eq!(taken(&mut buckets, seconds(102), READ, Haste::Work), 10);
        for later in 102..120 {
            buckets.throttled(seconds(later), READ);
        }
        assert_eq!(buckets.slowed(seconds(120)), [("ecs service read", SLOWEST)]);
        assert!(buckets.slowed(seconds(150)).iter().all(|(_, pace)| *pace > 0.4 && *pace < 0.5));
        assert_eq!(buckets.slowed(seconds(200)), []);
        assert_eq!(buckets.throttled(seconds(200), READ), ["ecs service read"]);
    }

    #[test]
    fn however_small_the_share_each_call_goes_through_at_last() {
        let mut buckets = Buckets::new(0.01);
        let mut now = seconds(0);
        for _ in 0..5 {
            while let Err(wait) = buckets.take(now, "ecs:RegisterTaskDefinition", Haste::Leisure) {
                now += wait;
            }
        }
        assert!(now > seconds(390) && now < seconds(410), "{now:?}");
    }
}
