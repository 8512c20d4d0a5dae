//! Records of three trials for each mode, with round numbers.

use faasm::overheads::{Capacity, ChurnRate, Costs, Cycles, Memory, Reading, Stopped};
use harness::Measured;

use crate::params::{Mode, Point};

/// What the trials of a mode have in common.
pub(crate) struct Sample {
    pub(crate) instance: &'static str,
    pub(crate) mode: Mode,
    /// The median of the first trial; the others are 10 % above and below.
    pub(crate) init_us: f64,
    pub(crate) cycles: Option<f64>,
    pub(crate) bytes_each: u64,
    pub(crate) memory_source: &'static str,
    pub(crate) has_rss: bool,
    pub(crate) stopped: Stopped,
}

pub(crate) const CONTAINER: Sample = Sample {
    instance: "container",
    mode: Mode::Instance,
    init_us: 2_000_000.0,
    cycles: None,
    bytes_each: 1_500_000,
    memory_source: "cgroup-v2",
    has_rss: false,
    stopped: Stopped::Bound,
};

pub(crate) const PROTO_FAASLET: Sample = Sample {
    instance: "proto-faaslet",
    mode: Mode::ProtoFaaslet,
    init_us: 500.0,
    cycles: Some(1_000_000.0),
    bytes_each: 100_000,
    memory_source: "pss",
    has_rss: true,
    stopped: Stopped::Bound,
};

pub(crate) const FAASLET: Sample = Sample {
    instance: "faaslet",
    mode: Mode::Faaslet,
    init_us: 5000.0,
    cycles: Some(9_000_000.0),
    bytes_each: 200_000,
    ..PROTO_FAASLET
};

/// The trials of all of them, in this order.
pub(crate) fn trials(samples: &[Sample]) -> Vec<Measured<Point, Costs>> {
    let of = |sample| [1.0, 0.9, 1.1].map(|factor| trial(sample, factor));
    samples.iter().flat_map(of).collect()
}

fn trial(sample: &Sample, factor: f64) -> Measured<Point, Costs> {
    let shared_bytes = 10_000_000;
    let reading = |n_idle| {
        let bytes = shared_bytes + n_idle * sample.bytes_each;
        Reading { n_idle, bytes, rss_bytes: sample.has_rss.then_some(bytes) }
    };
    let median_us = factor * sample.init_us;
    let cycles = sample.cycles.map(|cycles| Cycles::PerStart(factor * cycles));
    let why = "no counter".to_owned();
    let record = Costs {
        instance: sample.instance.into(),
        init_us: vec![0.5 * median_us, median_us, 3.0 * median_us],
        cpu_us: 0.5 * median_us,
        cycles: cycles.unwrap_or(Cycles::NotCounted { why }),
        memory: Memory {
            source: sample.memory_source.into(),
            readings: vec![reading(2), reading(20)],
        },
        capacity: Capacity { reached: 400, stopped: sample.stopped.clone() },
        churn: [10.0, 100.0].map(|target_per_s| kept_up(target_per_s, median_us)).into(),
    };
    Measured { point: Point { mode: sample.mode }, record, usage: vec![] }
}

/// A rate that nothing hindered.
fn kept_up(target_per_s: f64, median_us: f64) -> ChurnRate {
    let n = target_per_s as u64;
    ChurnRate {
        target_per_s,
        n_scheduled: n,
        n_done: n,
        elapsed_s: 1.0,
        median_us,
        p99_us: 2.0 * median_us,
    }
}
