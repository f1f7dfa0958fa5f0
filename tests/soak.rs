//! Seeded histories of whole accounts: one seed is one history, and every event of it is judged by the world's truth.
//!
//! | file | owns |
//! |---|---|
//! | `story` | what a seed means: table, pace, who does what when, what goes wrong |
//! | `swarm` | which deeds a seed draws |
//! | `deeds` | doing it to the simulated account |
//! | `people` | people who give commands when a rollout stands as they have it in mind |
//! | `wire` | what stands between a controller and AWS: latency, deaths, freezes, and wrong behaviour |
//! | `process` | controllers as processes that run, die and begin anew |
//! | `judge`, `truth` | invariants after every event, by what the events tell and by nothing that a controller believes |
//! | `commands` | the part of it that is about people's commands |
//! | `ending` | whether the table settles once nothing goes wrong any more, and stays so |
//! | `play` | one history from its beginning to its end |
//! | `shrink`, `telling` | the shortest history that still fails, and how it reads |
//! | `seeds` | many of them, on every core |
//! | `wrong` | controllers that are wrong on purpose: the judge must find each |
#![expect(clippy::unwrap_used, reason = "an account that cannot be laid out is a failed test")]

mod soak {
    mod commands;
    mod deeds;
    mod ending;
    mod judge;
    mod people;
    mod play;
    mod process;
    mod seeds;
    mod shrink;
    mod story;
    mod swarm;
    mod telling;
    mod truth;
    mod wire;
    mod wrong;
}
