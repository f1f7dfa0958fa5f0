//! `--listen`: where the controller's HTTP API is served, checked and bound before AWS is asked anything.

use std::net::TcpListener;
use std::sync::Arc;

use crate::api::{Api, Limits, Scrape, Server, start};
use crate::controller::handle::Handle;
use crate::telemetry::metrics::{MEDIA_TYPE, Metrics};

use super::args::Listen;
use super::failure::Failure;
use super::output::Output;

/// A socket that is bound, and not served yet.
#[derive(Debug)]
pub(super) struct Listening {
    listener: TcpListener,
}

/// Binds the address that was asked for, if one was.
pub(super) fn bind(args: &Listen) -> Result<Option<Listening>, Failure> {
    let Some(address) = args.listen else { return Ok(None) };
    if !address.ip().is_loopback() {
        return Err(Failure::input(format!("{address} is not a loopback address"))
            .hint("whoever reaches the API reads everything; listen on 127.0.0.1 or [::1]"));
    }
    let listener = TcpListener::bind(address)
        .map_err(|error| Failure::of(&error).hint(format!("{address} may be taken; choose another with --listen")))?;
    Ok(Some(Listening { listener }))
}

impl Listening {
    /// Serves until what this gives is dropped.
    pub(super) fn serve(self, output: &Output, handle: Handle, metrics: Arc<Metrics>) -> Result<Server, Failure> {
        let address = self.listener.local_addr().map_err(|error| Failure::of(&error))?;
        let api = Api::new(
            handle,
            Limits::default(),
            Scrape { media_type: MEDIA_TYPE, text: Box::new(move || metrics.text()) },
        );
        let server = start(self.listener, Arc::new(api)).map_err(|error| Failure::of(&error))?;
        output.say(&format!("listening on http://{address}"));
        Ok(server)
    }
}
