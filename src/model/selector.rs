//! How a table names a resource whose real name ends in random letters.
//!
//! CloudFormation names resources `<stack>-<LogicalId>-<random>`. A glob is therefore matched against the last
//! parts of the name only: as many dash-separated parts as the glob has. So `CGAPPortal*-*` never matches a
//! service because its stack happens to be called `my-portal-stack`.

use std::fmt;

use wildmatch::WildMatch;

use super::Invalid;

/// How to find one resource among many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The resource with exactly this name.
    Name(String),
    /// The resource whose last name parts match this pattern.
    Glob(Glob),
    /// The resource that carries this tag.
    Tag {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
}

/// A pattern of dash-separated parts, with `*` and `?` inside a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// What a selector found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection<T> {
    /// Exactly one.
    One(T),
    /// None; the names that there were to choose from.
    None(Vec<String>),
    /// More than one; their names.
    Many(Vec<String>),
}

impl Glob {
    /// A glob of 1 to 128 characters, not only wildcards.
    ///
    /// # Errors
    /// Empty parts, only wildcards, or characters that no AWS name has.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let character = |c: char| c.is_ascii_alphanumeric() || "-_*?".contains(c);
        if text.is_empty() || text.len() > 128 || !text.chars().all(character) {
            return Err(Invalid::new(
                format!("`{text}` is not a glob"),
                "use letters, digits, -, _, * and ?, as `CGAPIndexerService-*`",
            ));
        }
        if !text.chars().any(|c| c.is_ascii_alphanumeric()) {
            return Err(Invalid::new(
                format!("`{text}` would match everything"),
                "name at least a part, as `CGAPIndexerService-*`",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the last parts of `name` match.
    pub fn matches(&self, name: &str) -> bool {
        let mut patterns = self.0.rsplit('-');
        let mut parts = name.rsplit('-');
        patterns.all(|pattern| parts.next().is_some_and(|part| WildMatch::new(pattern).matches(part)))
    }
}

impl Selector {
    /// An exact name: 1 to 255 letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// Wildcards (told to use `glob`), an ARN, or other characters.
    pub fn parse_name(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits {
            return Ok(Self::Name(text.to_owned()));
        }
        let hint = if text.starts_with("arn:") {
            let name = text.rsplit('/').next().unwrap_or(text);
            format!("give the name at the end of the ARN, `{name}`")
        } else if text.contains(['*', '?']) {
            format!("patterns go under `glob: \"{text}\"`")
        } else {
            "use up to 255 letters, digits, - and _".to_owned()
        };
        Err(Invalid::new(format!("`{text}` is not a name"), hint))
    }

    /// Whether a resource with this name and these tags is meant.
    pub fn matches<'a>(&self, name: &str, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
        match self {
            Self::Name(exact) => name == exact,
            Self::Glob(glob) => glob.matches(name),
            Self::Tag { key, value } => tags.into_iter().any(|(k, v)| k == key && v == value),
        }
    }

    /// Whether tags must be read to decide.
    pub fn needs_tags(&self) -> bool {
        match self {
            Self::Name(_) | Self::Glob(_) => false,
            Self::Tag { .. } => true,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "name {name}"),
            Self::Glob(glob) => write!(f, "glob {}", glob.0),
            Self::Tag { key, value } => write!(f, "tag {key}={value}"),
        }
    }
}

impl<T> Selection<T> {
    /// Chooses among resources, each with its name and whether it is meant.
    pub fn of(candidates: Vec<(String, bool, T)>) -> Self {
        let names: Vec<String> = candidates.iter().map(|(name, ..)| name.clone()).collect();
        let mut meant: Vec<(String, T)> =
            candidates.into_iter().filter(|(_, meant, _)| *meant).map(|(name, _, item)| (name, item)).collect();
        match (meant.pop(), meant.is_empty()) {
            (None, _) => Self::None(names),
            (Some((_, only)), true) => Self::One(only),
            (Some((last, _)), false) => {
                let mut many: Vec<String> = meant.into_iter().map(|(name, _)| name).collect();
                many.push(last);
                Self::Many(many)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Glob, Selection, Selector};

    #[track_caller]
    fn check(glob: &str, name: &str, expected: bool) {
        assert_eq!(Glob::parse(glob).unwrap().matches(name), expected, "{glob} against {name}");
    }

    #[test]
    fn matches_the_last_parts_of_the_name_only() {
        check("CGAPIndexerService-*", "c4-ecs-trial-alpha-stack-CGAPIndexerService-YihcMquIc354", true);
        check("*portal*", "c4-ecs-my-portal-stack-CGAPIndexerService-YihcMquIc354", false);
        check("CGAPPortal*-*", "c4-ecs-portal-stack-CGAPIndexerService-Yihc", false);
        check("a-b-c", "b-c", false);
        check("CGAPDeployment-*", "c4-ecs-cgap-devtest-stack-CGAPInitialDeployment-FPYnleE9YwvH", false);
    }

    #[test]
    fn lists_candidates_when_none_or_many_match() {
        let all = |meant: [bool; 2]| Selection::of(vec![("a".to_owned(), meant[0], 1), ("b".to_owned(), meant[1], 2)]);
        assert_eq!(all([false, true]), Selection::One(2));
        assert_eq!(all([false, false]), Selection::None(vec!["a".into(), "b".into()]));
        assert_eq!(all([true, true]), Selection::Many(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn sends_patterns_to_glob() {
        assert!(Selector::parse_name("CGAP*").unwrap_err().hint.contains("glob"));
    }
}
