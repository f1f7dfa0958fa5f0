//! Elastic Container Registry: repositories, images, and the digest behind a tag.
//!
//! Manifests are real: a digest is the SHA-256 of the manifest's bytes, and moving a tag leaves the old digest
//! untagged.
//!
//! Divergence from AWS: a manifest is taken though nobody uploaded its layers or the images that it lists; scans find
//! nothing; policies are kept and not enforced, replication is kept and not done; no pull-through caches, no signing,
//! no archive; no permissions; one registry, that of the simulated account. An image is as large as its manifest says.
//! The words for parameters out of bounds are close to AWS's, and not always the same.

mod deletion;
mod image_id;
mod images;
mod inputs;
mod labels;
mod layers;
mod lifecycle;
mod lifecycle_rules;
mod mutability;
mod ops;
mod policies;
mod registry;
mod repositories;
mod repository;
mod scans;
mod settings;

pub use registry::{Ecr, Resolved};

#[cfg(test)]
mod tests;
