//! Holds the house to its rules by reading the tree: who may import whom, and how files look.
//!
//! Nothing is compiled or run here. `claims` has one test for each rule over the whole tree; every other module is
//! one kind of rule, with a small text that breaks it beside it, so that no rule can pass by finding nothing.
//! Rules that a lint can hold (function length, `unwrap`, the wall clock) are in Cargo.toml and clippy.toml instead.

mod tidy {
    mod claims;
    mod crates;
    mod finding;
    mod imports;
    mod manifest;
    mod names;
    mod page;
    mod policy;
    mod rooms;
    mod shape;
    mod text;
    mod tokens;
    mod tree;
    mod wording;
}
