//! The shortest story that still fails: deeds are dropped from its end by bisection, then one by one.

use super::story::Story;

/// A story with fewer deeds that fails by the same invariant. It is the same story if nothing can go.
pub(super) fn shrunk(story: &Story, fails: impl Fn(&Story) -> Option<String>) -> Story {
    let Some(how) = fails(story) else { return story.clone() };
    let with = |deeds: &[super::story::Deed]| Story { deeds: deeds.to_vec(), ..story.clone() };
    let invariant = |how: &str| how.split(' ').next().unwrap_or_default().to_owned();
    let still = |story: &Story| fails(story).is_some_and(|now| invariant(&now) == invariant(&how));
    // The shortest beginning.
    let (mut least, mut most) = (0, story.deeds.len());
    while least < most {
        let middle = usize::midpoint(least, most);
        if still(&with(&story.deeds[..middle])) { most = middle } else { least = middle + 1 }
    }
    let mut deeds = story.deeds[..most].to_vec();
    // Whatever of it is not needed.
    let mut n = deeds.len();
    while n > 0 {
        n -= 1;
        let mut fewer = deeds.clone();
        fewer.remove(n);
        if still(&with(&fewer)) {
            deeds = fewer;
        }
    }
    with(&deeds)
}

#[test]
fn keeps_only_the_deeds_that_it_takes() {
    use super::story::{Deed, What};
    let mut story = Story::of(1);
    let count = |at: i64| Deed { at, what: What::Count(0, at) };
    story.deeds = (0..20).map(count).collect();
    let both = |story: &Story| {
        let has = |at: i64| story.deeds.iter().any(|deed| deed.at == at);
        (has(3) && has(11)).then(|| "I1 at noon".to_owned())
    };
    let left: Vec<i64> = shrunk(&story, both).deeds.iter().map(|deed| deed.at).collect();
    assert_eq!(left, [3, 11]);
}
