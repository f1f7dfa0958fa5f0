//! One line of every shape that the tests of this process see, kept for `make test-clients` to hold to AWS's models.

use std::fs::{File, create_dir_all};
use std::io::Write;
use std::sync::{Mutex, OnceLock};

use evenkeel::simulator::journal::Shapes;
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp/journals");

struct Seen {
    shapes: Shapes,
    file: File,
}

static SEEN: OnceLock<Mutex<Seen>> = OnceLock::new();

/// Keeps the lines of a journal whose shape is new.
pub(crate) fn keep(lines: &[Value]) {
    let seen = SEEN.get_or_init(|| {
        create_dir_all(FOLDER).expect("the target folder can be written");
        let file = File::create(format!("{FOLDER}/{}.jsonl", env!("CARGO_CRATE_NAME"))).expect("a file there");
        Mutex::new(Seen { shapes: Shapes::default(), file })
    });
    let Ok(mut seen) = seen.lock() else { return };
    for line in lines {
        if seen.shapes.is_new(line) {
            writeln!(seen.file, "{line}").expect("the target folder can be written");
        }
    }
}
