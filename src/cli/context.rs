//! What every command that asks AWS needs: the way there, the way out, and how time passes.

use crate::aws::{Aws, Budgets, Meter};
use crate::controller::settle::{Pacing, RELOAD};
use crate::lab::bench::Lab;
use crate::model::row::ServiceTable;
use crate::model::time::{Span, Timestamp};

use super::output::Output;
use super::window::Window;

/// What a command works with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Where words go.
    pub(super) output: Output,
    /// Which AWS.
    pub(super) place: Place<'a>,
    /// Counts the calls of all ways to AWS.
    pub(super) meter: &'a Meter,
    /// Holds them to a share of what AWS takes.
    pub(super) budgets: &'a Budgets,
    /// How much faster than the wall clock AWS's time runs.
    pub(super) speed: f64,
    /// The local time at the start, which stands until AWS tells its own.
    pub(super) started: Timestamp,
    /// How long to pause after each pass at least for somebody who watches; none but in the demo.
    pub(super) pause: std::time::Duration,
    /// Where passes are shown besides; nowhere but in the demo.
    pub(super) window: Option<&'a Window>,
}

/// Which AWS.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// The one of the standard settings.
    Settings,
    /// The embedded one.
    Lab(&'a Lab),
}

impl Context<'_> {
    pub(super) async fn aws(&self, table: &ServiceTable) -> Aws {
        let aws = match self.place {
            Place::Settings => Aws::from_settings(&table.region).await,
            Place::Lab(lab) => lab.aws(),
        };
        aws.counted_by(self.meter).within(self.budgets)
    }

    pub(super) fn pacing(&self, timeout: Span) -> Pacing {
        Pacing { speed: self.speed, timeout, fallback: self.started, reload: RELOAD }
    }
}
