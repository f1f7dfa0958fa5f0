//! One line of every shape that the tests of this process see, kept for `make test-clients` to hold to AWS's models.

use std::fs::{File, create_dir_all};
use std::io::Write;
use std::sync::{Mutex, OnceLock};

use crate::simulator::journal::{Entry, Shapes};
use crate::simulator::world::Simulator;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp/journals");

struct Seen {
    shapes: Shapes,
    file: File,
}

static SEEN: OnceLock<Mutex<Seen>> = OnceLock::new();

/// Every world of a unit test leaves what it was asked and what it answered.
impl Drop for Simulator {
    fn drop(&mut self) {
        let seen = SEEN.get_or_init(|| {
            create_dir_all(FOLDER).expect("the target folder can be written");
            let file = File::create(format!("{FOLDER}/unit.jsonl")).expect("the target folder can be written");
            Mutex::new(Seen { shapes: Shapes::default(), file })
        });
        let Ok(mut seen) = seen.lock() else { return };
        for line in self.journal.lines().filter(|entry| entry.kind() == "api").map(Entry::line) {
            if seen.shapes.is_new(&line) {
                writeln!(seen.file, "{line}").expect("the target folder can be written");
            }
        }
    }
}
