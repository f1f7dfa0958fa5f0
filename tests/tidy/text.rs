//! Rust source without its comments and literals, so that rules read code and not prose.
//!
//! Every character that is taken out leaves a space and every newline stays, so that lines keep their numbers.

/// The code of a source text: comments, strings and characters are blanks.
pub(super) fn code(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = at + literal(&chars[at..], at.checked_sub(1).map(|before| chars[before]));
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

/// How long the comment or literal is that begins here; 0 if none does.
fn literal(rest: &[char], before: Option<char>) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => string(rest),
        ['r', '"' | '#', ..] if !before.is_some_and(is_word_without_prefix) => raw_string(rest),
        ['\'', '\\', ..] => character(rest),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    }
}

/// Whether an `r` after this character is the end of a word; `br"` and `cr"` are literals too.
fn is_word_without_prefix(before: char) -> bool {
    (before.is_alphanumeric() || before == '_') && before != 'b' && before != 'c'
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] if depth == 1 => return at + 2,
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"` and `r#"…"#`; a raw identifier such as `r#type` is none.
fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let body = 2 + hashes;
    let found = rest[body..].windows(close.len()).position(|window| window == close);
    found.map_or(rest.len(), |at| body + at + close.len())
}

fn character(rest: &[char]) -> usize {
    // The escaped character itself may be a quote.
    let close = rest.iter().skip(3).position(|&c| c == '\'');
    close.map_or(rest.len(), |at| at + 4)
}

#[track_caller]
fn check(source: &str, expect: &str) {
    let found = code(source);
    assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), expect);
    assert_eq!(found.lines().count(), source.lines().count(), "lines moved");
}

#[test]
fn comments_are_no_code() {
    check("a // b\nc /* d /* e */ f\n */ g", "a c g");
    check("/// [`crate::aws`]\nfn f() {}", "fn f() {}");
}

#[test]
fn literals_are_no_code() {
    check(r##"f("a \" b", r#"c " d"#, br"e", 'x', '\'', '"') g"##, "f( , , b , , , ) g");
}

#[test]
fn lifetimes_and_raw_identifiers_are_code() {
    check("fn f<'a>(r#type: &'a str, number: u8) {}", "fn f<'a>(r#type: &'a str, number: u8) {}");
}
