//! Processes that die, processes side by side, and worlds that are not what they look like: the deployment task runs
//! exactly once, or a person is asked.
//!
//! | folder | claims |
//! |---|---|
//! | `crashes` | a crash at every call of a rollout, for every kind of rollout, and for how long nobody is there then |
//! | `turns` | two processes around the launch, in every order of their calls |
//! | `states` | stale, unobserved and edited states; each fault at each call |
//!
//! Without optimization each of them takes a stated part of its cases; `make test-crashes` takes all.
#![expect(clippy::unwrap_used, reason = "a lab that cannot be laid out is a failed test")]

#[path = "common/seen.rs"]
mod seen;

#[path = "common/world.rs"]
mod world;

mod crashes {
    mod asked;
    mod beside;
    mod dying;
    mod points;
    mod reads;
    mod story;
    pub(crate) mod variant;
}

mod turns {
    mod play;
    mod search;
    mod stage;
}

mod states {
    mod edits;
    mod single;
    mod stale;
    mod unobserved;
}
