//! Images: repository, tag and digest.
//!
//! Does not ask a registry; see `aws/ecr`.

use std::fmt;

use super::Invalid;
use super::ids::{AccountId, Region};
use super::text::Text;

/// The name of an ECR repository in the table's own account and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository(String);

/// An image tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

/// An image digest, as `sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(Text);

/// An ECR repository and a tag: the image that a table states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// The repository's name.
    pub repository: Repository,
    /// The tag.
    pub tag: Tag,
}

impl Repository {
    /// An ECR repository name: 2 to 256 characters, lowercase parts joined by `/`, `.`, `_` or `-`.
    /// Source: ECR's own pattern for `repositoryName`.
    ///
    /// # Errors
    /// Other characters; a whole URI or an image with a tag is told apart.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if let Some((_, name)) = text.split_once(".amazonaws.com/") {
            let name = name.split([':', '@']).next().unwrap_or(name);
            return Err(Invalid::new(
                format!("`{text}` is a whole image address"),
                format!("write only the repository's name, `{name}`; account and region come from the table"),
            ));
        }
        if let Some((name, tag)) = text.split_once(':') {
            return Err(Invalid::new(
                format!("`{text}` has a tag in it"),
                format!("write `repository: {name}` and `tag: {tag}`"),
            ));
        }
        let separators = ['/', '.', '_', '-'];
        let character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = (2..=256).contains(&text.len())
            && text.chars().all(|c| character(c) || separators.contains(&c))
            && text.starts_with(character)
            && text.ends_with(character);
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            format!("`{text}` is not an ECR repository name"),
            "use 2 to 256 lowercase letters, digits, and / . _ - between them",
        ))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// An image tag: 1 to 128 letters, digits, `_`, `.` and `-`, not `.` or `-` first.
    ///
    /// # Errors
    /// Other characters, or a digest.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let character = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits = (1..=128).contains(&text.len())
            && text.starts_with(character)
            && text.chars().all(|c| character(c) || c == '.' || c == '-');
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let hint = if text.starts_with("sha256:") {
            "a digest cannot stand for a tag; give the image a tag of its own"
        } else {
            "use up to 128 letters, digits, _ . and -, a letter, digit or _ first, as `latest`"
        };
        Err(Invalid::new(format!("`{text}` is not an image tag"), hint))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Digest {
    /// As AWS told it.
    pub fn told(text: impl Into<Text>) -> Self {
        Self(text.into())
    }

    /// The whole digest, `sha256:` and 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hex digits: enough for people to tell two images apart.
    pub fn short(&self) -> &str {
        let hex = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
        hex.get(..12).unwrap_or(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

impl ImageRef {
    /// The address that a container definition carries.
    pub fn address(&self, account: &AccountId, region: &Region) -> String {
        let Self { repository, tag } = self;
        format!("{account}.dkr.ecr.{region}.amazonaws.com/{}:{}", repository.0, tag.0)
    }

    /// Whether an image address points into this repository, whatever its tag.
    pub fn same_repository(&self, address: &str) -> bool {
        let Some((_, path)) = address.split_once(".amazonaws.com/") else { return false };
        let name = path.split(['@', ':']).next().unwrap_or(path);
        name == self.repository.0
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository.0, self.tag.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageRef, Repository, Tag};

    #[test]
    fn mends_a_whole_address() {
        let hint = Repository::parse("123456789012.dkr.ecr.us-east-1.amazonaws.com/cgap:latest").unwrap_err().hint;
        assert!(hint.contains("`cgap`"), "{hint}");
        assert!(Repository::parse("cgap:latest").unwrap_err().hint.contains("tag: latest"));
        assert!(Repository::parse("CGAP").is_err());
        assert!(Tag::parse("-x").is_err());
    }

    #[test]
    fn knows_its_own_repository_whatever_the_tag() {
        let image = ImageRef { repository: Repository::parse("cgap").unwrap(), tag: Tag::parse("latest").unwrap() };
        assert!(image.same_repository("123456789012.dkr.ecr.us-east-1.amazonaws.com/cgap:blue"));
        assert!(!image.same_repository("123456789012.dkr.ecr.us-east-1.amazonaws.com/cgap-nginx:latest"));
    }
}
