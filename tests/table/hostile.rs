//! Files that were built to break the reader.

use std::fmt::Write;

use evenkeel::model::row::ServiceTable;
use evenkeel::model::size::FargateSize;
use evenkeel::table::read;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::{check, problems, with};

const CGAP: &str = include_str!("../../specs/cgap.yaml");

#[test]
fn refuses_more_than_one_mebibyte() {
    let at_most = format!("#{}\n{}", " ".repeat(1024 * 1024 - CGAP.len() - 2), CGAP);
    assert_eq!(at_most.len(), 1024 * 1024);
    assert!(read("cgap.yaml", at_most.as_bytes()).is_ok());
    check(format!("#{at_most}"), "1:1", "the file has 1048577 bytes", "at most 1048576 bytes (1 MiB)");
}

#[test]
fn refuses_aliases_that_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..=9 {
        let part = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{part}]").expect("a string takes all");
    }
    check(bomb, "5:30", "the table grows beyond 50000 values here", "an alias counts with all that it stands for");
}

#[test]
fn refuses_a_long_text_many_times() {
    let bomb = format!("long: &long {}\nmany: [{}]\n", "x".repeat(500_000), "*long,".repeat(40_000));
    check(bomb, "2:26", "the table grows beyond 2097152 bytes here", "an alias counts with all that it stands for");
}

#[test]
fn refuses_depth() {
    for (open, place) in [("[", "1:65"), ("{a: ", "1:257")] {
        check(open.repeat(100_000), place, "not YAML", "a table is seven levels deep");
    }
    let block: String = (0..500).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    check(block, "65:65", "not YAML", "a table is seven levels deep");
}

#[test]
fn refuses_more_values_than_any_table_has() {
    let many = with("count: 2", &format!("notes: [{}]", "x,".repeat(60_000)));
    let found = problems(many);
    assert!(found.list[0].problem.contains("beyond 50000 values"), "{found}");
}

#[test]
fn shows_a_long_line_without_its_length() {
    let long = problems(with("name: web", &format!("name: {}", "x".repeat(500_000)))).render(false, 100);
    assert!(long.len() < 4_000, "{} bytes", long.len());
}

#[test]
fn finds_every_one_of_a_thousand_faults() {
    let rows: String =
        (0..1000).map(|row| format!("    - {{ name: r{row}, service: {{ name: s{row} }}, count: -1 }}\n")).collect();
    assert_eq!(problems(super::with_rows(&rows)).list.len(), 1000);
}

/// The promises that hold for every text, table or not.
fn keeps_its_promises(bytes: &[u8]) {
    let problems = match read("any.yaml", bytes) {
        Ok(table) => return means_something(&table),
        Err(problems) => problems,
    };
    assert!(!problems.list.is_empty());
    for problem in &problems.list {
        assert!(problem.line >= 1 && problem.column >= 1);
        assert!(!problem.problem.is_empty() && !problem.hint.is_empty(), "{problem:?}");
        assert!(!problem.problem.contains("fits its schema"), "{problem:?}");
        assert!(problems.source.get(problem.span.clone()).is_some(), "{problem:?}");
    }
    assert!(problems.list.is_sorted_by_key(|problem| problem.span.start));
    let mut told: Vec<_> =
        problems.list.iter().map(|problem| (&problem.span, &problem.path, &problem.problem)).collect();
    told.sort_by_key(|(span, path, problem)| (span.start, span.end, *path, *problem));
    told.dedup();
    assert_eq!(told.len(), problems.list.len(), "the same fault twice:\n{problems}");
    assert!(problems.render(true, 80).contains("hint:"));
}

/// What holds for every table that is accepted, so that nobody has to ask again.
fn means_something(table: &ServiceTable) {
    let mut names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), table.rows.len(), "{names:?}");
    assert!(table.service_rows().next().is_some());
    assert!(table.rows.iter().filter(|row| row.task().is_some()).count() <= 1);
    for row in &table.rows {
        assert!(row.count.is_none_or(|count| count <= 5000 && (count == 0 || row.task().is_none())), "{row:?}");
        if let (Some(vcpu), Some(memory)) = (row.vcpu, row.memory) {
            assert!(FargateSize::new(vcpu, memory).is_ok(), "{row:?}");
        }
    }
}

/// Words that a table is made of, and that break one.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~äé\\t\\n]{0,12}",
        prop::sample::select(vec![
            "-1",
            ".nan",
            "1e9",
            "{",
            "}",
            "[",
            "]",
            ":",
            "- ",
            "\"",
            "'",
            "&a ",
            "*a",
            "!t ",
            "<<: ",
            "|",
            ">",
            "\n",
            "\r\n",
            "\t",
            "  ",
            "---\n",
            "...\n",
            "#",
            "~",
            "true",
            "name",
            "service:",
            "task:",
            "count: ",
            "rows:",
            "\u{feff}",
            "\0",
            "\u{2028}",
            "arn:aws:ecs:us-east-1:123456789012:cluster/x",
            "%YAML 1.2\n",
            "? ",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    // The same cases every time: a table that nobody thought of is found by whoever raises PROPTEST_CASES.
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(20_261_009),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn reads_any_bytes_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        keeps_its_promises(&bytes);
    }

    #[test]
    fn reads_any_words_without_panic(words in prop::collection::vec(word(), 0..40)) {
        keeps_its_promises(words.concat().as_bytes());
    }

    #[test]
    fn reads_a_mangled_table_without_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, word()), 1..6),
    ) {
        let mut text: Vec<char> = CGAP.chars().collect();
        for (place, gone, put) in edits {
            let start = place.index(text.len());
            let end = (start + gone).min(text.len());
            text.splice(start..end, put.chars());
        }
        keeps_its_promises(text.into_iter().collect::<String>().as_bytes());
    }
}
