//! Tables at rest, and how they are read together: as few calls as AWS's batches allow.
//!
//! DescribeClusters takes a hundred clusters, with their tags (requests, commands, records) and with counts of their
//! tasks. DescribeServices takes ten services of one cluster, so it is the clusters that cost: of them only so many are
//! asked as ten services each would need, those first that were not asked for longest. A cluster whose counts have moved
//! is asked at once.
//!
//! Pure: reading is `reconcile/rest`'s.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::{ClusterArn, ServiceArn, TableName};
use crate::model::observed::{ClusterView, Counters};
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;

use super::glance::{Latest, rests};
use super::history::History;

/// DescribeClusters takes so many clusters.
const CLUSTERS: usize = 100;

/// DescribeServices takes so many services.
const SERVICES: usize = 10;

/// What is known of a table in which nothing moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its cluster.
    pub cluster: ClusterArn,
    /// The tasks of the cluster, as they were last counted.
    pub counters: Counters,
    /// The services of its rows.
    pub services: Vec<ServiceArn>,
    /// When they were read.
    pub read: Timestamp,
}

/// One DescribeServices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose services.
    pub cluster: ClusterArn,
    /// Which, ten at most.
    pub services: Vec<ServiceArn>,
}

/// The table, if nothing moves in it and its next look need not be a whole one.
pub fn resting(table: &ServiceTable, history: &History, now: Timestamp) -> Option<Resting> {
    let Latest { observed, services: read, .. } = rests(table, history, now)?;
    let cluster = observed.one_cluster()?;
    let services = observed.services().map(|service| service.arn.clone());
    let services: BTreeSet<ServiceArn> = services.collect();
    Some(Resting {
        cluster: cluster.arn.clone(),
        counters: cluster.counters,
        services: services.into_iter().collect(),
        read: *read,
    })
}

/// The clusters of these tables, in the batches in which they are read.
pub fn clusters(tables: &BTreeMap<TableName, Resting>) -> Vec<Vec<ClusterArn>> {
    let clusters: BTreeSet<&ClusterArn> = tables.values().map(|table| &table.cluster).collect();
    let clusters: Vec<ClusterArn> = clusters.into_iter().cloned().collect();
    clusters.chunks(CLUSTERS).map(<[ClusterArn]>::to_vec).collect()
}

/// The services that are read in this look, once the clusters were. What was not read of a cluster moves nothing here.
pub fn services(tables: &BTreeMap<TableName, Resting>, clusters: &BTreeMap<ClusterArn, ClusterView>) -> Vec<Batch> {
    let mut wanted: BTreeMap<&ClusterArn, (bool, Timestamp, BTreeSet<&ServiceArn>)> = BTreeMap::new();
    for Resting { cluster, counters, services, read } in tables.values() {
        let moved = clusters.get(cluster).is_some_and(|now| now.counters != *counters);
        let (moving, oldest, all) = wanted.entry(cluster).or_insert((false, *read, BTreeSet::new()));
        *moving |= moved;
        *oldest = (*oldest).min(*read);
        all.extend(services);
    }
    let total: usize = wanted.values().map(|(_, _, services)| services.len()).sum();
    let mut left = total.div_ceil(SERVICES);
    let mut order: Vec<_> = wanted.into_iter().collect();
    order.sort_by_key(|(cluster, (moving, oldest, _))| (!*moving, *oldest, *cluster));
    let mut batches = Vec::new();
    for (cluster, (moving, _, services)) in order {
        let services: Vec<ServiceArn> = services.into_iter().cloned().collect();
        let calls = services.len().div_ceil(SERVICES);
        if !moving && calls > left {
            break;
        }
        left = left.saturating_sub(calls);
        let of_ten = services.chunks(SERVICES);
        batches.extend(of_ten.map(|services| Batch { cluster: cluster.clone(), services: services.to_vec() }));
    }
    batches
}
