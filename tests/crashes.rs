//! Every crash point of a rollout: before and after the effect of each write, and how long nobody is there afterwards.
//!
//! `dying` is a process that dies there; `points` goes through all of them and asks the world.

mod common;

mod crashes {
    mod dying;
    mod points;
}
