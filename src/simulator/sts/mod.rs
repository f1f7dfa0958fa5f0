//! Security Token Service: who the caller is, and credentials for who it wants to be.
//!
//! Nobody's credentials are looked at, so that what is handed out changes nothing: every caller stays the same user of
//! the simulated account.
//!
//! Divergence from AWS: roles need not exist, trust policies are not read, and tokens of identity providers are not
//! checked. No SAML.

mod inputs;
mod operations;

pub use operations::{NAMESPACE, Sts, VERSION};
