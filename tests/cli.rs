//! The product as its users have it: the real binary, its embedded AWS behind a TCP port, and clients that know
//! nothing of this crate. Judged by exit codes, by what is printed where, and by the world's journal.
//!
//! Nothing here may depend on how fast the machine is: every world runs at a speed at which hours would have to be
//! lost for an outcome to change, and no test looks at a clock.

#[path = "common/seen.rs"]
mod seen;

mod cli {
    mod again;
    mod command;
    mod commands;
    mod drift;
    mod guards;
    mod interrupted;
    mod journal;
    mod kicks;
    mod listen;
    mod logs;
    mod operate;
    mod output;
    mod reconcile;
    mod rollback;
    mod rollout;
    mod secured;
    mod served;
    mod several;
    mod sim;
    mod simulate;
    mod tables;
    mod unreachable;
    mod wire;
}
