//! The files of the repository, read once for each claim. No rule lives here.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
}

/// Folders that hold what this project wrote.
const WRITTEN: [&str; 6] = ["src", "tests", "benches", "docs", "specs", ".ci"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One file.
pub(super) fn file(path: &str) -> File {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File { path: path.to_owned(), text }
}

/// The Rust files below these folders.
pub(super) fn rust(folders: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut paths);
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let found: Vec<File> = paths.iter().map(|path| file(&relative(path))).collect();
    assert!(!found.is_empty(), "no Rust file below {folders:?}");
    found
}

/// Every text file that this project wrote.
pub(super) fn texts() -> Vec<File> {
    let mut paths = Vec::new();
    for folder in WRITTEN {
        collect(&root().join(folder), &mut paths);
    }
    paths.extend(entries(&root()).into_iter().filter(|path| path.is_file() && !is_hidden(path)));
    let read = |path: &PathBuf| Some(File { path: relative(path), text: fs::read_to_string(path).ok()? });
    paths.iter().filter_map(read).collect()
}

/// The names at the top of the repository; what is hidden belongs to tools.
pub(super) fn top() -> Vec<String> {
    entries(&root()).iter().filter(|path| !is_hidden(path)).map(|path| relative(path)).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() { collect(&path, into) } else { into.push(path) }
    }
}

/// In order, so that findings are. A folder that is not there has none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("every path is found below the root").to_string_lossy().replace('\\', "/")
}
