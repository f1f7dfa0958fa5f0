//! What black-box tests share: the users' table, and questions to the world.

use evenkeel::lab::bench::Lab;
use evenkeel::model::row::ServiceTable;

/// The users' table.
pub fn cgap() -> ServiceTable {
    evenkeel::table::read("specs/cgap.yaml", include_bytes!("../../specs/cgap.yaml")).unwrap()
}

/// The world, as its journal tells it.
pub struct World {
    lines: Vec<serde_json::Value>,
}

impl World {
    pub fn of(lab: &Lab) -> Self {
        Self { lines: lab.journal() }
    }

    pub fn writes(&self) -> usize {
        for line in &self.lines {
            println!("{}", line.to_string().chars().take(220).collect::<String>());
        }
        self.lines.len()
    }
}
