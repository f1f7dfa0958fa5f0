//! HTTP: what the controller sees, what is wanted of it, and the page for people.
//!
//! | step of a request | file |
//! |---|---|
//! | a connection, within its limits | `server`, `patience` |
//! | the checks that every request passes | `entrance` |
//! | which path means what | `endpoint`, `router` |
//! | the answer | `tables`, `rollouts`, `events`, `health`, `page` |
//! | why there is none | `problem` |
//!
//! Sees the controller through its `Handle` alone, so it can ask AWS nothing. What goes wrong here does not touch it.

mod endpoint;
mod entrance;
mod events;
mod health;
mod limits;
mod page;
mod patience;
mod problem;
mod rollouts;
mod router;
mod seats;
mod server;
mod state;
mod tables;

pub use entrance::Peer;
pub use limits::Limits;
pub use router::router;
pub use server::{Server, start};
pub use state::{Api, Scrape};
