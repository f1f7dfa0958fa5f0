//! Bytes to text: the size limit, UTF-8 and the byte order mark.
//!
//! Knows nothing of YAML.

use super::problem::Finding;

/// 1 MiB. The largest real table has a few kilobytes; what is larger was not written by a person, and reading it
/// costs memory and time before the first message.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

/// The text of a file without its byte order mark, and what makes it unreadable.
pub(super) struct Source {
    /// The text; of a file that is not UTF-8, with each bad byte replaced, so that it can be shown.
    pub(super) text: String,
    /// Why it cannot be read at all.
    pub(super) fault: Option<Finding>,
}

/// Where the lines of a text start: a hundred messages about lines must not read the text a hundred times.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of a text.
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(end, _)| end + 1).collect())
    }

    /// The line, from 1, of a byte.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) + 1
    }
}

/// Text of bytes.
pub(super) fn text_of(bytes: &[u8]) -> Source {
    if bytes.len() > MOST_BYTES {
        let fault = Finding::new(0..0, "", format!("the file has {} bytes", bytes.len()))
            .hint(format!("a table has at most {MOST_BYTES} bytes (1 MiB); is this the right file?"));
        return Source { text: String::new(), fault: Some(fault) };
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Source { text: text.to_owned(), fault: None },
        Err(error) => not_utf8(bytes, error.valid_up_to()),
    }
}

fn not_utf8(bytes: &[u8], bad: usize) -> Source {
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let byte = bytes.get(bad).copied().unwrap_or_default();
    let hint = if wide {
        "this looks like UTF-16; save the file as UTF-8"
    } else {
        "save the file as UTF-8, without this byte"
    };
    // The text before the bad byte is the same in the lossy copy, so the byte's place is the mark's place.
    let mark = bad..bad + char::REPLACEMENT_CHARACTER.len_utf8();
    let fault = Finding::new(mark, "", format!("the byte 0x{byte:02x} is not UTF-8")).hint(hint);
    Source { text: String::from_utf8_lossy(bytes).into_owned(), fault: Some(fault) }
}
