//! `evenkeel schema` and `evenkeel check`: tables without AWS.

use crate::model::row::ServiceTable;
use crate::table::schema_text;

use super::args::Format;
use super::exit::Exit;
use super::output::Output;

/// Prints the JSON Schema of tables.
pub(super) fn schema(output: &Output) -> Exit {
    output.text(&schema_text());
    Exit::Done
}

/// Says what good tables hold; bad ones never come here.
pub(super) fn check(output: &Output, tables: &[ServiceTable]) -> Exit {
    match output.format {
        Format::Text => {
            for table in tables {
                let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
                output.text(&format!("{}: {} rows ({})", table.name, names.len(), names.join(", ")));
            }
        }
        Format::Json => {
            let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
            output.json(&serde_json::json!({
                "apiVersion": "evenkeel.dev/v1", "kind": "Problems", "problems": [], "tables": names,
            }));
        }
    }
    Exit::Done
}
