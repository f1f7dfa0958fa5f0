//! `evenkeel reconcile TABLE…`: supervises tables for as long as it runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::controller::handle::door;
use crate::controller::reload::{File, Tables};
use crate::controller::run::run;
use crate::controller::settle::Pacing;
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::telemetry::metrics::Metrics;

use super::context::Context;
use super::failure::Failure;
use super::listen::Listening;
use super::sources::{Reader, Sources};
use super::teller::Teller;

/// Runs until it is dropped. `first` is what the files hold at the start; the tables in them have been found good.
pub(super) async fn controller(
    context: &Context<'_>,
    sources: Sources,
    first: BTreeMap<String, File>,
    reload: Duration,
    listening: Option<Listening>,
) -> Result<std::convert::Infallible, Failure> {
    let mut loaded = Tables::default();
    loaded.reload(first.clone());
    let mut reader = Reader::start(sources, first)?;
    let said = loaded.in_force().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
    context.output.say(&format!("supervising {said}"));
    let aws = async |table: &ServiceTable| context.aws(table).await;
    let (handle, door) = door();
    let metrics = Arc::new(Metrics::new(handle.clone()));
    // Lives as long as the controller does.
    let _server = match listening {
        Some(listening) => Some(listening.serve(context, handle, Arc::clone(&metrics))?),
        None => None,
    };
    let mut teller = Teller::new(context, metrics);
    let pacing = Pacing { reload, ..context.pacing(Span::ZERO) };
    Ok(run(aws, || reader.files(), loaded, pacing, door, |news| teller.tell(&news)).await)
}
