//! Findings made by hand, with fixed times and paths, for tests.

use std::collections::BTreeMap;

use serde_json::json;
use stats::{Estimate, Interval, Method};
use targets::label::RunLabel;

use super::findings::{Findings, Substitute};
use crate::{
    analysis::{Analysis, Axes, Basis, Cell, Figure, Measure, Series, SeriesPoint, Table},
    claim::{Evidence, Paper, Ran, judge},
    dataset::{DataKind, DataUsed},
    experiment::PointId,
    profile::{Environment, Profile},
    run::validity::{Reason, Validity},
    run_dir::{Attempt, Machine, Manifest, Provenance, TrialStatus},
};

/// A paper with a claim of every verdict.
pub(super) const PAPER: &str = r#"
title = "Toys: Play at Scale (PLAY 2020)"
testbed = "20 hosts, 1 Gbit/s"
[[claim]]
id = "fast"
experiment = "toy"
figure = "Fig. 1a"
says = "the red toy is more than 1.5 times as fast as the blue one at the largest size"
kind = "shape"
published = { value = "2x", source = "§5.1" }
measure = "speed-up"
at-least = 1.5
[[claim]]
id = "small"
experiment = "toy"
figure = "Fig. 1b"
says = "the red toy needs less memory"
kind = "shape"
published = { value = "less", source = "§5.2" }
measure = "memory-ratio"
at-most = 1.0
known-deviation = "the red toy keeps its box"
[[claim]]
id = "scales"
experiment = "toy"
figure = "Abstract"
says = "scales to 20 hosts"
kind = "magnitude"
published = { value = "20x", source = "abstract" }
measure = "speed-up"
at-least = 16.0
needs = { hosts = 20, link-gbit-per-s = 1, data = "real" }
[[claim]]
id = "sure"
experiment = "toy"
figure = "Fig. 1c"
says = "sends at most half the bytes"
kind = "magnitude"
published = { value = "50 %", source = "§5.3" }
measure = "bytes-ratio"
at-most = 0.5
"#;

/// A value with an interval.
pub(super) fn between(low: f64, value: f64, high: f64) -> Estimate {
    let interval = Some(Interval { low, high, confidence: 0.95 });
    Estimate { value, interval, n: 5, method: Method::StudentT }
}

/// A figure with these lines over `xs`, each value with an interval of 10 %.
pub(super) fn figure(names: &[&str], xs: &[f64], y: impl Fn(usize, f64) -> f64) -> Figure {
    let series = names.iter().enumerate().map(|(i, name)| Series {
        name: (*name).to_owned(),
        points: xs
            .iter()
            .map(|x| {
                let value = y(i, *x);
                SeriesPoint { x: *x, y: between(value * 0.9, value, value * 1.1) }
            })
            .collect(),
    });
    Figure {
        id: "fig1a-time".into(),
        title: "Time to play".into(),
        x_label: "Size".into(),
        y_label: "Time (s)".into(),
        axes: Axes::default(),
        series: series.collect(),
    }
}

/// The findings.
pub(super) fn findings() -> Findings {
    let analysis = analysis();
    let ran = Ran {
        cores: 2,
        hosts: 1,
        link_gbit_per_s: None,
        data: Some(DataKind::Generated),
        optimised: true,
        evidence: Evidence::Measured,
    };
    let paper = Paper::parse(PAPER).expect("the sample is well formed");
    Findings {
        manifest: manifest(),
        judged: paper.claims_of("toy").map(|claim| judge(claim, &analysis, &ran)).collect(),
        paper_title: paper.title,
        paper_testbed: paper.testbed,
        attempts: attempts(),
        n_planned: 4,
        substitutes: vec![Substitute {
            name: "bricks".into(),
            cannot_show: "how real bricks hold".into(),
        }],
        analysis,
    }
}

