//! The bench: simulator, controller and virtual clock together, for tests, the demo and benchmarks.
//!
//! The only room beside `cli` that sees the simulator. Time is tokio's: under a paused clock a whole rollout waits for
//! nothing and is the same every time.

pub mod bench;
pub mod layout;
