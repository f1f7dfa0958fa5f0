//! What somebody who waits sees: a block that is drawn over on a terminal, lines elsewhere. All of it talk.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::time::{Span, Timestamp};
use crate::reconcile::pass::{PassReport, Verdict};
use crate::report::pass_text;
use crate::report::progress::Progress;

use super::context::Context;

/// How often the time since the last look is drawn.
const TICK: std::time::Duration = std::time::Duration::from_secs(1);

/// Watches passes over one table.
pub(super) struct Watch<'a> {
    context: Context<'a>,
    /// The table's name, where there are several.
    label: Option<String>,
    before: Option<Progress>,
    /// When the pass before looked.
    at: Option<Timestamp>,
    bar: Option<ProgressBar>,
}

impl<'a> Watch<'a> {
    /// For one of `tables` tables.
    pub(super) fn new(context: Context<'a>, name: &str, tables: usize) -> Self {
        let drawn = context.output.terminal && tables == 1;
        let bar = drawn.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // Between looks nothing else moves, and looks are minutes apart while targets drain.
            let real = context.pause.is_zero();
            let template = if real { "{msg}  looked {elapsed} ago" } else { "{msg}" };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
            if real {
                bar.enable_steady_tick(TICK);
            }
            bar.with_style(style)
        });
        Self { context, label: (tables > 1).then(|| name.to_owned()), before: None, at: None, bar }
    }

    /// For one of any number of tables, in lines.
    pub(super) fn lines(context: Context<'a>, name: &str) -> Self {
        Self { context, label: Some(name.to_owned()), before: None, at: None, bar: None }
    }

    /// Shows what a pass did and where things stand.
    pub(super) fn pass(&mut self, report: &PassReport) {
        let style = self.context.output.talk;
        let progress = Progress::of(&report.plan);
        // A table that is found as it should be has nothing to be watched.
        let idle = self.before.is_none() && report.verdict() == Verdict::Converged;
        match &self.bar {
            Some(bar) => {
                // The block is drawn over; where the rollout went through stays on the screen.
                if self.before.as_ref().is_some_and(|before| before.phase != progress.phase) {
                    bar.println(progress.phase_at(report.at, style));
                }
                bar.reset_elapsed();
                bar.set_message(progress.block(report.at, style));
            }
            None if idle => {}
            None => {
                for line in progress.news(self.before.as_ref(), report.at, style) {
                    self.line(&line);
                }
            }
        }
        // First what was seen, then what was done about it.
        for line in pass_text::outcome_lines(report, style) {
            self.line(&line);
        }
        self.before = Some(progress);
        if let Some(window) = self.context.window {
            window.show(report);
        }
        let passed = self.at.map_or(Span::ZERO, |before| report.at.since(before));
        self.at = Some(report.at);
        pause(self.context.pause, passed);
    }

    fn line(&self, text: &str) {
        let text = match &self.label {
            Some(name) => format!("{name} {text}"),
            None => text.to_owned(),
        };
        match &self.bar {
            Some(bar) => bar.println(text),
            None => self.context.output.say(&text),
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// How much faster than AWS's time a demo goes by for somebody who watches.
pub(super) const WATCHED: f64 = 60.0;

/// The longest pause: whoever waits for longer believes that it hangs.
const LONGEST: Duration = Duration::from_secs(2);

/// The demo's time is virtual: only a person who watches needs the wall clock. What took long takes longer.
#[expect(
    clippy::disallowed_methods,
    reason = "slows the demo down to watching speed; no test and no decision waits for it"
)]
fn pause(least: Duration, passed: Span) {
    if !least.is_zero() {
        std::thread::sleep(passed.as_duration().div_f64(WATCHED).clamp(least, LONGEST));
    }
}
