//! The launch protocol, explored to the end by a model checker within stated bounds.
//!
//! The decisions are the real functions of `plan/`; AWS, time, faults and people are small enough to try everything.
//! docs/testing.md says what the model has and what it leaves out.

mod model {
    mod aws;
    mod cases;
    mod claims;
    mod end;
    mod guards;
    mod harm;
    mod look;
    mod people;
    mod process;
    mod protocol;
    mod start;
    mod state;
    mod tables;
}
