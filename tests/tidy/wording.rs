//! What no source file may say: printing, the environment, sleeping, silenced lints, unfinished work, machine paths.

use super::finding::Finding;
use super::text::code;
use super::tokens::{lines_with, tokens};
use super::tree::File;

/// A sequence of tokens that is found everywhere but in some files.
pub(super) struct Ban {
    sequence: &'static [&'static str],
    but_in: &'static [&'static str],
    instead: &'static str,
}

const PRINT: &str = "only cli/output.rs writes, by writeln!; return the text instead";
const UNFINISHED: &str = "finish it, or leave it out";
const SORTED: &str = "its order is not the same on every run; take a BTreeMap or BTreeSet";

/// Nobody prints but the one printer, which writes to a handle.
pub(super) const PRINTING: [Ban; 4] = [
    Ban { sequence: &["println", "!"], but_in: &[], instead: PRINT },
    Ban { sequence: &["print", "!"], but_in: &[], instead: PRINT },
    Ban { sequence: &["eprintln", "!"], but_in: &[], instead: PRINT },
    Ban { sequence: &["eprint", "!"], but_in: &[], instead: PRINT },
];

/// The environment comes in at one door.
pub(super) const ENVIRONMENT: [Ban; 1] =
    [Ban { sequence: &["env", "::"], but_in: &["src/cli/args.rs"], instead: "cli/args.rs reads the environment" }];

/// Nobody sleeps on the wall clock but the demo, for those who watch.
pub(super) const SLEEPING: [Ban; 2] = [
    Ban { sequence: &["thread", "::", "sleep"], but_in: &["src/cli/watch.rs"], instead: "use virtual time" },
    Ban { sequence: &["thread", "::", "{"], but_in: &[], instead: "name `thread::x` whole, so that sleeping is seen" },
];

/// Nothing is left half done.
pub(super) const UNFINISHED_WORK: [Ban; 3] = [
    Ban { sequence: &["todo", "!"], but_in: &[], instead: UNFINISHED },
    Ban { sequence: &["unimplemented", "!"], but_in: &[], instead: UNFINISHED },
    Ban { sequence: &["dbg", "!"], but_in: &[], instead: UNFINISHED },
];

/// Tests that are switched off say nothing.
pub(super) const SWITCHED_OFF: [Ban; 1] =
    [Ban { sequence: &["#", "[", "ignore"], but_in: &[], instead: "mend the test, or delete it" }];

/// The same input gives the same output.
pub(super) const UNORDERED: [Ban; 2] = [
    Ban { sequence: &["HashMap"], but_in: &[], instead: SORTED },
    Ban { sequence: &["HashSet"], but_in: &[], instead: SORTED },
];

/// Places where one of these is found.
pub(super) fn banned(bans: &[Ban], file: &File) -> Vec<Finding> {
    let tokens = tokens(&file.text);
    let bans = bans.iter().filter(|ban| !ban.but_in.contains(&file.path.as_str()));
    let found = bans.flat_map(|ban| {
        let lines = lines_with(&tokens, ban.sequence).into_iter();
        lines.map(|line| Finding::new(&file.path, line, format!("{}: {}", ban.sequence.concat(), ban.instead)))
    });
    found.collect()
}

/// Options of the command line that read the environment outside the one file that may.
pub(super) fn environment_options(file: &File) -> Vec<Finding> {
    if file.path == "src/cli/args.rs" {
        return Vec::new();
    }
    let text = code(&file.text);
    let lines = text.lines().enumerate().filter(|(_, line)| line.contains("arg(") && line.contains("env"));
    lines.map(|(at, _)| Finding::new(&file.path, at + 1, "an option that reads the environment")).collect()
}

/// Lints that are switched off without a trace, or expected without a reason.
pub(super) fn silenced(file: &File) -> Vec<Finding> {
    let tokens = tokens(&file.text);
    let mut found: Vec<Finding> = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let attribute = at > 0 && matches!(tokens[at - 1].text.as_str(), "[" | ",") && pair[1].text == "(";
        if attribute && pair[0].text == "allow" {
            let what = "`allow` stays when its reason is gone; write #[expect(lint, reason = \"…\")]";
            found.push(Finding::new(&file.path, pair[0].line, what));
        }
        let mut inside = tokens[at..].iter().take_while(|token| token.text != "]");
        if attribute && pair[0].text == "expect" && !inside.any(|token| token.text == "reason") {
            found.push(Finding::new(&file.path, pair[0].line, "an expected lint without a reason"));
        }
    }
    found
}

/// Paths that exist on one machine only. Any text, not only code.
pub(super) fn machine_paths(file: &File) -> Vec<Finding> {
    let folders = ["home", "Users", "root", "tmp", "work", "mnt"].map(|folder| format!("/{folder}/"));
    let mut found = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for folder in &folders {
            let begins = |(at, _): &(usize, &str)| {
                !line[..*at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '}' | '/'))
            };
            if line.match_indices(folder.as_str()).any(|found| begins(&found)) {
                found.push(Finding::new(&file.path, at + 1, format!("a path of one machine, below {folder}")));
            }
        }
    }
    found
}

fn file(text: &str) -> File {
    File { path: "src/plan/gate.rs".to_owned(), text: text.to_owned() }
}

#[test]
fn finds_each_ban() {
    let check = |bans: &[Ban], text: &str| assert_eq!(banned(bans, &file(text)).len(), 1, "{text}");
    check(&PRINTING, "fn f() { println!(\"x\") }");
    check(&PRINTING, "fn f() { eprint!(\"x\") }");
    check(&ENVIRONMENT, "let x = std::env::var(\"X\");");
    check(&SLEEPING, "std::thread::sleep(x);");
    check(&SLEEPING, "use std::thread::{sleep, spawn};");
    check(&UNFINISHED_WORK, "todo!()");
    check(&UNFINISHED_WORK, "dbg!(x);");
    check(&SWITCHED_OFF, "#[ignore = \"slow\"]");
    check(&UNORDERED, "use std::collections::HashMap;");
}

#[test]
fn prose_is_not_banned() {
    assert!(banned(&UNFINISHED_WORK, &file("// todo!() is not allowed\nlet x = \"dbg!\";")).is_empty());
}

#[test]
fn finds_an_option_that_reads_the_environment() {
    assert_eq!(environment_options(&file("#[arg(long, env = \"X\")]")).len(), 1);
    assert!(environment_options(&file("#[arg(long)]\nlet env = 1;")).is_empty());
}

#[test]
fn finds_a_silenced_lint() {
    assert_eq!(silenced(&file("#[allow(dead_code)]")).len(), 1);
    assert_eq!(silenced(&file("#![allow(dead_code)]")).len(), 1);
    assert_eq!(silenced(&file("#[cfg_attr(test, allow(dead_code))]")).len(), 1);
    assert_eq!(silenced(&file("#[expect(dead_code)]")).len(), 1);
    assert!(silenced(&file("#[expect(\n    dead_code,\n    reason = \"x\"\n)]\nlet x = y.expect(\"z\");")).is_empty());
}

#[test]
fn finds_a_path_of_one_machine() {
    assert_eq!(machine_paths(&file(&format!("see {}home/me/x", '/'))).len(), 1);
    assert!(machine_paths(&file("see src/home/x and https://example.com/home/x")).is_empty());
}
