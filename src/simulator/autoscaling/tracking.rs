//! Target tracking: once a minute, the metric of each policy beside its target, and what follows from it.
//!
//! Owns the two alarms of a policy (three minutes above the target, fifteen below nine tenths of it), the counts that
//! they ask for, the cooldowns, and when scaling in has to wait. Sources: Application Auto Scaling's user guide, "How
//! target tracking works", and ECS's on service auto scaling: no scaling in during a deployment.
//!
//! Divergence from AWS: metrics arrive at once and at the full minute; high-resolution metrics are looked at once a
//! minute as well; how far scaling in goes is the whole way at once.

use fastrand::Rng;

use super::operations::Looks;
use super::policies::TRACKING;
use super::state::{AutoScaling, Effect, Key, Look, Policy, ScalableTarget};
use crate::simulator::time::Time;

const MINUTE_MS: i64 = 60_000;

/// Minutes above the target until AlarmHigh.
const HIGH: u32 = 3;
/// Minutes below [`LOW_SHARE`] of the target until AlarmLow.
const LOW: u32 = 15;
/// AlarmLow stands so far below the target.
const LOW_SHARE: f64 = 0.9;

/// Seconds of both cooldowns, for ECS services.
const COOLDOWN_S: i64 = 300;

/// What a policy asks for.
#[derive(Clone, PartialEq, Debug)]
struct Wish {
    desired: i64,
    policy: String,
    alarm: String,
}

impl AutoScaling {
    /// When it acts next by itself: at the next full minute if metrics or activities are open, or on a schedule.
    pub fn next_event(&self, now: Time) -> Option<Time> {
        let minute = Time((now.0.div_euclid(MINUTE_MS) + 1) * MINUTE_MS);
        let watches = self.is_active() || (!self.loads.is_empty() && !self.policies.is_empty());
        let schedules = self.scheduled.values().filter_map(|action| action.next).min();
        [watches.then_some(minute), schedules].into_iter().flatten().min()
    }

    /// Does what is due at this moment, and tells what must become of services.
    pub fn advance_to(&mut self, now: Time, rng: &mut Rng, looks: &dyn Fn(&str, &str) -> Option<Look>) -> Vec<Effect> {
        let mut effects = self.fire_scheduled(now, rng, looks);
        if now.0.rem_euclid(MINUTE_MS) == 0 {
            self.end_activities(now, looks);
            let keys: Vec<Key> = self.targets.keys().cloned().collect();
            for key in keys {
                effects.extend(self.track(&key, now, rng, looks));
            }
        }
        effects
    }

    /// Looks at one target's metrics.
    fn track(&mut self, key: &Key, now: Time, rng: &mut Rng, looks: Looks<'_>) -> Option<Effect> {
        let (cluster, service) = key.cluster_and_service()?;
        let look = looks(cluster, service)?;
        let load = *self.loads.get(&(cluster.to_owned(), service.to_owned()))?;
        let (mut wishes, mut lows, mut all_low) = (Vec::new(), Vec::new(), true);
        let mut cooldowns = (COOLDOWN_S, COOLDOWN_S);
        let mine = self.policies.iter_mut().filter(|((of, _), policy)| of == key && policy.configuration.0 == TRACKING);
        for ((_, name), policy) in mine {
            let settings = policy.configuration.1.clone();
            let target = settings["TargetValue"].as_f64().unwrap_or(f64::MAX);
            let metric = settings["PredefinedMetricSpecification"]["PredefinedMetricType"].as_str().unwrap_or_default();
            let Some(value) = load.metric(metric, look.running) else { continue };
            policy.observe(value, target);
            let desired = (look.running as f64 * value / target).ceil() as i64;
            let wish = |alarm: usize| Wish { desired, policy: name.clone(), alarm: policy.alarms[alarm].clone() };
            if policy.above >= HIGH {
                cooldowns.0 = settings["ScaleOutCooldown"].as_i64().unwrap_or(COOLDOWN_S);
                wishes.push(wish(0));
            }
            if settings["DisableScaleIn"] != true {
                cooldowns.1 = settings["ScaleInCooldown"].as_i64().unwrap_or(COOLDOWN_S);
                all_low &= policy.below >= LOW;
                lows.push(wish(1));
            }
        }
        let target = &self.targets[key];
        let out = wishes.into_iter().max_by_key(|wish| wish.desired);
        let wish = match out {
            Some(wish) => target.out(&look, wish, cooldowns.0, now),
            None if all_low => {
                let wish = lows.into_iter().max_by_key(|wish| wish.desired)?;
                target.inward(&look, wish, cooldowns.1, now)
            }
            None => None,
        }?;
        let target = self.targets.get_mut(key)?;
        if wish.desired > look.desired {
            target.last_out = Some((now, wish.desired - look.desired));
        } else {
            target.last_in = Some(now);
        }
        let cause = format!("monitor alarm {} in state ALARM triggered policy {}", wish.alarm, wish.policy);
        Some(self.set_desired(key, wish.desired, cause, now, rng))
    }
}

impl Policy {
    fn observe(&mut self, value: f64, target: f64) {
        self.above = if value > target { self.above.saturating_add(1) } else { 0 };
        self.below = if value < target * LOW_SHARE { self.below.saturating_add(1) } else { 0 };
    }
}

impl ScalableTarget {
    /// The wish to scale out, within bounds, unless it is suspended or a cooldown holds it. A cooldown does not hold
    /// what is larger than the step before.
    fn out(&self, look: &Look, wish: Wish, cooldown_s: i64, now: Time) -> Option<Wish> {
        let desired = wish.desired.clamp(self.min, self.max);
        let step = desired - look.desired;
        let held = self.last_out.is_some_and(|(at, before)| now.since(at) < cooldown_s * 1000 && step <= before);
        (step > 0 && !held && !self.suspended[1]).then_some(Wish { desired, ..wish })
    }

    /// The wish to scale in, likewise; a deployment holds it too, and so does the cooldown after scaling out.
    fn inward(&self, look: &Look, wish: Wish, cooldown_s: i64, now: Time) -> Option<Wish> {
        let desired = wish.desired.clamp(self.min, self.max);
        let recent = self.last_in.max(self.last_out.map(|(at, _)| at));
        let held = look.deploying || recent.is_some_and(|at| now.since(at) < cooldown_s * 1000);
        (desired < look.desired && !held && !self.suspended[0]).then_some(Wish { desired, ..wish })
    }
}
