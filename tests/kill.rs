//! A real process, really killed: SIGKILL at a seeded call of a rollout, over TCP, again and again, with a new process
//! after each. Then the journal is judged.
//!
//! `make test-kill` kills two hundred times; `make test` a few times. A kill falls where the machine lets it fall,
//! at the call that was waited for or a few later; what is claimed holds wherever that is.

#[path = "common/seen.rs"]
mod seen;

#[expect(dead_code, reason = "the judge of worlds in process too, which tests/lab.rs needs")]
#[path = "common/world.rs"]
mod world;

#[expect(dead_code, reason = "the bench of tests/cli.rs, which needs all of it")]
mod cli {
    mod command;
    mod journal;
    mod killed;
    mod sim;
}
