//! The only printer: data to stdout, talk to stderr, colour where it is wanted.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::report::style::{Role, Style};

use super::args::{Cli, Format, When};
use super::failure::Failure;
use super::talk::Stderr;

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Text or JSON on stdout.
    pub(super) format: Format,
    /// Colour on stdout.
    pub(super) data: Style,
    /// Colour on stderr.
    pub(super) talk: Style,
    /// Whether stderr can be drawn over.
    pub(super) terminal: bool,
    /// Lines for people, or lines of a log.
    pub(super) manner: Manner,
}

/// How talk is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// As sentences.
    Spoken,
    /// As lines of the log, so that whatever reads it finds nothing else on stderr.
    Logged,
}

impl Output {
    pub(super) fn of(cli: &Cli) -> Self {
        let color = |terminal: bool| match cli.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && cli.no_color.as_deref().unwrap_or_default().is_empty(),
        };
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Self {
            format: cli.output,
            data: Style { color: color(out) },
            talk: Style { color: color(err) },
            terminal: err,
            manner: Manner::Spoken,
        }
    }

    /// Data for people.
    pub(super) fn text(&self, text: &str) {
        line(&mut anstream::AutoStream::new(std::io::stdout(), choice(self.data)), text);
    }

    /// Data for scripts: one document.
    pub(super) fn json(&self, document: &impl Serialize) {
        match serde_json::to_string_pretty(document) {
            Ok(text) => line(&mut std::io::stdout(), &text),
            Err(error) => self.say(&format!("the output could not be written: {error}")),
        }
    }

    /// Talk.
    pub(super) fn say(&self, text: &str) {
        if self.manner == Manner::Logged {
            tracing::info!(text, "said");
            return;
        }
        match self.talk.color {
            true => line(&mut Stderr, text),
            false => line(&mut Stderr, &anstream::adapter::strip_str(text).to_string()),
        }
    }

    /// A line of talk that stands out, after an empty one.
    pub(super) fn heading(&self, text: &str) {
        self.say(&format!("\n{}", self.talk.paint(Role::Strong, format!("# {text}"))));
    }

    /// Why a command ended early.
    pub(super) fn failure(&self, failure: &Failure) {
        let Failure { exit: _, message, hint } = failure;
        if !message.is_empty() {
            self.say(&format!("{} {message}", self.talk.paint(Role::Bad, "error:")));
        }
        if let Some(hint) = hint {
            self.say(&format!("{} {hint}", self.talk.paint(Role::Strong, "hint:")));
        }
    }
}

fn choice(style: Style) -> anstream::ColorChoice {
    if style.color { anstream::ColorChoice::AlwaysAnsi } else { anstream::ColorChoice::Never }
}

/// A reader that went away (`| head`) is no failure of ours.
fn line(stream: &mut impl Write, text: &str) {
    let _ = stream.write_all(format!("{}\n", text.trim_end_matches('\n')).as_bytes());
    let _ = stream.flush();
}
