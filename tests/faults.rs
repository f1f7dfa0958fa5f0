//! What goes wrong between the controller and AWS, and what becomes of a rollout then, judged by the world.
//!
//! `scenarios` runs the shipped stories; `survival` puts one fault after the other into a rollout; `lag` makes reads
//! late and calls scarce.

#![expect(clippy::unwrap_used, reason = "an account that cannot be laid out is a failed test")]

#[expect(dead_code, reason = "other tests edit tables and count writes; these do not")]
mod common;

mod faults {
    mod lag;
    mod scenarios;
    mod survival;
}
