//! Text to `ServiceTable`: the only door through which a table comes in.
//!
//! In the order in which a fact travels: `source` makes text of bytes, `compose` a tree with positions of text,
//! `walk` holds the tree against the schema of `document`, `check` reads the meaning with the model's parsers.
//! Each step collects what it finds and goes on; `problem` puts it in order and `render` shows it.
//! Reads no files and asks no AWS.

mod arn;
mod check;
mod compose;
mod document;
mod node;
mod problem;
mod read;
mod render;
mod row;
mod schema;
mod selector;
mod source;
mod syntax;
mod together;
mod walk;
mod words;

pub use problem::{Problem, ProblemJson, Problems};
pub use read::{read, read_all};
pub use schema::{schema, schema_text};
pub use together::share_a_service;
