//! The log, sent to an OpenTelemetry collector as well: OTLP over HTTP, in batches, beside everything else.
//!
//! A collector that is slow or gone costs lines, never time: what is sent waits on threads of its own, with a bound. Only
//! this program's own lines are sent, so that sending makes nothing to send.

use std::fmt;
use std::pin::Pin;
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, LogExporter, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A batch that the collector has not taken by then is lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the last lines may hold up the end of the process, which has five seconds for everything.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A collector's answer is a few bytes; more is not read.
const ANSWER: usize = 64 * 1024;

/// Why logs cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// The address is none.
    #[error("the collector's address cannot be used")]
    Address(#[source] ExporterBuildError),
    /// No thread, no runtime, or no certificates of the system.
    #[error("no connection can be made to a collector")]
    Client(#[source] std::io::Error),
}

/// Logs on their way; the last are sent when this is dropped.
#[derive(Debug)]
pub struct Otlp {
    provider: SdkLoggerProvider,
}

/// The client of the exporter: its calls are made on a thread with a runtime.
struct Sender {
    runtime: Handle,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Its end ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Otlp {
    /// Logs for the collector at `endpoint`, as `http://127.0.0.1:4318`; lines go to its `/v1/logs`.
    ///
    /// # Errors
    /// The address is none, or the system lacks what a connection needs. Whether a collector is there is not asked.
    pub fn new(endpoint: &str) -> Result<Self, OtlpError> {
        let exporter = LogExporter::builder()
            .with_http()
            .with_http_client(Sender::new().map_err(OtlpError::Client)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/logs", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(OtlpError::Address)?;
        let resource = Resource::builder().with_service_name("evenkeel").build();
        let provider = SdkLoggerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        Ok(Self { provider })
    }

    /// What takes lines from `tracing`.
    pub fn bridge(&self) -> OpenTelemetryTracingBridge<SdkLoggerProvider, SdkLogger> {
        OpenTelemetryTracingBridge::new(&self.provider)
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        // What cannot be sent now is lost, and nobody is left to be told.
        let _ = self.provider.shutdown_with_timeout(LAST_WORDS);
    }
}

impl Sender {
    fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel();
        thread::Builder::new().name("otlp".to_owned()).spawn(move || {
            // An error says that the other side is gone, which is what is waited for.
            let _ = runtime.block_on(ended);
        })?;
        let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
        Ok(Self { runtime: handle, client: Client::builder(TokioExecutor::new()).build(connector), _alive: alive })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let sent = self.client.request(request.map(Full::new));
        let answer = async move {
            let (head, body) = sent.await?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        };
        // Whoever waits for it has no runtime.
        let timely = self.runtime.spawn(async move { timeout(PATIENCE, answer).await? });
        Box::pin(async move { timely.await? })
    }
}
