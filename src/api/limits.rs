//! How much one client may have, and how long it may take.
//!
//! Values only, each with what a larger and a smaller one would break. Whoever counts is in `seats`, `rate`, `patience` and `server`.

use std::time::Duration;

use super::rate::Rate;

/// The limits of a server; `Default` is what the product runs with.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in all. Each may hold `READ_BUFFER` bytes and a file handle: 768 of them are 24 MiB at the very worst,
    /// and leave the controller a quarter of the 1024 handles that a process often gets: it needs them to reach AWS and to
    /// read its tables. A page holds one or two.
    pub connections: usize,
    /// Connections of one address: half of all, so that no client can shut out the others. Not fewer, because behind a
    /// load balancer everybody comes from one or two addresses.
    pub connections_per_peer: usize,
    /// Event streams in all. Each change is rendered once and written to every stream; with 256 of them that is still no
    /// work for one core.
    pub streams: usize,
    /// Event streams of one token; without tokens, of one address. A person has a few pages open, a team shares a token.
    pub streams_per_reader: usize,
    /// From the opening of a connection, or the beginning of a later request, to the end of the request's head. A head is one
    /// packet; whoever needs longer holds the connection for nothing.
    pub head: Duration,
    /// From an answer to the next request. Longer than the 60 s for which AWS's load balancers keep a connection by default: if
    /// this side were the first to close, a request that is on its way then would fail. Where places are taken, whoever waits
    /// so gives his to a newcomer.
    pub idle: Duration,
    /// From the end of the head to the end of the body, which is one packet too.
    pub body: Duration,
    /// How often one reader may ask: a token; without one, an address. A page that is opened asks for a few things at
    /// once, and then for one at each event.
    pub requests: Rate,
    /// How often one token may want something. Each wish is a look at AWS and a write, out of the same budget as the
    /// rollouts themselves; a person gives one in a minute.
    pub wishes: Rate,
    /// How long a write may wait for a client that does not read.
    pub write: Duration,
    /// Between two signs of life on an event stream on which nothing happens. Load balancers cut what is silent for 60 s.
    pub keep_alive: Duration,
    /// How often the files of tokens and certificates are read: as often as tables.
    pub reload: Duration,
}

/// Bytes of a body. A reason is a line of text.
pub(super) const BODY: usize = 16 * 1024;

/// How long a wish may take. It takes three calls where nothing is in the way; longer than this, a client has given up.
pub(super) const ANSWER: Duration = Duration::from_secs(25);

/// Bytes of a head's names and values. Browsers send one to two thousand; a larger head is answered with a problem.
pub(super) const HEADERS: usize = 16 * 1024;

/// Bytes that hyper may keep of one connection: `HEADERS` and `PATH` with room for what stands between. A larger head is
/// cut off.
pub(super) const READ_BUFFER: usize = 32 * 1024;

/// Bytes that the system keeps of what a client has not read yet; Linux takes twice as much. It grew to megabytes of old
/// events for each slow reader by itself. Less would send the page in more pieces.
pub(super) const SEND_BUFFER: usize = 128 * 1024;

/// Lines of a head, for the same reason: above it hyper answers by itself.
pub(super) const HEADER_LINES: usize = 100;

/// Characters of a path. The longest that means anything is under 300.
pub(super) const PATH: usize = 2048;

/// How long the last answers may take when the process ends. SIGTERM promises 5 s for everything.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// Clients that are told at once that there is no place for them; half of them of one address. Whoever comes beyond that is
/// closed without a word, since an answer costs what there is too little of.
pub(super) const DOORSTEP: usize = 32;

/// How long the last words on a connection may take to be read. A client reads them in a round trip.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// Bytes that are read and thrown away meanwhile: what a client has sent before it could know.
pub(super) const LINGER_BYTES: usize = 1024 * 1024;

/// After which a client may come back that was sent away because everything is taken.
pub(super) const COME_BACK: Duration = Duration::from_secs(5);

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 768,
            connections_per_peer: 384,
            streams: 256,
            streams_per_reader: 32,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body: Duration::from_secs(10),
            requests: Rate { burst: 200, every: Duration::from_millis(50) },
            wishes: Rate { burst: 10, every: Duration::from_secs(2) },
            write: Duration::from_secs(20),
            keep_alive: Duration::from_secs(15),
            reload: Duration::from_secs(5),
        }
    }
}
