//! Reads tables at rest together.
//!
//! Reads only. A call that fails leaves every table unknown that it was about, and no other.

use std::collections::BTreeMap;

use crate::aws::{Aws, FoundService};
use crate::model::ids::{ClusterArn, ServiceArn, TableName};
use crate::model::observed::{ClusterView, Why};
use crate::plan::rest::{self, Resting};

/// What was read of one table beside others. It is one glance, and stands for no more.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The cluster; `None` if it is not there any more.
    pub(super) cluster: Result<Option<ClusterView>, Why>,
    /// The services, where it was their turn.
    pub(super) services: Option<Result<Vec<FoundService>, Why>>,
}

/// Reads these tables of one account and region.
pub async fn read(aws: &Aws, tables: &BTreeMap<TableName, Resting>) -> BTreeMap<TableName, Fresh> {
    let mut clusters: BTreeMap<ClusterArn, ClusterView> = BTreeMap::new();
    let mut unread: BTreeMap<ClusterArn, Why> = BTreeMap::new();
    for batch in rest::clusters(tables) {
        match aws.known_clusters(&batch).await {
            Ok(found) => clusters.extend(found.into_iter().map(|cluster| (cluster.arn.clone(), cluster))),
            Err(error) => unread.extend(batch.into_iter().map(|cluster| (cluster, error.why()))),
        }
    }
    let mut services: BTreeMap<ServiceArn, Result<Option<FoundService>, Why>> = BTreeMap::new();
    for batch in rest::services(tables, &clusters) {
        let answer = aws.known_services(&batch.cluster, &batch.services).await;
        for arn in batch.services {
            let found = match &answer {
                Ok(found) => Ok(found.iter().find(|(service, _)| service.arn == arn).cloned()),
                Err(error) => Err(error.why()),
            };
            services.insert(arn, found);
        }
    }
    let fresh = |table: &Resting| Fresh {
        cluster: match unread.get(&table.cluster) {
            Some(why) => Err(why.clone()),
            None => Ok(clusters.get(&table.cluster).cloned()),
        },
        services: table.services.iter().map(|arn| services.get(arn).cloned()).collect::<Option<Vec<_>>>().map(
            // One that is not there any more is not in the answer, as if the table had been asked for alone.
            |found| found.into_iter().filter_map(Result::transpose).collect(),
        ),
    };
    tables.iter().map(|(name, table)| (name.clone(), fresh(table))).collect()
}
