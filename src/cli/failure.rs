//! A command that could not do its work: what went wrong, its causes, and what to do. Printed once, in one place.

use std::error::Error;

use super::exit::Exit;

/// Why a command ended early.
#[derive(Debug)]
pub(super) struct Failure {
    /// How it ends.
    pub(super) exit: Exit,
    /// What went wrong, with its causes.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Failure {
    /// Bad input or usage: nothing was asked of AWS.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self { exit: Exit::BadInput, message: message.into(), hint: None }
    }

    /// An error and its causes, each said once.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self { exit: Exit::Failed, message, hint: None }
    }

    /// With what to do about it.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
