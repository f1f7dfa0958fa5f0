//! `--listen`: where the controller's HTTP API is served and to whom, checked and bound before AWS is asked anything.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::api::{Api, Limits, Pem, Scrape, Server, Setup, Tls, TokenFile, start};
use crate::controller::handle::Handle;
use crate::telemetry::metrics::{MEDIA_TYPE, Metrics};

use super::args::Listen;
use super::context::Context;
use super::failure::Failure;
use super::file;
use super::output::Output;

/// A token takes a hundred bytes and a certificate a thousand; what is over this is something else, and is not read into
/// memory.
const LARGEST: u64 = 256 * 1024;

/// A socket that is bound and not served yet, and who may ask.
#[derive(Debug)]
pub(super) struct Listening {
    listener: TcpListener,
    tokens: Option<TokenFile>,
    tls: Option<Tls>,
    limits: Limits,
}

/// Binds the address that was asked for, if one was. Files are read again every `reload`.
pub(super) fn bind(output: &Output, args: &Listen, reload: Duration) -> Result<Option<Listening>, Failure> {
    let Listen { listen, tokens, tls_cert, tls_key } = args;
    let Some(address) = *listen else {
        // Where they are typed it is an error; in the environment they may be meant for another command.
        if tokens.is_some() || tls_cert.is_some() || tls_key.is_some() {
            output.say("nothing is served: tokens and certificates are of use with --listen or EVENKEEL_LISTEN only");
        }
        return Ok(None);
    };
    if !address.ip().is_loopback() && tokens.is_none() {
        return Err(Failure::input(format!("{address} is not a loopback address, and there are no tokens"))
            .hint("name who may ask by --tokens FILE, or listen on 127.0.0.1 or [::1]"));
    }
    let tokens = match tokens {
        None => None,
        Some(path) => Some(opened(output, path)?),
    };
    let tls = match (tls_cert, tls_key) {
        (Some(chain), Some(key)) => Some(secured(chain, key)?),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::input("--tls-cert and --tls-key are needed together"));
        }
    };
    let listener = TcpListener::bind(address)
        .map_err(|error| Failure::of(&error).hint(format!("{address} may be taken; choose another with --listen")))?;
    Ok(Some(Listening { listener, tokens, tls, limits: Limits { reload, ..Limits::default() } }))
}

/// A port of this machine, the usual one if it is free.
pub(super) fn beside() -> Option<Listening> {
    let listener = [8080, 0].into_iter().find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())?;
    Some(Listening { listener, tokens: None, tls: None, limits: Limits::default() })
}

fn opened(output: &Output, path: &Path) -> Result<TokenFile, Failure> {
    TokenFile::open(reading(path)).map_err(|problems| {
        problems.iter().for_each(|problem| output.say(problem));
        Failure::input(format!("{} holds no tokens that can be used", path.display()))
            .hint("`evenkeel token --name NAME --role operate` makes one, and its line")
    })
}

fn secured(chain: &Path, key: &Path) -> Result<Tls, Failure> {
    let (chain, key) = (reading(chain), reading(key));
    let tls = Tls::open(move || Ok(Pem { chain: chain()?, key: key()? }));
    tls.map_err(|why| Failure::input(why).hint("--tls-cert takes a chain and --tls-key its private key, both in PEM"))
}

/// Reads a file again and again; a pipe once.
fn reading(path: &Path) -> impl Fn() -> Result<Vec<u8>, String> + Send + Sync + 'static {
    let (path, was_read) = (path.to_owned(), AtomicBool::new(false));
    move || {
        let read = if was_read.swap(true, Ordering::Relaxed) { file::again } else { file::first };
        read(&path, LARGEST).map_err(|why| format!("{} cannot be read: {why}", path.display()))
    }
}

impl Listening {
    /// Serves until what this gives is dropped.
    pub(super) fn serve(self, context: &Context<'_>, handle: Handle, metrics: Arc<Metrics>) -> Result<Server, Failure> {
        let Self { listener, tokens, tls, limits } = self;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let output = context.output;
        let address = listener.local_addr().map_err(|error| Failure::of(&error))?;
        let api = Api::new(Setup {
            handle,
            speed: context.speed,
            limits,
            metrics: Scrape { media_type: MEDIA_TYPE, text: Box::new(move |served| metrics.text(served)) },
            tokens,
            tls,
            said: Box::new(move |line| output.say(line)),
        });
        let server = start(listener, Arc::new(api)).map_err(|error| Failure::of(&error))?;
        if scheme == "http" && !address.ip().is_loopback() {
            output.say("tokens come in plain text: let a load balancer speak TLS, or name --tls-cert and --tls-key");
        }
        output.say(&format!("listening on {scheme}://{address}"));
        Ok(server)
    }
}
