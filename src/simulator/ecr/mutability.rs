//! Whether a tag can be moved: the four settings of a repository, and the wildcards that are excluded from them.
//!
//! Owns the rule and its wire shape. Source: ECR's user guide, "Preventing image tags from being overwritten".

use serde_json::{Map, Value, json};

use crate::simulator::ecr::ops::invalid;
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text};

/// Whether tags of a repository can be moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Mutability {
    Mutable,
    Immutable,
    /// All but tags that match.
    MutableBut(Vec<String>),
    /// None but tags that match.
    ImmutableBut(Vec<String>),
}

impl Mutability {
    /// `imageTagMutability` and its exclusion filters; what is not said is MUTABLE.
    ///
    /// # Errors
    /// `InvalidParameterException` for filters without a setting that takes them, the other way round, and for
    /// filters that are none.
    pub(super) fn read(input: &Value) -> Result<Self, ApiError> {
        let given = items(input, "imageTagMutabilityExclusionFilters")?;
        let filters: Vec<String> =
            given.iter().filter_map(|filter| text(filter, "filter").ok().flatten()).map(str::to_owned).collect();
        if let Some(bad) = filters.iter().find(|filter| !is_filter(filter)) {
            return Err(wrong(&format!("'{bad}' must satisfy regular expression '^[0-9a-zA-Z._*-]{{1,128}}$'")));
        }
        let word = text(input, "imageTagMutability")?.unwrap_or("MUTABLE");
        match (word, filters.is_empty()) {
            ("MUTABLE", true) => Ok(Mutability::Mutable),
            ("IMMUTABLE", true) => Ok(Mutability::Immutable),
            ("MUTABLE_WITH_EXCLUSION", false) => Ok(Mutability::MutableBut(filters)),
            ("IMMUTABLE_WITH_EXCLUSION", false) => Ok(Mutability::ImmutableBut(filters)),
            (_, true) => Err(wrong(&format!("must not be empty when imageTagMutability is {word}"))),
            (_, false) => Err(wrong(&format!("must be empty when imageTagMutability is {word}"))),
        }
    }

    /// Whether this tag stays where it is once it is there.
    pub(super) fn pins(&self, tag: &str) -> bool {
        match self {
            Mutability::Mutable => false,
            Mutability::Immutable => true,
            Mutability::MutableBut(filters) => filters.iter().any(|filter| matches(filter, tag)),
            Mutability::ImmutableBut(filters) => !filters.iter().any(|filter| matches(filter, tag)),
        }
    }

    /// Puts the setting, and its filters if there are any, among the members of an answer.
    pub(super) fn show(&self, members: &mut Map<String, Value>) {
        let (word, filters): (&str, &[String]) = match self {
            Mutability::Mutable => ("MUTABLE", &[]),
            Mutability::Immutable => ("IMMUTABLE", &[]),
            Mutability::MutableBut(filters) => ("MUTABLE_WITH_EXCLUSION", filters),
            Mutability::ImmutableBut(filters) => ("IMMUTABLE_WITH_EXCLUSION", filters),
        };
        members.insert("imageTagMutability".to_owned(), json!(word));
        if !filters.is_empty() {
            let shown = filters.iter().map(|filter| json!({"filterType": "WILDCARD", "filter": filter}));
            members.insert("imageTagMutabilityExclusionFilters".to_owned(), shown.collect());
        }
    }
}

/// Whether `text` is `pattern`, in which a `*` stands for anything.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text
            .strip_prefix(head)
            .is_some_and(|tail| tail.char_indices().any(|(at, _)| matches(rest, &tail[at..])) || matches(rest, "")),
    }
}

fn is_filter(filter: &str) -> bool {
    // AWS takes two wildcards in a filter; more would also take long to match.
    let letters = filter.chars().all(|letter| letter.is_ascii_alphanumeric() || "._*-".contains(letter));
    letters && filter.matches('*').count() <= 2
}

fn wrong(constraint: &str) -> ApiError {
    invalid(format!(
        "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: '{constraint}'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_anything() {
        for (pattern, text, expect) in [
            ("v*", "v1.2", true),
            ("v*", "v", true),
            ("*-dev", "a-dev", true),
            ("*-dev", "a-dev-b", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("latest", "latest", true),
            ("latest", "latest2", false),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }

    #[test]
    fn exclusions_turn_the_setting_round() {
        let read = |word: &str| {
            let filters = json!([{"filterType": "WILDCARD", "filter": "dev-*"}]);
            Mutability::read(&json!({"imageTagMutability": word, "imageTagMutabilityExclusionFilters": filters}))
        };
        let immutable = read("IMMUTABLE_WITH_EXCLUSION").unwrap();
        assert_eq!((immutable.pins("v1"), immutable.pins("dev-1")), (true, false));
        let mutable = read("MUTABLE_WITH_EXCLUSION").unwrap();
        assert_eq!((mutable.pins("v1"), mutable.pins("dev-1")), (false, true));
        assert_eq!(read("MUTABLE").unwrap_err().code, "InvalidParameterException");
        let without = json!({"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"});
        assert_eq!(Mutability::read(&without).unwrap_err().code, "InvalidParameterException");
    }
}
