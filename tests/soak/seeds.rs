//! Many seeds, on every core, and what is told of the first that fails.
//!
//! The only file of the soak that reads a clock and the environment: how many seeds, from which on, and how fast it went.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

use super::play::play;
use super::shrink::shrunk;
use super::story::Story;
use super::telling::tell;

/// Seeds that are gone through if nobody says otherwise: a minute and a bit of two cores. `make soak` takes as many as one
/// likes.
const FIXED: u64 = 2000;

#[derive(Default)]
struct Tally {
    next: AtomicU64,
    done: AtomicU64,
    runs: AtomicUsize,
    lasted_ms: AtomicI64,
    failed: AtomicU64,
    stop: AtomicBool,
}

#[test]
fn no_seed_brings_harm() {
    let (from, count, threads) = asked();
    let tally = Tally { next: AtomicU64::new(from), failed: AtomicU64::new(u64::MAX), ..Tally::default() };
    let began = now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&tally, from + count, count > FIXED, began));
        }
    });
    sum_up(&tally, began);
    let failed = tally.failed.load(Ordering::Relaxed);
    assert_eq!(failed, u64::MAX, "{}", report(failed));
    assert!(tally.runs.load(Ordering::Relaxed) as u64 >= count / 4, "hardly any story comes to a run");
}

#[test]
fn the_same_seed_is_the_same_history_to_the_byte() {
    for seed in [3, 11, 12] {
        let story = Story::of(seed);
        let (first, second) = (play(&story, None, true), play(&story, None, true));
        assert_eq!(first.hash, second.hash, "seed {seed}");
        assert!(first.journal.len() > 100);
    }
}

/// Goes through seeds until there are none left or one has failed.
fn work(tally: &Tally, end: u64, progress: bool, began: std::time::Instant) {
    while !tally.stop.load(Ordering::Relaxed) {
        let seed = tally.next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let played = play(&Story::of(seed), None, false);
        tally.runs.fetch_add(played.runs, Ordering::Relaxed);
        tally.lasted_ms.fetch_add(played.lasted_ms, Ordering::Relaxed);
        if !played.harms.is_empty() {
            tally.failed.fetch_min(seed, Ordering::Relaxed);
            tally.stop.store(!keeps_going(), Ordering::Relaxed);
            say(&format!("seed {seed}: {}", played.harms[0]));
        }
        let done = tally.done.fetch_add(1, Ordering::Relaxed) + 1;
        if progress && done.is_multiple_of(1000) {
            sum_up(tally, began);
        }
    }
}

fn sum_up(tally: &Tally, began: std::time::Instant) {
    let seconds = now().duration_since(began).as_secs_f64();
    let (done, runs) = (tally.done.load(Ordering::Relaxed), tally.runs.load(Ordering::Relaxed));
    let years = tally.lasted_ms.load(Ordering::Relaxed) as f64 / 1000.0 / 86_400.0 / 365.25;
    let rate = done as f64 / seconds;
    say(&format!("{done} seeds in {seconds:.0} s, {rate:.1} a second; {years:.2} simulated years, {runs} runs"));
}

/// How to do it again, the shortest story that still fails, and how it reads.
fn report(seed: u64) -> String {
    if seed == u64::MAX {
        return String::new();
    }
    let short = shrunk(&Story::of(seed), |story| play(story, None, false).harms.into_iter().next());
    let played = play(&short, None, true);
    format!("seed {seed} brings harm. Again: make soak SEEDS=1 FROM={seed}\n{}", tell(&short, &played))
}

/// From which seed on, how many, on how many threads.
#[expect(clippy::disallowed_methods, reason = "make soak says by the environment which seeds it means")]
fn asked() -> (u64, u64, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    (number("SOAK_FROM").unwrap_or(1), number("SOAK_SEEDS").unwrap_or(FIXED), number("SOAK_THREADS").unwrap_or(cores))
}

/// Whether a failed seed does not end the run: for counting.
#[expect(clippy::disallowed_methods, reason = "make soak says by the environment what it wants")]
fn keeps_going() -> bool {
    std::env::var("SOAK_KEEP_GOING").is_ok()
}

#[expect(clippy::disallowed_methods, reason = "how fast it went is told to whoever waits; nothing is judged by it")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[expect(clippy::print_stderr, reason = "progress, for whoever waits")]
fn say(what: &str) {
    eprintln!("{what}");
}
