//! The rules of the house, each as one claim about the whole tree.

use super::finding::{Finding, none};
use super::tree::{File, file, rust, texts, top};
use super::wording::{Ban, banned};
use super::{crates, manifest, names, rooms, shape, wording};

const EVERYWHERE: [&str; 3] = ["src", "tests", "benches"];
const PRODUCT: [&str; 1] = ["src"];
const PURE: [&str; 2] = ["src/model", "src/plan"];

fn architecture() -> String {
    file("docs/architecture.md").text
}

/// One rule over all Rust files below these folders.
#[track_caller]
fn check<F: IntoIterator<Item = Finding>>(folders: &[&str], rule: impl Fn(&File) -> F) {
    none(rust(folders).iter().flat_map(rule));
}

#[track_caller]
fn check_bans(folders: &[&str], bans: &[Ban]) {
    check(folders, |file| banned(bans, file));
}

#[test]
fn rooms_import_only_what_the_architecture_lists() {
    let list = rooms::allow_list(&architecture());
    check(&PRODUCT, |file| rooms::unlisted(&list, file));
}

#[test]
fn rooms_have_no_circle() {
    assert_eq!(rooms::circle(&rooms::allow_list(&architecture())), None);
}

#[test]
fn outside_crates_stay_within_their_fences() {
    let fences = crates::fences(&architecture());
    check(&PRODUCT, |file| crates::outside(&fences, file));
}

#[test]
fn decisions_are_pure() {
    check(&PURE, crates::impure);
}

#[test]
fn every_file_says_what_it_owns() {
    check(&EVERYWHERE, shape::undocumented);
}

#[test]
#[expect(clippy::print_stdout, reason = "a note for whoever runs it with --nocapture; nobody fails by it")]
fn no_file_is_too_long() {
    let files = rust(&EVERYWHERE);
    for note in files.iter().filter_map(shape::long) {
        println!("{note}");
    }
    none(files.iter().filter_map(shape::too_long));
}

#[test]
fn mod_files_are_tables_of_contents() {
    check(&PRODUCT, shape::more_than_contents);
}

#[test]
fn one_file_prints() {
    check_bans(&PRODUCT, &wording::PRINTING);
}

#[test]
fn one_file_reads_the_environment() {
    check_bans(&PRODUCT, &wording::ENVIRONMENT);
    check(&PRODUCT, wording::environment_options);
}

#[test]
fn nobody_sleeps_on_the_wall_clock() {
    check_bans(&EVERYWHERE, &wording::SLEEPING);
}

#[test]
fn nothing_is_left_unfinished() {
    check_bans(&EVERYWHERE, &wording::UNFINISHED_WORK);
}

#[test]
fn no_test_is_switched_off() {
    check_bans(&EVERYWHERE, &wording::SWITCHED_OFF);
}

#[test]
fn collections_have_an_order() {
    check_bans(&PRODUCT, &wording::UNORDERED);
}

#[test]
fn silenced_lints_have_a_reason() {
    check(&EVERYWHERE, wording::silenced);
}

#[test]
fn no_path_is_one_machines_own() {
    none(texts().iter().flat_map(wording::machine_paths));
}

#[test]
fn file_names_say_what_a_file_owns() {
    none(rust(&EVERYWHERE).iter().filter_map(|file| names::empty_name(&file.path)));
}

#[test]
fn nothing_stray_stands_at_the_top() {
    none(names::stray(&top()));
}

#[test]
fn every_dependency_has_its_reason() {
    none(manifest::unexplained(&file("Cargo.toml")));
}
