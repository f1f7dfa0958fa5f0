//! The wire: how AWS clients reach the simulator, in process and over TCP.
//!
//! Decodes requests into calls, hands them to the simulator, and encodes what it answers; decides nothing.
//!
//! Divergence from AWS: one endpoint for all services, told apart by target header or API version instead of by host
//! name; signatures, credentials and request checksums are accepted unread; no HTTP/2, no compression, no CBOR.

mod client;
mod clock;
mod decode;
mod encode;
mod http;
mod inspect;
mod inspect_faults;
mod line;
mod query;
mod tcp;
mod xml;

pub use client::InProcess;
pub use clock::{Clock, SpeedClock};
pub use http::{Reply, respond};
pub use tcp::serve;

#[cfg(test)]
mod tests;
