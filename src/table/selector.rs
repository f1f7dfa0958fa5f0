//! Selectors: the names, globs and tags by which a table finds AWS's resources.
//!
//! Tells an ARN, a revision and a pattern from a name; whether anything is found is known only in AWS.

use crate::model::Invalid;
use crate::model::selector::{Glob, Selector};

use super::arn::{self, Named};
use super::check::Check;
use super::document::{SelectorDocument, TagDocument};
use super::words::shortened;

impl Check<'_> {
    /// The selector at `path` of a resource of the wanted kind.
    pub(super) fn selector(
        &mut self,
        path: &str,
        wanted: Named,
        document: Option<&SelectorDocument>,
    ) -> Option<Selector> {
        match document? {
            SelectorDocument::Name(name) => self.parsed(format!("{path}.name"), Some(name), |name| exact(name, wanted)),
            SelectorDocument::Glob(glob) => {
                self.parsed(format!("{path}.glob"), Some(glob), |glob| pattern(glob, wanted))
            }
            SelectorDocument::Tag(TagDocument { key, value }) => {
                let key = self.parsed(format!("{path}.tag.key"), key.as_deref(), tag_key);
                let value = self.parsed(format!("{path}.tag.value"), value.as_deref(), tag_value);
                Some(Selector::Tag { key: key?, value: value? })
            }
        }
    }
}

/// The field that a selector is written in and what it says, valid or not; `None` for half a tag.
pub(super) fn shown(document: &SelectorDocument) -> Option<(&'static str, String)> {
    match document {
        SelectorDocument::Name(name) => Some(("name", format!("name {name}"))),
        SelectorDocument::Glob(glob) => Some(("glob", format!("glob {glob}"))),
        SelectorDocument::Tag(TagDocument { key, value }) => {
            let (key, value) = (key.as_ref()?, value.as_ref()?);
            Some(("tag", format!("tag {key}={value}")))
        }
    }
}

fn exact(text: &str, wanted: Named) -> Result<Selector, Invalid> {
    no_arn(text, wanted)?;
    no_revision(text, wanted)?;
    no_initial(text, wanted)?;
    let selector = Selector::parse_name(text)?;
    match wanted {
        Named::TargetGroup if text.len() > 32 || text.contains('_') => Err(Invalid::new(
            format!("`{}` is not a target group's name", shortened(text)),
            "target group names have at most 32 letters, digits and dashes",
        )),
        Named::Cluster | Named::Service | Named::TaskDefinition | Named::TargetGroup | Named::Other => Ok(selector),
    }
}

fn pattern(text: &str, wanted: Named) -> Result<Selector, Invalid> {
    no_arn(text, wanted)?;
    no_revision(text, wanted)?;
    no_initial(text, wanted)?;
    Glob::parse(text).map(Selector::Glob)
}

fn no_arn(text: &str, wanted: Named) -> Result<(), Invalid> {
    if !text.starts_with("arn:") {
        return Ok(());
    }
    let said = wanted.said();
    let shown = shortened(text);
    Err(match arn::read(text) {
        Some(arn) if arn.named == wanted => Invalid::new(
            format!("`{shown}` is an ARN, where a name belongs"),
            format!("write `name: {}`; account and region come from the table", shortened(arn.name)),
        ),
        Some(arn) => Invalid::new(
            format!("`{shown}` is the ARN of {}, where {said} belongs", arn.named.said()),
            format!("write the name of {said}"),
        ),
        None => Invalid::new(format!("`{shown}` is not a whole ARN"), format!("write the name of {said}")),
    })
}

fn no_revision(text: &str, wanted: Named) -> Result<(), Invalid> {
    match text.rsplit_once(':') {
        Some((family, revision)) if wanted == Named::TaskDefinition && revision.parse::<u32>().is_ok() => {
            Err(Invalid::new(
                format!("`{}` names one revision", shortened(text)),
                format!("write the family, `{}`; its newest active revision runs", shortened(family)),
            ))
        }
        Some(_) | None => Ok(()),
    }
}

/// CGAP's stacks have two such families: the initial one can wipe a database, and is never run.
fn no_initial(text: &str, wanted: Named) -> Result<(), Invalid> {
    if wanted == Named::TaskDefinition && text.to_lowercase().contains("initial") {
        return Err(Invalid::new(
            format!("`{}` is an initial deployment, which is never run", shortened(text)),
            "it can wipe a database; name the standard one, as `glob: \"CGAPDeployment-*\"`",
        ));
    }
    Ok(())
}

/// Source: ECS's and CloudFormation's tag keys: 1 to 128 letters, digits, spaces and `_ . : / = + - @`.
fn tag_key(text: &str) -> Result<String, Invalid> {
    if !text.is_empty() && tag_text(text, 128) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        format!("`{}` is not a tag's key", shortened(text)),
        "use 1 to 128 letters, digits, spaces and _ . : / = + - @, as `aws:cloudformation:logical-id`",
    ))
}

fn tag_value(text: &str) -> Result<String, Invalid> {
    if tag_text(text, 256) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        format!("`{}` is not a tag's value", shortened(text)),
        "use up to 256 letters, digits, spaces and _ . : / = + - @",
    ))
}

fn tag_text(text: &str, most: usize) -> bool {
    text.chars().count() <= most && text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c))
}
