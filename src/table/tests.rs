//! What the table's inside promises; what people see of it is in `tests/table.rs`.

use super::read;

#[test]
fn reads_the_users_table() {
    let table = read("specs/cgap.yaml", include_bytes!("../../specs/cgap.yaml"));
    if let Err(problems) = &table {
        panic!("{}", problems.render(false, 100));
    }
}
