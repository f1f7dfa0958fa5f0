//! The last words on a connection, where no request is answered any more: said and closed so that they are heard.
//!
//! A socket that is closed while something unread has come is reset, and a reset takes along what the client has not read
//! yet. So the writing side is closed first, and what still comes is read and thrown away: a bounded piece of it, and for
//! a bounded time, which is the caller's.

use axum::body::{Bytes, to_bytes};
use axum::response::IntoResponse as _;
use http::header;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::entrance::dress;
use super::limits;
use super::problem::{Problem, put};

/// A problem as the bytes of a whole response, for whoever has no server below it.
pub(super) async fn written(problem: Problem) -> Bytes {
    let mut response = problem.into_response();
    dress(&mut response);
    put(&mut response, header::CONNECTION, "close");
    let (head, body) = response.into_parts();
    // It lies in memory already, so that neither limit nor error can be met.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut text = format!("HTTP/1.1 {} {reason}\r\ncontent-length: {}\r\n", head.status.as_u16(), body.len());
    for (name, value) in &head.headers {
        let value = value.to_str().unwrap_or_default();
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    [text.as_bytes(), &body].concat().into()
}

/// Says the last words, if there are any, and waits until they can have been read.
pub(super) async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), words: &[u8]) {
    // A client that is gone needs to be told nothing.
    if stream.write_all(words).await.is_ok() && stream.shutdown().await.is_ok() {
        linger(stream).await;
    }
}

/// Reads what a client still sends to a side that says nothing more, until it ends or it is enough.
async fn linger(stream: &mut (impl AsyncRead + Unpin)) {
    let (mut buffer, mut left) = ([0; 4096], limits::LINGER_BYTES);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        match left.checked_sub(read) {
            Some(less) => left = less,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;
    use crate::api::problem::Reason;

    #[tokio::test]
    async fn what_is_written_by_hand_is_a_response_with_its_length() {
        let problem = Problem::of(Reason::ConnectionsTaken).retry_after(limits::COME_BACK);
        let words = written(problem).await;
        let text = std::str::from_utf8(&words).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("HTTP/1.1 503 Service Unavailable"));
        let length = format!("content-length: {}", body.len());
        let lines: Vec<&str> = lines.collect();
        for line in ["content-type: application/problem+json", "connection: close", "retry-after: 5", &length] {
            assert!(lines.contains(&line), "{head}");
        }
        assert!(body.contains("/problems/connections-taken"), "{body}");
    }

    #[tokio::test]
    async fn a_client_that_never_stops_sending_is_not_listened_to_for_ever() {
        let (mut ours, mut theirs) = duplex(1024);
        let sending = tokio::spawn(async move { while theirs.write_all(&[0; 1024]).await.is_ok() {} });
        linger(&mut ours).await;
        drop(ours);
        sending.await.unwrap();
    }
}
