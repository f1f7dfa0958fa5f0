//! Reads the tables that were named, files and folders; every problem of every table, before any AWS call.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::row::ServiceTable;
use crate::table::{ProblemJson, Problems, read_all};

use super::args::Format;
use super::exit::Exit;
use super::failure::Failure;
use super::file;
use super::output::Output;

/// CGAP's table, for commands that can do without one.
pub(super) const CGAP: (&str, &[u8]) = ("specs/cgap.yaml", include_bytes!("../../specs/cgap.yaml"));

/// A table is some hundred lines; what is over this is no table, and is not read into memory.
pub(super) const LARGEST: u64 = 2 * 1024 * 1024;

/// The tables, or all their problems.
pub(super) fn load(output: &Output, paths: &[PathBuf]) -> Result<Vec<ServiceTable>, Failure> {
    let files = files(paths)?;
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    read(output, &named)
}

/// The files that were named, and those of folders that were: each with its bytes.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    expand(paths)?.iter().map(|path| Ok((path.display().to_string(), bytes(path)?))).collect()
}

/// One table.
pub(super) fn load_one(output: &Output, path: &Path) -> Result<ServiceTable, Failure> {
    let tables = load(output, &[path.to_owned()])?;
    match <[ServiceTable; 1]>::try_from(tables) {
        Ok([table]) => Ok(table),
        Err(many) => {
            Err(Failure::input(format!("{} holds {} tables", path.display(), many.len())).hint("name one of them"))
        }
    }
}

/// Reads tables, printing their problems.
pub(super) fn read(output: &Output, files: &[(&str, &[u8])]) -> Result<Vec<ServiceTable>, Failure> {
    read_all(files).map_err(|problems| {
        show(output, &problems);
        Failure { exit: Exit::BadInput, message: String::new(), hint: None }
    })
}

pub(super) fn show(output: &Output, problems: &[Problems]) {
    const WIDTH: usize = 100;
    match output.format {
        Format::Text => {
            for problems in problems {
                output.say(&problems.render(output.talk.color, WIDTH));
            }
        }
        Format::Json => {
            let all: Vec<ProblemJson<'_>> = problems.iter().flat_map(Problems::json).collect();
            output.json(&serde_json::json!({
                "apiVersion": "evenkeel.dev/v1", "kind": "Problems", "problems": all,
            }));
        }
    }
}

fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let found = listed(path).map_err(|error| unreadable(path, &error))?;
        if found.is_empty() {
            return Err(Failure::input(format!("{} has no tables", path.display())).hint("tables end in .yaml or .yml"));
        }
        files.extend(found);
    }
    Ok(files)
}

/// The tables of a folder, and what is meant to be one: a link that leads nowhere now may lead somewhere again.
pub(super) fn listed(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_table = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") && !path.is_dir()
    };
    let all: std::io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let mut found: Vec<PathBuf> = all?.into_iter().filter(is_table).collect();
    found.sort();
    Ok(found)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    file::first(path, LARGEST).map_err(|why| unreadable(path, &why))
}

fn unreadable(path: &Path, why: &dyn Display) -> Failure {
    Failure::input(format!("{} cannot be read: {why}", path.display())).hint("name a service table, as specs/cgap.yaml")
}
