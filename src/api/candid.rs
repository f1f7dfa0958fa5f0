//! A socket that keeps back what hyper answers by itself, so that a problem can be said in its place.
//!
//! A head that hyper cannot read, or that is larger than it may keep, never becomes a request: hyper writes a status
//! without a word, and ends. Such an answer is known by what it lacks, since every answer of ours passes `entrance`. One that
//! is not recognised goes out as hyper wrote it. What comes first after an answer is told to the connection's `Seat`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::seats::Seat;

/// A bare answer has a status, `connection`, `content-length` and `date`, and never comes near to this.
const BARE: usize = 256;

/// A socket below hyper.
pub(super) struct Candid<S> {
    inner: S,
    seat: Arc<Seat>,
    heard: bool,
    bare: Option<u16>,
}

impl<S> Candid<S> {
    pub(super) fn new(inner: S, seat: Arc<Seat>) -> Self {
        Self { inner, seat, heard: false, bare: None }
    }

    /// The status of an answer that was kept back. From then on nothing is.
    pub(super) fn take_bare(&mut self) -> Option<u16> {
        self.bare.take()
    }

    /// Whether something has come since the last answer went out: a client that waits for another.
    pub(super) fn is_waited_for(&self) -> bool {
        self.heard
    }
}

/// The status, if this is an answer of hyper's own.
fn bare(written: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(written).ok().filter(|text| text.len() < BARE)?;
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok().filter(|status| (400..500).contains(status))?;
    let head = text.strip_suffix("\r\n\r\n")?;
    let ours = head.lines().any(|line| line.starts_with("x-content-type-options"));
    (!ours).then_some(status)
}

impl<S: AsyncRead + Unpin> AsyncRead for Candid<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before && !self.heard {
            self.heard = true;
            self.seat.heard();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Candid<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(status) = bare(buf) {
            self.bare = Some(status);
            return Poll::Ready(Ok(buf.len()));
        }
        self.heard = false;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        self.heard = false;
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Stays open where an answer was kept back: another follows.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.bare.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_word_is_told_from_ours() {
        let said = |head: &str| bare(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
        assert_eq!(said("431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0"), Some(431));
        assert_eq!(said("400 Bad Request\r\ncontent-length: 0"), Some(400));
        assert_eq!(said("404 Not Found\r\nx-content-type-options: nosniff"), None);
        assert_eq!(said("200 OK\r\ncontent-length: 0"), None);
        assert_eq!(said("100 Continue"), None);
        assert_eq!(bare(b"HTTP/1.1 400 Bad Request\r\n"), None);
        assert_eq!(bare(&[b'x'; 1000]), None);
        assert_eq!(bare(b"HTTP/1.1 \xff\xff\xff\r\n\r\n"), None);
    }
}
