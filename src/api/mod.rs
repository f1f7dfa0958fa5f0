//! HTTP: what the controller sees, what is wanted of it, and the page for people.
//!
//! | step of a request | file |
//! |---|---|
//! | a connection, within its limits | `server`, `connection`, `tls`, `patience`, `candid`, `farewell`, `seats`, `limits` |
//! | the checks that every request passes | `entrance`, `rate`, `who`; `tally` counts them |
//! | which path means what | `endpoint`, `router` |
//! | the answer | `tables`, `rollouts`, `events`, `health`, `page`; `wishes` where something is wanted |
//! | what is known of tables beside the newest pass | `watched` |
//! | the description of all of it | `openapi` |
//! | who may | `tokens`, `token_file` |
//! | why there is none | `problem` |
//!
//! Sees the controller through its `Handle` alone, so it can ask AWS nothing. What goes wrong here does not touch it.

mod body;
mod candid;
mod connection;
mod endpoint;
mod entrance;
mod events;
mod farewell;
mod health;
mod limits;
mod openapi;
mod page;
mod patience;
mod problem;
mod rate;
mod rollouts;
mod router;
mod seats;
mod server;
mod state;
mod tables;
mod tally;
mod tls;
mod token_file;
mod tokens;
mod watched;
mod who;
mod wishes;

pub use entrance::Peer;
pub use limits::Limits;
pub use rate::Rate;
pub use router::router;
pub use server::{Server, start};
pub use state::{Api, Scrape, Setup};
pub use tls::{Pem, Tls};
pub use token_file::TokenFile;
pub use tokens::{NewToken, RANDOM, Role, TokenProblem};
