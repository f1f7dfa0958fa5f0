//! JSON that people write, read strictly: every member is known, has its type, and is told by its path if not.
//!
//! For fault rules and scenarios. Never for AWS's own inputs, where AWS decides what is overlooked.

use serde_json::{Map, Value};

/// What is wrong with a document, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Unreadable {
    /// Members from the top, as `rules[2].when.nth`.
    pub path: String,
    /// What is wrong there.
    pub what: String,
}

/// A value somewhere in a document.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    path: String,
    value: &'a Value,
}

/// An object somewhere in a document, of known members.
#[derive(Debug)]
pub struct Members<'a> {
    path: String,
    members: &'a Map<String, Value>,
}

impl<'a> Reader<'a> {
    /// The top of a document that is called `name`.
    pub fn new(name: &str, value: &'a Value) -> Self {
        Reader { path: name.to_owned(), value }
    }

    /// An object that has no other members than these.
    ///
    /// # Errors
    /// It is no object, or has another member.
    pub fn object(&self, known: &[&str]) -> Result<Members<'a>, Unreadable> {
        let members = self.value.as_object().ok_or_else(|| self.wrong("is not an object"))?;
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.wrong(format!("has no member `{name}`; known are {}", known.join(", ")))),
            None => Ok(Members { path: self.path.clone(), members }),
        }
    }

    /// A choice: a text, or an object of one member whose name says which and whose value says how.
    ///
    /// # Errors
    /// It is neither.
    pub fn choice(&self) -> Result<(&'a str, Option<Reader<'a>>), Unreadable> {
        match self.value {
            Value::String(name) => Ok((name, None)),
            Value::Object(members) if members.len() == 1 => {
                let (name, value) = members.iter().next().expect("it has one member");
                Ok((name, Some(Reader { path: format!("{}.{name}", self.path), value })))
            }
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                Err(self.wrong("is not a name, and not an object of one member"))
            }
        }
    }

    /// The items of a list.
    ///
    /// # Errors
    /// It is no list.
    pub fn items(&self) -> Result<Vec<Reader<'a>>, Unreadable> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("is not a list"))?;
        let item = |(at, value)| Reader { path: format!("{}[{at}]", self.path), value };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A text.
    ///
    /// # Errors
    /// It is none.
    pub fn text(&self) -> Result<&'a str, Unreadable> {
        self.value.as_str().ok_or_else(|| self.wrong("is not a text"))
    }

    /// True or false.
    ///
    /// # Errors
    /// It is neither.
    pub fn flag(&self) -> Result<bool, Unreadable> {
        self.value.as_bool().ok_or_else(|| self.wrong("is not true or false"))
    }

    /// A number of at least 0 and at most `most`.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, most: f64) -> Result<f64, Unreadable> {
        let number = self.value.as_f64().filter(|number| (0.0..=most).contains(number));
        number.ok_or_else(|| self.wrong(format!("is not a number from 0 to {most}")))
    }

    /// A whole number within bounds.
    ///
    /// # Errors
    /// It is none.
    pub fn whole(&self, least: i64, most: i64) -> Result<i64, Unreadable> {
        let number = self.value.as_i64().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.wrong(format!("is not a whole number from {least} to {most}")))
    }

    /// The value as it is.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Something that is wrong with this value.
    pub fn wrong(&self, what: impl Into<String>) -> Unreadable {
        Unreadable { path: self.path.clone(), what: what.into() }
    }
}

impl<'a> Members<'a> {
    /// A member that may be left out.
    pub fn get(&self, name: &str) -> Option<Reader<'a>> {
        let value = self.members.get(name)?;
        Some(Reader { path: format!("{}.{name}", self.path), value })
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn need(&self, name: &str) -> Result<Reader<'a>, Unreadable> {
        let missing = || Unreadable { path: self.path.clone(), what: format!("has no `{name}`, which it needs") };
        self.get(name).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_where_a_document_is_wrong() {
        let document = json!({"a": [{"b": "x"}]});
        let top = Reader::new("file", &document).object(&["a"]).unwrap();
        let items = top.need("a").unwrap().items().unwrap();
        let item = items[0].object(&["b"]).unwrap();
        assert_eq!(item.need("b").unwrap().whole(0, 9).unwrap_err().path, "file.a[0].b");
        assert_eq!(item.need("c").unwrap_err().path, "file.a[0]");
        let unknown = items[0].object(&["c", "d"]).unwrap_err();
        assert_eq!(unknown.to_string(), "file.a[0]: has no member `b`; known are c, d");
    }
}
