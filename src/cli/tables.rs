//! Reads the tables that were named, files and folders; every problem of every table, before any AWS call.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::controller::reload::File;
use crate::model::row::ServiceTable;
use crate::table::{ProblemJson, Problems, read_all};

use super::args::Format;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;

/// CGAP's table, for commands that can do without one.
pub(super) const CGAP: (&str, &[u8]) = ("specs/cgap.yaml", include_bytes!("../../specs/cgap.yaml"));

/// A table is some hundred lines; what is over this is no table, and is not read into memory.
const LARGEST: u64 = 2 * 1024 * 1024;

/// The tables, or all their problems.
pub(super) fn load(output: &Output, paths: &[PathBuf]) -> Result<Vec<ServiceTable>, Failure> {
    let mut files = Vec::new();
    for path in expand(paths)? {
        files.push((path.display().to_string(), bytes(&path)?));
    }
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    read(output, &named)
}

/// What the files hold now, for a controller that reads them again and again; `None` if a folder cannot be listed.
/// A file of a folder that is not there any more is left out. One that was named by itself is meant to be there.
pub(super) fn snapshot(paths: &[PathBuf]) -> Option<BTreeMap<String, File>> {
    let mut files = BTreeMap::new();
    for path in paths {
        let found = if path.is_dir() { listed(path).ok()? } else { vec![path.clone()] };
        for file in found {
            let read = match bytes(&file) {
                Ok(bytes) => File::Read(bytes),
                Err(failure) => File::Unreadable(failure.message),
            };
            files.insert(file.display().to_string(), read);
        }
    }
    Some(files)
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
        let found = listed(path)?;
        if found.is_empty() {
            return Err(Failure::input(format!("{} has no tables", path.display())).hint("tables end in .yaml or .yml"));
        }
        files.extend(found);
    }
    Ok(files)
}

/// The tables of a folder.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let is_table = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") && path.is_file()
    };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_table).collect();
    found.sort();
    Ok(found)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if size.is_file() && size.len() > LARGEST {
        return Err(
            Failure::input(format!("{} has {} bytes", path.display(), size.len())).hint("a table has 1 MiB at most")
        );
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::input(format!("{} cannot be read: {error}", path.display()))
        .hint("name a service table, as specs/cgap.yaml")
}
