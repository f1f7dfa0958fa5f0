//! The socket and its connections, on a thread of their own: whatever clients do, the controller does not wait for it.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use socket2::SockRef;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use super::entrance::Peer;
use super::problem::{Problem, Reason};
use super::router::router;
use super::seats::Seats;
use super::state::Api;
use super::{connection, farewell, limits};

/// After an `accept` that failed, most likely for want of file handles: connections that end give some back.
const BREATH: Duration = Duration::from_millis(100);

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    api: Arc<Api>,
    ended: Receiver<()>,
}

/// Serves on a thread of its own.
///
/// # Errors
/// What the socket or the thread reports.
pub fn start(listener: TcpListener, api: Arc<Api>) -> io::Result<Server> {
    listener.set_nonblocking(true)?;
    // Connections have what their listener has.
    SockRef::from(&listener).set_send_buffer_size(limits::SEND_BUFFER)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (end, ended) = channel();
    let shared = Arc::clone(&api);
    std::thread::Builder::new().name("api".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(serve(listener, &shared)) {
            tracing::error!(%error, "the API ended");
        }
        // A read that hangs is not waited for.
        runtime.shutdown_background();
        // An error says that nobody waits for it.
        let _ = end.send(());
    })?;
    Ok(Server { api, ended })
}

impl Drop for Server {
    /// Lets what is being answered end, for a moment.
    fn drop(&mut self) {
        self.api.end();
        match self.ended.recv_timeout(limits::GRACE) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => tracing::warn!("requests were cut off at the end"),
        }
    }
}

async fn serve(listener: TcpListener, api: &Arc<Api>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = router(api);
    let doorstep = Arc::new(Seats::new(limits::DOORSTEP, limits::DOORSTEP / 2));
    let taken = farewell::written(Problem::of(Reason::ConnectionsTaken).retry_after(limits::COME_BACK)).await;
    let mut connections = JoinSet::new();
    let watcher = Arc::clone(api);
    let watching = tokio::spawn(async move { watcher.watched.watch(&watcher.handle).await });
    let (mut reload, mut reading) = (interval(api.limits.reload), JoinSet::new());
    loop {
        tokio::select! {
            biased;
            () = api.until_end() => break,
            Some(_) = connections.join_next() => {}
            // One at a time: on a volume that hangs it may never end.
            _ = reload.tick() => if reading.is_empty() {
                let api = Arc::clone(api);
                reading.spawn_blocking(move || api.reload());
            } else {
                api.reading_hangs();
            },
            Some(_) = reading.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (api, whose) = (Arc::clone(api), Peer::of_address(peer).counted());
                    if let Ok(seat) = api.connections.take_or_free(&whose) {
                        connections.spawn(connection::serve(stream, peer, seat, router.clone(), api));
                        continue;
                    }
                    api.tally.told(Reason::ConnectionsTaken);
                    // More than can be told at once are closed.
                    if let Ok(seat) = doorstep.take(&whose) {
                        connections.spawn(connection::send_away(stream, taken.clone(), seat, api));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(BREATH).await;
                }
            },
        }
    }
    drop(listener);
    watching.abort();
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::GRACE, all).await;
    Ok(())
}
