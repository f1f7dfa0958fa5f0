//! Whether the table settles once nothing goes wrong any more, stays so without a write, and has run what it had to run.
//!
//! A table may stand at a hold or a failure: then a person does what it asks for, and it must settle for good.

use std::time::Duration;

use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::time::Time;
use tokio::time::sleep;

use super::deeds;
use super::process::{Seen, Stage};

/// The longest that the protocol itself waits (55 minutes for evidence of a launch), with a rollout before and after,
/// and the longest pause of ECS between two starts.
const BOUND_MS: i64 = 130 * 60_000;

/// For so many looks of each controller nothing may be written.
const LOOKS: usize = 4;

/// A table that calls itself settled may be written to so often after that; a person's hand explains a few.
const RESTLESS: usize = 8;

const BETWEEN: Duration = Duration::from_secs(60);

/// Goes on until the table stands for good.
pub(super) async fn ends(stage: &Stage) {
    let Some(stood) = settles(stage, "after the last fault").await else { return };
    let unheard = stage.judge().commands.unheard(stood.iter().any(|seen| seen.ended));
    if let Some((invariant, how)) = unheard {
        return harm(stage, invariant, &how);
    }
    if stood.iter().all(|seen| seen.verdict == Some(Verdict::Converged)) {
        return has_run(stage);
    }
    if let Some(mute) = stood.iter().find(|seen| !seen.hinted) {
        return harm(stage, "L3", &format!("a hold asks for a person and names no way out: {:?}", mute.holds));
    }
    stage.ends();
    for part in deeds::parts(stage.story.rows) {
        deeds::raise(&stage.lab, part);
    }
    deeds::request(stage).await;
    let Some(stood) = settles(stage, "after a person's request").await else { return };
    match stood.iter().find(|seen| seen.verdict != Some(Verdict::Converged)) {
        Some(seen) => harm(stage, "L1", &format!("a person's request does not end it: {:?}", seen.holds)),
        None => has_run(stage),
    }
}

/// What each controller saw last, when all have stood for long enough; `None` is a harm.
async fn settles(stage: &Stage, since: &str) -> Option<Vec<Seen>> {
    let all = || (0..stage.wires.len()).map(|number| stage.seen(number)).collect::<Vec<Seen>>();
    let mut left = BOUND_MS;
    let mut from: Option<(usize, Vec<usize>)> = None;
    let mut restless = 0;
    loop {
        sleep(BETWEEN).await;
        stage.catch_up();
        if !stage.judge().harms.is_empty() {
            return None;
        }
        let seen = all();
        // Nobody settles anything while a controller is away; its time begins when it is back.
        if stage.is_away() {
            from = None;
            continue;
        }
        let writes = stage.judge().writes;
        let stands = seen.iter().all(|seen| seen.verdict.is_some_and(|verdict| verdict != Verdict::Progressing));
        restless += usize::from(stands && from.as_ref().is_some_and(|(then, _)| *then != writes));
        if restless > RESTLESS {
            harm(stage, "I7", &format!("a table that stands is written to again and again, {writes} times by now"));
            return None;
        }
        from = from.filter(|(then, _)| stands && *then == writes);
        match &from {
            None if stands => from = Some((writes, seen.iter().map(|seen| seen.passes).collect())),
            Some((_, began)) if seen.iter().zip(began).all(|(seen, began)| seen.passes >= began + LOOKS) => {
                return Some(seen);
            }
            None | Some(_) => {}
        }
        left -= i64::try_from(BETWEEN.as_millis()).unwrap_or(0);
        if left < 0 {
            let said: Vec<_> = seen.iter().map(|seen| format!("{:?} {:?}", seen.verdict, seen.holds)).collect();
            harm(stage, "L1", &format!("not settled {since}, {} writes: {}", writes, said.join(" | ")));
            return None;
        }
    }
}

/// A table that calls itself settled has run its task after its newest deployment, and answered every request.
fn has_run(stage: &Stage) {
    let now = Time(stage.lab.now().millis());
    let mut judge = stage.judge();
    judge.requests_stand(now);
    let newest = judge.newest_deployment();
    let due = newest.filter(|newest| judge.baseline.is_none_or(|baseline| *newest > baseline));
    let done = judge.last_success();
    // A person vouches for it.
    let due = due.filter(|_| !judge.commands.is_resolved());
    if due.is_some_and(|due| done.is_none_or(|done| done < due)) {
        let shown = |time: Option<Time>| time.map_or_else(|| "never".to_owned(), Time::rfc3339);
        let how = format!("converged; newest deployment {}, last good run {}", shown(due), shown(done));
        judge.harms.push(format!("L2: {how}"));
    }
    drop(judge);
    if let Some(seen) = (0..stage.wires.len()).map(|number| stage.seen(number)).find(|seen| seen.unanswered) {
        harm(stage, "I4", &format!("converged with an unanswered request: {:?}", seen.holds));
    }
}

fn harm(stage: &Stage, invariant: &str, how: &str) {
    stage.judge().harms.push(format!("{invariant} at {}: {how}", Time(stage.lab.now().millis()).rfc3339()));
}
