//! Which tables are read together, and that it takes no more calls than AWS's batches allow.

use std::collections::BTreeMap;

use super::drains::draining;
use super::fixture::World;
use super::glance::look;
use crate::model::ids::{ClusterArn, ServiceArn, TableName};
use crate::model::observed::{ClusterView, Counters};
use crate::model::time::{Span, Timestamp};
use crate::plan::rest::{Batch, Resting, clusters, resting, services};

type Tables = BTreeMap<TableName, Resting>;

fn cluster(number: usize) -> ClusterArn {
    ClusterArn::told(format!("arn:aws:ecs:us-east-1:123456789012:cluster/c{number:03}"))
}

/// So many tables with a cluster each, and so many services in each; the higher the number the longer ago they were read.
fn tables(count: usize, of: usize) -> Tables {
    let table = |number: usize| {
        let service = |service| {
            ServiceArn::told(format!("arn:aws:ecs:us-east-1:123456789012:service/c{number:03}/s{service:02}"))
        };
        let resting = Resting {
            cluster: cluster(number),
            counters: Counters::default(),
            services: (0..of).map(service).collect(),
            read: Timestamp::from_millis(1_000_000 - i64::try_from(number).expect("a small number")),
        };
        (TableName::parse(&format!("t{number:03}")).expect("a good name"), resting)
    };
    (0..count).map(table).collect()
}

/// What the clusters show: each counts so many running tasks.
fn shown(tables: &Tables, running: impl Fn(&ClusterArn) -> i32) -> BTreeMap<ClusterArn, ClusterView> {
    let view = |arn: &ClusterArn| ClusterView {
        arn: arn.clone(),
        tags: BTreeMap::new(),
        capacity_providers: Vec::new(),
        counters: Counters { running: running(arn), ..Counters::default() },
    };
    tables.values().map(|table| (table.cluster.clone(), view(&table.cluster))).collect()
}

fn still(tables: &Tables) -> BTreeMap<ClusterArn, ClusterView> {
    shown(tables, |_| 0)
}

fn asked(batches: &[Batch]) -> Vec<ClusterArn> {
    batches.iter().map(|batch| batch.cluster.clone()).collect()
}

#[test]
fn clusters_are_read_by_a_hundred_and_each_once() {
    let mut tables = tables(250, 1);
    let twin = tables[&TableName::parse("t000").expect("a good name")].clone();
    tables.insert(TableName::parse("twin").expect("a good name"), twin);
    let sizes: Vec<usize> = clusters(&tables).iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn services_are_read_by_ten_and_in_no_more_calls_than_that() {
    let full = tables(50, 10);
    let batches = services(&full, &still(&full));
    assert_eq!(batches.len(), 50);
    assert!(batches.iter().all(|batch| batch.services.len() == 10));
    let large = tables(2, 25);
    let sizes: Vec<usize> = services(&large, &still(&large)).iter().map(|batch| batch.services.len()).collect();
    assert_eq!(sizes, [10, 10, 5], "the other cluster has its turn in the next look");
    for (count, of) in [(1, 3), (7, 1), (100, 3), (33, 9)] {
        let tables = tables(count, of);
        assert!(services(&tables, &still(&tables)).len() <= (count * of).div_ceil(10), "{count} of {of}");
    }
}

#[test]
fn those_come_first_that_were_not_read_for_longest_and_each_has_its_turn() {
    let mut tables = tables(30, 3);
    let mut seen: Vec<ClusterArn> = Vec::new();
    for turn in 0..4 {
        let batches = asked(&services(&tables, &still(&tables)));
        assert_eq!(batches.len(), 9);
        if turn == 0 {
            assert_eq!(batches[0], cluster(29));
        }
        for table in tables.values_mut().filter(|table| batches.contains(&table.cluster)) {
            table.read = Timestamp::from_millis(2_000_000 + turn);
        }
        seen.extend(batches);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30);
}

#[test]
fn a_cluster_that_counts_other_tasks_than_before_is_read_at_once() {
    let tables = tables(30, 3);
    let moved = [cluster(1), cluster(0)];
    let batches = asked(&services(&tables, &shown(&tables, |arn| i32::from(moved.contains(arn)))));
    assert_eq!(batches[..2], moved, "although they were read last");
    assert_eq!(batches.len(), 9);
    let all = asked(&services(&tables, &shown(&tables, |_| 1)));
    assert_eq!(all.len(), 30, "whatever moves is read, however many they are");
}

#[test]
fn services_of_two_tables_of_one_cluster_are_read_together() {
    let mut tables = tables(1, 4);
    let mut twin = tables.values().next().expect("a table").clone();
    let more = |number| ServiceArn::told(format!("arn:aws:ecs:us-east-1:123456789012:service/c000/x{number}"));
    twin.services = (0..4).map(more).collect();
    tables.insert(TableName::parse("twin").expect("a good name"), twin);
    let batches = services(&tables, &still(&tables));
    assert_eq!(batches.iter().map(|batch| batch.services.len()).collect::<Vec<_>>(), [8]);
}

#[test]
fn a_cluster_that_was_not_read_is_no_reason_to_read_its_services_sooner() {
    let tables = tables(30, 3);
    assert_eq!(services(&tables, &BTreeMap::new()).len(), 9);
}

#[test]
fn a_settled_table_rests_and_one_in_which_something_moves_does_not() {
    let mut world = World::settled();
    let rests = |world: &World, later| {
        resting(&world.table, &world.history, world.observed.at.plus(Span::seconds(later))).map(|it| it.services.len())
    };
    assert_eq!(rests(&world, 30), None, "nothing is known of it yet");
    look(&mut world);
    assert_eq!(rests(&world, 30), Some(3));
    assert_eq!(rests(&world, 600), None, "everything is read");
    world.kick_all();
    look(&mut world);
    assert_eq!(rests(&world, 30), None);
    // Its cluster is all that is read of it then, and it is waited for all the same.
    let mut world = draining(Span::seconds(12));
    look(&mut world);
    assert_eq!(rests(&world, 30), None);
}
