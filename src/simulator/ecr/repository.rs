//! What a repository holds: images, tags that point at them, layers, and its settings.
//!
//! Owns the data and the plain look-ups in it. Images and tags are told in the order in which they were pushed, which
//! AWS does not promise and mostly keeps.

use std::collections::BTreeMap;

use sha2::Sha256;

use crate::simulator::ecr::image_id::ImageId;
use crate::simulator::ecr::mutability::Mutability;
use crate::simulator::time::Time;

#[derive(Clone, Debug)]
pub(super) struct Repository {
    pub(super) name: String,
    pub(super) mutability: Mutability,
    pub(super) scan_on_push: bool,
    pub(super) encryption: Encryption,
    pub(super) created: Time,
    /// By digest.
    pub(super) images: BTreeMap<String, Image>,
    pub(super) tags: BTreeMap<String, Tag>,
    /// AWS's tags of the repository, as a resource.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) policy: Option<String>,
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) preview: Option<Lifecycle>,
    /// Sizes in bytes, by digest.
    pub(super) layers: BTreeMap<String, u64>,
    /// By id.
    pub(super) uploads: BTreeMap<String, Upload>,
    pushes: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) digest: String,
    pub(super) manifest: String,
    pub(super) media_type: String,
    /// In bytes, as the manifest says; none for an index of images.
    pub(super) size: Option<u64>,
    pub(super) pushed: Time,
    /// When it was last scanned.
    pub(super) scanned: Option<Time>,
    order: u64,
}

/// What a tag points at.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub(super) digest: String,
    order: u64,
}

/// A lifecycle policy, or one that is only tried.
#[derive(Clone, Debug)]
pub(super) struct Lifecycle {
    pub(super) text: String,
    pub(super) evaluated: Time,
}

/// A layer of which not all has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Upload {
    pub(super) bytes: u64,
    pub(super) hash: Sha256,
}

/// How images are encrypted at rest.
#[derive(Clone, Debug)]
pub(super) struct Encryption {
    pub(super) kind: String,
    pub(super) key: Option<String>,
}

impl Default for Encryption {
    fn default() -> Self {
        Encryption { kind: "AES256".to_owned(), key: None }
    }
}

/// A manifest that is about to be kept.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) digest: String,
    pub(super) manifest: String,
    pub(super) media_type: String,
    pub(super) size: Option<u64>,
}

impl Repository {
    pub(super) fn new(name: &str, mutability: Mutability, created: Time) -> Self {
        Repository {
            name: name.to_owned(),
            mutability,
            scan_on_push: false,
            encryption: Encryption::default(),
            created,
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            labels: BTreeMap::new(),
            policy: None,
            lifecycle: None,
            preview: None,
            layers: BTreeMap::new(),
            uploads: BTreeMap::new(),
            pushes: 0,
        }
    }

    /// All images, oldest push first.
    pub(super) fn in_order(&self) -> Vec<&Image> {
        let mut images: Vec<&Image> = self.images.values().collect();
        images.sort_by_key(|image| image.order);
        images
    }

    /// The tags of an image, oldest first.
    pub(super) fn tags_of(&self, digest: &str) -> Vec<&str> {
        let mut tags: Vec<(&String, &Tag)> = self.tags.iter().filter(|(_, tag)| tag.digest == digest).collect();
        tags.sort_by_key(|(_, tag)| tag.order);
        tags.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn is_tagged(&self, digest: &str) -> bool {
        self.tags.values().any(|tag| tag.digest == digest)
    }

    /// The image that tag, digest or both name.
    pub(super) fn find(&self, id: ImageId<'_>) -> Option<&Image> {
        let ImageId { digest, tag } = id;
        let tagged = match tag {
            Some(tag) => Some(self.tags.get(tag)?.digest.as_str()),
            None => None,
        };
        match (digest, tagged) {
            (Some(digest), Some(tagged)) if digest != tagged => None,
            (Some(digest), Some(_) | None) => self.images.get(digest),
            (None, tagged) => self.images.get(tagged?),
        }
    }

    /// Keeps an image, under a tag if there is one, and all that its manifest says of layers.
    pub(super) fn keep(&mut self, pushed: Pushed, tag: Option<&str>, now: Time) {
        self.pushes += 1;
        let Pushed { digest, manifest, media_type, size } = pushed;
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), Tag { digest: digest.clone(), order: self.pushes });
        }
        self.layers.extend(blobs(&manifest));
        let image = Image {
            digest: digest.clone(),
            manifest,
            media_type,
            size,
            pushed: now,
            scanned: None,
            order: self.pushes,
        };
        self.images.entry(digest).or_insert(image);
    }

    /// Takes an image and all of its tags away.
    pub(super) fn forget(&mut self, digest: &str) {
        self.images.remove(digest);
        self.tags.retain(|_, tag| tag.digest != digest);
    }

    /// The digests of indexes that list this image.
    pub(super) fn lists_with(&self, digest: &str) -> Vec<&str> {
        let lists = self.in_order().into_iter().filter(|image| image.is_index() && image.digest != digest);
        lists.filter(|image| image.manifest.contains(digest)).map(|image| image.digest.as_str()).collect()
    }
}

impl Image {
    /// Whether it is a list of images, one for each platform.
    pub(super) fn is_index(&self) -> bool {
        is_index(&self.media_type)
    }
}

/// Whether manifests of this media type list images.
pub(super) fn is_index(media_type: &str) -> bool {
    media_type.contains("manifest.list.") || media_type.contains("image.index.")
}

/// Digests and sizes of config and layers, as a manifest says.
fn blobs(manifest: &str) -> Vec<(String, u64)> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let blobs = layers.chain(std::iter::once(&manifest["config"]));
    blobs.filter_map(|blob| Some((blob["digest"].as_str()?.to_owned(), blob["size"].as_u64()?))).collect()
}
