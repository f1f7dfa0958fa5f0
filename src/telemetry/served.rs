//! What the HTTP API was asked, as it stands at a scrape.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::model::served::{Answered, BOUNDS, Lasted, Served};

use super::encode::Labels;
use super::show::gauges;

/// The numbers of one server.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Served);

impl Collector for Asked {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Served { requests, lasted, problems, connections, streams, broken_files } = &self.0;
        let requests = requests.iter().map(|(Answered { path, method, status }, count)| {
            (Labels([("path", *path), ("method", *method), ("status", *status)].map(owned)), *count)
        });
        counters(&mut encoder, ("api_requests", "Requests to the HTTP API that were answered"), requests)?;
        let help = "How long answers of the HTTP API took, to their first byte";
        let unit = Some(&Unit::Seconds);
        let mut metric = encoder.encode_descriptor("api_request", help, unit, MetricType::Histogram)?;
        for (method, Lasted { counts, seconds }) in lasted {
            let bounds = BOUNDS.iter().copied().chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            let labels = Labels([("method", *method)].map(owned));
            let mut series = metric.encode_family(&labels)?;
            series.encode_histogram::<Labels<0>>(*seconds, counts.iter().sum(), &buckets, None)?;
        }
        let problems = problems.iter().map(|(problem, count)| (Labels([("problem", *problem)].map(owned)), *count));
        counters(&mut encoder, ("api_problems", "Problems that the HTTP API told, by type"), problems)?;
        let help = "Connections to the HTTP API that are open";
        gauges(&mut encoder, ("api_connections", help), [(Labels([]), *connections)])?;
        gauges(&mut encoder, ("api_streams", "Event streams that are open"), [(Labels([]), *streams)])?;
        let help =
            "Files of tokens and certificates that cannot be read or used now; what they held before stays in force";
        gauges(&mut encoder, ("api_broken_files", help), [(Labels([]), *broken_files)])
    }
}

fn owned((name, value): (&'static str, &'static str)) -> (&'static str, String) {
    (name, value.to_owned())
}

fn counters<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    series: impl IntoIterator<Item = (Labels<N>, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    series.into_iter().try_for_each(|(labels, count)| {
        metric.encode_family(&labels)?.encode_counter::<Labels<0>, _, u64>(&count, None)
    })
}
