//! Reads a file whole: bounded, and at a second reading only where a read ends.
//!
//! Somebody may put a pipe or a socket in a file's place under a running controller, and a read of those waits for whoever
//! writes to them. At the start a pipe is as good as a file (`/dev/stdin`, `<(…)`).

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// The bytes of whatever it is.
///
/// # Errors
/// Why there are none, without the path.
pub(super) fn first(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    bytes(file, most)
}

/// The bytes of a regular file.
///
/// # Errors
/// As `first`; or it is something else.
pub(super) fn again(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    // Asked before it is opened: that alone would wait for a pipe's other end.
    let is_file = fs::metadata(path).map_err(|error| error.to_string())?.is_file();
    if is_file { first(path, most) } else { Err("it is no regular file".to_owned()) }
}

fn bytes(file: File, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= most);
    if fits { Ok(bytes) } else { Err(format!("it has more than {most} bytes")) }
}
