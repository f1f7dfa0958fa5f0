//! Groups with streams with lines, and what of them can be read at a moment.
//!
//! Owns the order of lines and their two moments. What a call may ask belongs to `operations`.

use std::collections::BTreeMap;

use crate::simulator::time::Time;

/// One line of a stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// When it was written.
    pub(super) at: Time,
    /// When it can be read.
    pub(super) taken_in: Time,
    /// What it says.
    pub(super) message: String,
}

#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) created_at: Time,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) created_at: Time,
    pub(super) streams: BTreeMap<String, Stream>,
}

/// What a container hands over: its stream begins, a line, or its end, after which nothing was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::simulator) enum Written {
    /// The container has started.
    Begin {
        /// The log group.
        group: String,
        /// The log stream.
        stream: String,
    },
    /// A line, which may lie ahead as long as the container runs.
    Line {
        /// The log group.
        group: String,
        /// The log stream.
        stream: String,
        /// When it is written.
        at: Time,
        /// What it says.
        message: String,
    },
    /// The container has ended: lines that lay ahead are never written.
    End {
        /// The log group.
        group: String,
        /// The log stream.
        stream: String,
    },
}

impl Group {
    pub(super) fn new(now: Time) -> Self {
        Self { created_at: now, streams: BTreeMap::new() }
    }
}

impl Stream {
    pub(super) fn new(now: Time) -> Self {
        Self { created_at: now, lines: Vec::new() }
    }

    pub(super) fn add(&mut self, line: Line) {
        let place = self.lines.partition_point(|before| before.at <= line.at);
        self.lines.insert(place, line);
    }

    pub(super) fn cut(&mut self, now: Time) {
        self.lines.retain(|line| line.at <= now);
    }

    /// The lines that can be read, in the order in which they were written.
    pub(super) fn readable(&self, now: Time) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.taken_in <= now)
    }
}
