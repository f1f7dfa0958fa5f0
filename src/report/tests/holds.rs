//! Every hold reads well, whatever AWS puts into it.

use crate::model::ids::{AccountId, RowName};
use crate::model::observed::{Trouble, Why};
use crate::model::time::Span;
use crate::plan::hold::{Hold, HoldCause, Urgency};
use crate::plan::way_out::WayOut;
use crate::report::holds_text;

/// One of each cause, with words as unruly as AWS's own.
fn every_cause() -> Vec<HoldCause> {
    let text = || "Rate exceeded.\n  Try again.".to_owned();
    let why = |trouble| Why { text: text(), trouble };
    let left = Span::seconds(9);
    let names = || vec![RowName::told("portal")];
    vec![
        HoldCause::WrongAccount { table: AccountId::told("1"), actual: AccountId::told("2") },
        HoldCause::Unknown { what: text(), why: why(Trouble::Passing) },
        HoldCause::Unknown { what: text(), why: why(Trouble::Lasting) },
        HoldCause::NoMatch { what: "service", selector: text(), candidates: vec![] },
        HoldCause::ManyMatch { what: "service", selector: text(), matches: vec![text(), text()] },
        HoldCause::UnreadableTag { key: text(), value: text() },
        HoldCause::NotRolling { found: text() },
        HoldCause::IllegalSize { problem: text() },
        HoldCause::WhichContainer { containers: vec![text()] },
        HoldCause::NoContainer { container: text(), containers: vec![text()] },
        HoldCause::NoImage { image: text() },
        HoldCause::NewerImage { running: text(), tag: text() },
        HoldCause::CountOwned { stated: 1, desired: 2, bounds: (1, 3) },
        HoldCause::NoProvider { provider: "FARGATE_SPOT" },
        HoldCause::Stale,
        HoldCause::TaskInHand,
        HoldCause::OtherRows,
        HoldCause::AfterFailure,
        HoldCause::PartialKick { kicked: names(), missing: names() },
        HoldCause::MixedDigests { digests: text() },
        HoldCause::GateShut { missing: vec![(2, text()), (6, text())] },
        HoldCause::Settling { left },
        HoldCause::KickTooYoung { left },
        HoldCause::AllEmpty,
        HoldCause::InitialDefinition { definition: text() },
        HoldCause::NetworkAmbiguous { networks: 2 },
        HoldCause::LaunchBackoff { left, reason: text() },
        HoldCause::TaskNotSeen { attempt: 1 },
        HoldCause::TaskRunning { task: text(), status: "running" },
        HoldCause::LogIncomplete { task: text() },
        HoldCause::AbortInHand,
        HoldCause::CommandRefused { order: "retry", stands: text(), instead: "do this" },
        HoldCause::RolloutFailed { how: text(), way: WayOut::Start },
        HoldCause::RolloutUnknown { attempt: 1, known: text(), way: WayOut::AskCloudTrail },
    ]
}

#[test]
fn every_hold_is_one_line_without_a_period() {
    for cause in every_cause() {
        for row in [None, Some(RowName::told("portal"))] {
            let line = holds_text::line(&Hold { row, cause: cause.clone() });
            assert!(!line.contains('\n') && !line.ends_with('.') && !line.is_empty(), "{line:?}");
        }
    }
}

#[test]
fn every_hold_that_needs_a_person_says_what_to_do() {
    for cause in every_cause() {
        let asks = cause.urgency() >= Urgency::Person;
        assert!(!asks || cause.hint().is_some(), "{} has no hint", cause.name());
    }
}
