//! Files that are YAML in part, or not at all.

use evenkeel::table::read_all;

use super::{check, only, problems, with};

#[test]
fn says_that_there_is_no_table() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "~\n"] {
        check(text, "1:1", "there is no table in this file", "apiVersion: evenkeel.dev/v1");
    }
    check("just words\n", "1:1", "expected fields, found the text `just words`", "apiVersion: evenkeel.dev/v1");
    check("[1, 2]\n", "1:1", "expected fields, found a list", "remove the dash");
}

#[test]
fn holds_one_table_in_one_file() {
    let good = with("count: 2", "count: 2");
    check(format!("{good}---\n{good}"), "14:1", "a second document in this file", "one file holds one table");
}

#[test]
fn names_both_places_of_a_field_that_is_stated_twice() {
    check(with("count: 2", "count: 2\n      count: 3"), "13:7", "field `count` is stated twice", "on line 12 already");
    check(with("kind:", "kind: ServiceTable\nkind:"), "3:1", "field `kind` is stated twice", "on line 2 already");
}

#[test]
fn says_what_breaks_the_yaml() {
    check(with("      count: 2", "\t  count: 2"), "12:1", "not YAML", "spaces; replace the tab");
    check(with("count: 2", "notes: Run: by hand"), "12:17", "not YAML", "a colon and a space in it stands in quotes");
    check(with("{ name: main }", "{ name: main"), "9:7", "not YAML", "every { and [ is closed");
    check(with("region: us-east-1", "region: \"us-east-1"), "7:11", "not YAML", "close the quotes");
    check(with("  region", "   region"), "7:4", "not YAML", "indentation");
    check(with("count: 2", "notes: @home"), "12:14", "not YAML", "stands in quotes");
    check(with("count: 2", "notes: \"a\\d\""), "12:14", "not YAML", "use single quotes");
}

#[test]
fn takes_an_asterisk_without_quotes_for_what_it_was_meant() {
    let quotes = "stands in quotes: \"*portal-*\"";
    check(
        with("{ name: web }", "{ glob: *portal-* }"),
        "11:24",
        "`*portal-*` is an alias that nothing defines",
        quotes,
    );
}

#[test]
fn has_no_use_for_tags_merge_keys_and_odd_names() {
    check(with("count: 2", "count: !!int \"2\""), "12:14", "`!!int` is a YAML tag", "remove it");
    check(with("count: 2", "<<: { count: 2 }"), "12:7", "merge keys", "write the fields out");
    check(with("count: 2", "[a, b]: 2"), "12:7", "a field's name must be a text", "name: value");
    check(with("{ name: main }", "&me { tag: *me }"), "8:23", "an alias stands inside of what it stands for", "");
}

#[test]
fn shows_the_byte_that_is_not_utf8() {
    let mut bytes = with("count: 2", "notes: ä").into_bytes();
    let umlaut = bytes.iter().rposition(|byte| *byte == 0xc3).expect("an umlaut");
    bytes.splice(umlaut..umlaut + 2, [0xe4]);
    check(bytes, "12:14", "the byte 0xe4 is not UTF-8", "save the file as UTF-8");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("kind: x".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    check(wide, "1:1", "the byte 0xff is not UTF-8", "UTF-16");
}

#[test]
fn counts_columns_in_characters() {
    let yaml = with("{ name: web }", "{ \"näme\": x, name: web }");
    check(&yaml, "11:18", "unknown field `näme`", "did you mean `name`?");
    let yaml = with("count: 2", "\"größe\": { äöü: 1 }\n      count: -1");
    let found = problems(yaml);
    assert_eq!((found.list[0].column, found.list[1].column), (7, 14), "{found}");
    check(
        with("- name: web", "- { name: web, use: \"€𝄞\", count: -1, service: { name: other } }\n    - name: api"),
        "10:38",
        "found -1",
        "",
    );
}

#[test]
fn finds_places_behind_crlf_and_a_byte_order_mark() {
    let yaml = with("count: 2", "count: -1");
    check(yaml.replace('\n', "\r\n"), "12:14", "found -1", "");
    check(format!("\u{feff}{yaml}"), "12:14", "found -1", "");
    check(format!("\u{feff}{}", with("apiVersion", "apiversion")), "1:1", "unknown field `apiversion`", "`apiVersion`");
}

#[test]
fn knows_the_path_and_the_text_of_a_problem() {
    let problem = only(with("count: 2", "vcpu: .24"));
    assert_eq!((problem.path.as_str(), problem.text.as_str()), ("spec.rows[0].vcpu", ".24"));
}

#[test]
fn refuses_two_tables_of_one_name() {
    let good = with("count: 2", "count: 2");
    let broken = with("count: 2", "count: -1");
    let found = read_all(&[("a.yaml", good.as_bytes()), ("b.yaml", broken.as_bytes())]).expect_err("the same name");
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = "b.yaml:4:9: a second table `web`; a.yaml on line 4 has that name; give this table its own\n\
        b.yaml:12:14: expected a whole number from 0 to 5000, found -1; ECS keeps at most 5000 tasks in a service; \
        0 keeps none";
    assert_eq!(said, [expected]);
}

#[test]
fn refuses_two_tables_of_one_service() {
    let mine = with("name: web\n", "name: mine\n");
    let said = |other: String| -> Vec<String> {
        let found = read_all(&[("a.yaml", mine.as_bytes()), ("b.yaml", other.as_bytes())]);
        found.err().into_iter().flatten().map(|problems| problems.to_string()).collect()
    };
    let copied = with("name: web\n", "name: copy\n");
    assert_ne!(copied, mine);
    let expected = "b.yaml:11:7: web finds its service in a second table; web of table `mine` finds it already, on line 11 \
        of a.yaml; look at `spec.cluster` and at the selectors";
    assert_eq!(said(copied.clone()), [expected]);
    let glob = |glob: &str| copied.replacen("service: { name: web }", &format!("service: {{ glob: {glob:?} }}"), 1);
    assert_eq!(said(glob("w*")).len(), 1, "a pattern that the other's name fits");
    assert_eq!(said(glob("v*")), [""; 0]);
    let moved = |from: &str, to: &str| {
        let moved = copied.replacen(from, to, 1);
        assert_ne!(moved, copied);
        moved
    };
    assert_eq!(said(moved("us-east-1", "us-west-2")), [""; 0]);
    assert_eq!(said(moved("cluster: { name: main", "cluster: { name: other")), [""; 0]);
}
