//! Attacks on whole rollouts: tables edited in the middle, tags removed, rollbacks of every kind, judged by the world.
//!
//! `attack` is the account under attack; the other files hold one kind of attack each.

mod common;

mod attacks {
    mod attack;
    mod launches;
    mod rollbacks;
    mod tables;
}
