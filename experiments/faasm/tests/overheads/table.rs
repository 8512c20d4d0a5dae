//! Table 3 and its ratios.

use faasm::overheads::{Cycles, Stopped};
use harness::analysis::{Basis, Cell};

use crate::{
    analysis::analyse,
    records::{CONTAINER, FAASLET, PROTO_FAASLET, Sample, trials},
};

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => count.to_string(),
        Cell::Measured(estimate) => format!("{:.4}", estimate.value),
    }
}

fn table(samples: &[Sample]) -> String {
    let table = analyse(&trials(samples)).unwrap().table;
    let rows = table.rows.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>());
    let lines: Vec<_> =
        std::iter::once(table.columns.clone()).chain(rows).map(|row| row.join(" | ")).collect();
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn value(samples: &[Sample], measure: &str) -> Option<f64> {
    let measures = analyse(&trials(samples)).unwrap().measures;
    measures.get(measure).map(|measure| measure.estimate.value)
}

#[test]
fn the_table_has_a_row_for_each_kind_and_for_each_ratio() {
    insta::assert_snapshot!(table(&[PROTO_FAASLET, CONTAINER, FAASLET]), @"
    Instance | Trials | Initialisation [ms] | Processor time [ms] | Cycles [1000] | Memory [kB] | RSS [kB] | Memory is | Capacity
    container | 3 | 2000.0000 | 1000.0000 | – | 1500.0000 | – | cgroup-v2 | ≥ 400
    faaslet | 3 | 5.0000 | 2.5000 | 9000.0000 | 200.0000 | 200.0000 | pss | ≥ 400
    proto-faaslet | 3 | 0.5000 | 0.2500 | 1000.0000 | 100.0000 | 100.0000 | pss | ≥ 400
    container ÷ proto-faaslet |  | 4000.0000 | 4000.0000 | – | 15.0000 | – |  |
    faaslet ÷ proto-faaslet |  | 10.0000 | 10.0000 | 9.0000 | 2.0000 | 2.0000 |  |
    ");
}

#[test]
fn ratios_say_between_what_they_are() {
    let samples = [CONTAINER, FAASLET, PROTO_FAASLET];
    assert_eq!(value(&samples, "init-ratio@container/proto-faaslet"), Some(4000.0));
    assert_eq!(value(&samples, "init-ratio@faaslet/proto-faaslet"), Some(10.0));
    assert_eq!(value(&samples, "init-ratio@process/proto-faaslet"), None);
}

#[test]
fn a_working_set_is_not_called_a_proportional_one() {
    let samples = [CONTAINER, FAASLET, PROTO_FAASLET];
    assert_eq!(value(&samples, "memory-ratio@container/proto-faaslet"), Some(15.0));
    assert_eq!(value(&samples, "pss-ratio@container/proto-faaslet"), None);
    assert_eq!(value(&samples, "pss-ratio@faaslet/proto-faaslet"), Some(2.0));
}

#[test]
fn what_was_not_counted_has_no_ratio() {
    let samples = [CONTAINER, FAASLET, PROTO_FAASLET];
    assert_eq!(value(&samples, "cycles-ratio@container/proto-faaslet"), None);
    assert_eq!(value(&samples, "cycles-ratio@faaslet/proto-faaslet"), Some(9.0));
    assert_eq!(value(&samples, "rss-ratio@container/proto-faaslet"), None);
}

#[test]
fn one_trial_without_a_counter_leaves_the_mean_out() {
    let mut trials = trials(&[FAASLET, PROTO_FAASLET]);
    let why = "taken away".to_owned();
    trials[1].record.cycles = Cycles::NotCounted { why };
    let measures = analyse(&trials).unwrap().measures;
    assert!(!measures.contains_key("cycles-ratio@faaslet/proto-faaslet"));
}

#[test]
fn without_proto_faaslets_there_is_a_table_and_no_ratio() {
    assert_eq!(table(&[CONTAINER]).lines().count(), 2);
    assert_eq!(value(&[CONTAINER], "init-ratio@container/proto-faaslet"), None);
}

#[test]
fn a_bound_is_part_of_the_capacitys_name() {
    assert_eq!(value(&[PROTO_FAASLET], "capacity@proto-faaslet/of=400"), Some(400.0));
    let stopped = Stopped::By("memory: 90 MiB left".to_owned());
    let full = [Sample { stopped, ..PROTO_FAASLET }];
    assert_eq!(value(&full, "capacity@proto-faaslet"), Some(400.0));
    assert!(table(&full).contains("| 400 (memory: 90 MiB left)"));
}

#[test]
fn nothing_here_travels_between_machines() {
    let analysis = analyse(&trials(&[CONTAINER, FAASLET, PROTO_FAASLET])).unwrap();
    assert!(analysis.measures.values().all(|measure| measure.basis != Basis::Counted));
}
