//! Elastic Container Registry: repositories, images, and the digest behind a tag.
//!
//! Manifests are real: a digest is the SHA-256 of the manifest's bytes, and moving a tag leaves the old digest
//! untagged.
//!
//! Divergence from AWS: images have no layers to download; no lifecycle policies, scans, replication or pull-through
//! caches; no permissions; one registry, that of the simulated account. An image is as large as its manifest says.
//! The words for parameters out of bounds are close to AWS's, and not always the same.

mod images;
mod ops;
mod registry;
mod repositories;

pub use registry::{Ecr, Resolved};

#[cfg(test)]
mod tests;
