//! Everything that a scrape shows, as one text.

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::controller::handle::Handle;

use super::count::Counts;
use super::show::Shown;

/// The media type of the text: OpenMetrics, which Prometheus reads.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
        let mut registry = Registry::with_prefix("evenkeel");
        let counts = Counts::registered(&mut registry);
        registry.register_collector(Box::new(Shown(handle)));
        Self { counts, registry }
    }

    /// The text of a scrape.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string fails for no reason of its own, and no encoder here has one.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
