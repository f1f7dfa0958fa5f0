//! What people and scripts read: plans, passes, rollouts and status, as text and as JSON.
//!
//! Pure functions of data: nothing here prints, asks for the time or knows a terminal. The caller says whether there is
//! colour. Text is for people and may change; `json` is for scripts and may not (docs/output.md).

pub mod conditions;
pub mod doing;
pub mod history_text;
pub mod holds_text;
pub mod json;
pub mod pass_text;
pub mod plan_text;
pub mod progress;
pub mod rollout_text;
pub mod status_text;
pub mod style;
pub mod subject;
pub mod task_state;
pub mod timeline;
pub mod witness;

mod coming;
mod words;

#[cfg(test)]
mod tests;
