//! One pass: look, decide, do.
//!
//! The deciding is `plan`'s; here is only the order in which its facts are fetched and its steps are taken.

pub mod execute;
mod glance;
pub mod observe;
pub mod pass;
pub mod rest;
pub mod wish;

#[cfg(test)]
pub(crate) mod samples;