fn analysis() -> Analysis {
    let row = |toy: &str, size, time: Estimate, bytes| {
        vec![Cell::Text(toy.into()), Cell::Count(size), Cell::Measured(time), Cell::Measured(bytes)]
    };
    let exact = |value| Estimate { method: Method::Exact, ..between(value, value, value) };
    let measure = |estimate, basis| Measure { estimate, unit: "1".into(), basis };
    Analysis {
        table: Table {
            columns: ["toy", "size", "time (s)", "sent (MB)"].map(Into::into).into(),
            rows: vec![
                row("blue", 1, between(3.71, 4.02, 4.36), exact(12.5)),
                row("blue", 2, between(1.98, 2.11, 2.25), exact(25.0)),
                row("red", 1, between(1.93, 2.01, 2.09), exact(7.5)),
                row(
                    "red",
                    2,
                    Estimate { interval: None, n: 1, ..between(0.0, 1.0, 2.0) },
                    exact(15.0),
                ),
            ],
        },
        figures: vec![figure(&["blue", "red"], &[1.0, 2.0, 4.0], |i, x| 4.0 / x / (i + 1) as f64)],
        measures: BTreeMap::from([
            ("speed-up".into(), measure(between(1.84, 2.01, 2.19), Basis::Timed)),
            ("memory-ratio".into(), measure(between(1.12, 1.2, 1.28), Basis::Memory)),
            ("bytes-ratio".into(), measure(between(0.43, 0.48, 0.53), Basis::Counted)),
        ]),
    }
}

fn manifest() -> Manifest {
    Manifest {
        schema: 1,
        label: RunLabel::from_bits(0x0123_4567_89ab_0000),
        system: "toys".into(),
        experiment: "toy".into(),
        command: ["/t/experiments", "--driver", "exp", "toy", "--set", "sizes=[1, 2, 4]"]
            .map(Into::into)
            .into(),
        started: started(),
        profile: Profile {
            name: "local".into(),
            env: "local".into(),
            trials: 1,
            retries: 1,
            seed: 7,
            resources: Default::default(),
            params: toml::from_str("sizes = [1, 2, 4]").expect("the sample is well formed"),
        },
        overrides: vec!["sizes=[1, 2, 4]".into()],
        points: Vec::new(),
        environment: Environment::parse("target = \"local\"").expect("the sample is well formed"),
        machine: Machine {
            cpu: "Abacus 3000".into(),
            cores: 2,
            memory_bytes: 8 << 30,
            kernel: "6.1.0".into(),
            governor: None,
        },
        provenance: Provenance {
            git_revision: Some("c0ffee".into()),
            git_dirty: true,
            git_untracked: vec!["notes.txt".into()],
            harness_version: "0.1.0".into(),
            rustc: Some("rustc 1.95.0".into()),
            build_profile: "debug".into(),
            opt_level: "3".into(),
            binary_sha256: "ab12".into(),
        },
        data: vec![DataUsed {
            name: "bricks".into(),
            kind: DataKind::Generated,
            dir: "/data/bricks".into(),
            sha256: "cd34".into(),
        }],
        artifacts: vec![],
    }
}

fn attempts() -> Vec<Attempt> {
    let sound = Validity::default();
    let steal = Validity { reasons: vec![Reason::CpuSteal { share: 0.1 }] };
    let death = Reason::InstanceDied { instance: "worker-0".into(), how: "signal 9".into() };
    let dead = Validity { reasons: vec![death] };
    let failed = TrialStatus::Failed("the worker | answered\n<nothing>".into());
    vec![
        attempt("blue", 1, TrialStatus::Completed, sound.clone()),
        attempt("blue", 2, TrialStatus::Completed, steal),
        attempt("red", 1, TrialStatus::Completed, dead),
        attempt("red", 1, TrialStatus::Completed, sound.clone()),
        attempt("red", 2, failed, sound),
    ]
}

/// An attempt at the first trial of a point.
pub(super) fn attempt(toy: &str, size: u32, status: TrialStatus, validity: Validity) -> Attempt {
    Attempt {
        point: PointId::of(&json!({ "toy": toy, "size": size })).expect("plain fields"),
        trial: 1,
        seed: 11,
        started: started(),
        duration_s: 1.25,
        status,
        validity,
        usage: Vec::new(),
        hosts: Vec::new(),
        leaks: Vec::new(),
        suspects: Vec::new(),
    }
}

fn started() -> jiff::Timestamp {
    "2020-07-15T10:00:00Z".parse().expect("a time")
}
