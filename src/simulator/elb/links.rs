//! What forwards to what: the actions of listeners and rules put target groups to use.
//!
//! Owns the count of those actions, from which follows whether the targets of a group are checked at all: checks begin
//! with the first action and end with the last.

use serde_json::Value;

use crate::simulator::elb::input::{items, text};
use crate::simulator::elb::state::Elb;
use crate::simulator::time::Time;

impl Elb {
    /// A listener or rule of this load balancer has these actions from now on.
    pub(super) fn link(&mut self, load_balancer: &str, actions: &[Value], now: Time) {
        for target_group in target_groups(actions) {
            let first = !self.has_load_balancer(&target_group);
            let count = self.forwarding.entry(target_group.clone()).or_default();
            *count.entry(load_balancer.to_owned()).or_default() += 1;
            if first {
                self.begin_checks(&target_group, now);
            }
        }
    }

    /// A listener or rule of this load balancer has these actions no longer.
    pub(super) fn unlink(&mut self, load_balancer: &str, actions: &[Value], now: Time) {
        for target_group in target_groups(actions) {
            let Some(counts) = self.forwarding.get_mut(&target_group) else {
                continue;
            };
            if let Some(count) = counts.get_mut(load_balancer) {
                *count = count.saturating_sub(1);
            }
            counts.retain(|_, count| *count > 0);
            if counts.is_empty() {
                self.forwarding.remove(&target_group);
                self.end_checks(&target_group, now);
            }
        }
    }
}

/// The target groups that actions forward to, each as often as it is named.
pub(super) fn target_groups(actions: &[Value]) -> Vec<String> {
    let weighted = actions.iter().filter_map(|action| action.get("ForwardConfig"));
    let tuples = weighted.flat_map(|config| items(config, "TargetGroups"));
    tuples.filter_map(|tuple| text(tuple, "TargetGroupArn").map(str::to_owned)).collect()
}
