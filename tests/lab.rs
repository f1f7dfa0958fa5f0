//! Whole rollouts on the embedded AWS, on virtual time, judged by the world afterwards.
//!
//! | folder | claims |
//! |---|---|
//! | `rollouts` | how rollouts begin, go and end |
//! | `attacks` | tables edited in the middle, tags removed, rollbacks of every kind |
//! | `api` | what is asked over HTTP: who may, what is answered, and what becomes of a wish |
//! | `faults` | what goes wrong between the controller and AWS: scenarios, each fault in places of a rollout, late reads |
//!
//! One binary for all of them, since linking the SDK takes longer than most of these tests.
#![expect(clippy::unwrap_used, reason = "a lab that cannot be laid out is a failed test")]

mod common;

/// Counts what is allocated, for the claims about months.
#[global_allocator]
static HEAP: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

mod rollouts {
    mod asking;
    mod calls;
    mod commands;
    mod controller;
    mod ends;
    mod fleet;
    mod kicks;
    mod metrics;
    mod month;
    mod probes;
    mod processes;
    mod runs;
    mod story;
    mod tables;
}

mod attacks {
    mod age;
    mod attack;
    mod launches;
    mod rollbacks;
    mod tables;
}

mod faults {
    mod lag;
    mod scenarios;
    mod survival;
}

mod api {
    mod abuse;
    mod asked;
    mod bench;
    mod counted;
    mod described;
    mod parting;
    mod schema;
    mod shapes;
    mod sockets;
    mod unseen;
    mod who;
    mod wire;
}
