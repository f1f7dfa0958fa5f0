//! Somebody presses Ctrl-C, at any time: nothing is lost and nothing is doubled.

use std::io::Read;

use super::command::{SMALL, ended, signal};
use super::journal::{Journal, operation};
use super::sim::{LONG, Sim};

/// Begins a reconciliation of a kicked table, interrupts it as soon as the program has made `call`, and lets another
/// one go on. One one-off task, all the same.
#[track_caller]
fn interrupt_at(test: &str, call: &str, name: &str) {
    let sim = Sim::with(test, SMALL);
    let settled = sim.settled();
    sim.kick(&["web", "worker"]);
    let arguments = ["reconcile", "--once", "--timeout", LONG, sim.table.as_str()];
    let mut child = sim.command(&arguments).spawn().expect("the binary that cargo built starts");
    while !sim.journal(settled).calls().contains(&call) {
        let ended = child.try_wait().expect("a child can be asked");
        assert!(ended.is_none(), "it ended without {call}");
    }
    signal(&child, name);
    let ran = ended(child).ended_with(130);
    ran.says("interrupted");
    assert_eq!(ran.stdout, "");
    sim.reconcile().ended_with(0);
    let journal = sim.journal(settled);
    assert_eq!(journal.one_off_tasks().len(), 1);
    let runs = journal.writes().into_iter().filter(|entry| operation(entry) == "RunTask").count();
    assert!(runs >= 1, "{runs}");
}

#[test]
fn interrupted_while_it_looks_for_the_first_time() {
    interrupt_at("at-look", "DescribeServices", "INT");
}

#[test]
fn interrupted_right_after_it_wrote_the_record() {
    interrupt_at("at-record", "TagResource", "INT");
}

#[test]
fn interrupted_right_after_it_launched_the_task() {
    interrupt_at("at-launch", "RunTask", "INT");
}

#[test]
fn terminated_like_a_container_right_after_it_launched_the_task() {
    interrupt_at("at-term", "RunTask", "TERM");
}

fn succeeded(journal: &Journal) -> bool {
    let tags = journal.writes().into_iter().map(|entry| entry["input"]["tags"].to_string());
    tags.into_iter().any(|tags| tags.contains("state=succeeded"))
}

#[test]
fn a_controller_whose_words_nobody_reads_goes_on_and_ends_when_it_is_told_to() {
    let sim = Sim::with("unread", SMALL);
    let settled = sim.settled();
    let arguments = ["--log", "trace", "reconcile", sim.table.as_str()];
    let mut child = sim.command(&arguments).spawn().expect("the binary that cargo built starts");
    let mut unread = child.stderr.take().expect("stderr is kept");
    sim.kick(&["web", "worker"]);
    // Some hundreds are enough; one that stands still would be looked at for ever.
    let mut looks = 0..100_000;
    while !succeeded(&sim.journal(settled)) {
        assert!(child.try_wait().expect("a child can be asked").is_none(), "it ended by itself");
        assert!(looks.next().is_some(), "it stands still");
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut said = Vec::new();
    unread.read_to_end(&mut said).expect("a pipe can be read");
    // Those found no room any more: the pipe was full.
    let last = String::from_utf8_lossy(&said).contains("what was begun stands on AWS");
    assert!(!last, "{} bytes do not fill a pipe", said.len());
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}

#[test]
fn a_controller_ends_a_kicked_rollout_by_itself_and_ends_well_when_it_is_told_to() {
    let sim = Sim::with("controller", SMALL);
    let settled = sim.settled();
    let mut child =
        sim.command(&["reconcile", sim.table.as_str()]).spawn().expect("the binary that cargo built starts");
    sim.kick(&["web", "worker"]);
    while !succeeded(&sim.journal(settled)) {
        assert!(child.try_wait().expect("a child can be asked").is_none(), "it ended by itself");
    }
    signal(&child, "TERM");
    let ran = ended(child).ended_with(0);
    ran.says("supervising small").says("what was begun stands on AWS");
    assert_eq!(ran.stdout, "");
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}
