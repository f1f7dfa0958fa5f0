//! Everything that a scrape shows, as one text.

use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::registry::Registry;

use crate::controller::handle::Handle;
use crate::model::served::Served;

use super::count::Counts;
use super::served::Asked;
use super::show::Shown;

/// The media type of the text: OpenMetrics, which Prometheus reads.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What all names begin with.
const PREFIX: &str = "evenkeel";

/// The metrics of one controller.
#[derive(Debug)]
pub struct Metrics {
    /// What its news are counted in.
    pub counts: Counts,
    registry: Registry,
}

impl Metrics {
    /// The metrics of the controller behind this handle.
    pub fn new(handle: Handle) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let counts = Counts::registered(&mut registry);
        registry.register_collector(Box::new(Shown(handle)));
        Self { counts, registry }
    }

    /// The text of a scrape, of a server that was asked so much.
    pub fn text(&self, served: &Served) -> String {
        let mut server = Registry::with_prefix(PREFIX);
        server.register_collector(Box::new(Asked(served.clone())));
        let mut text = String::new();
        // Writing to a string fails for no reason of its own, and no encoder here has one.
        let _ = encode_registry(&mut text, &self.registry).and_then(|()| encode(&mut text, &server));
        text
    }
}
