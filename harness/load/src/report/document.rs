//! The report of a load.

use std::{collections::BTreeMap, fs, time::Duration};

use node::NetworkBytes;
use serde::{Deserialize, Serialize};

use super::quantiles::{Quantiles, RANK, us};
use crate::{
    client::Failure,
    engine::{Load, Pace, Run, WarmUpLength},
    schedule::{Schedule, Span, Think},
    validity::{Finding, Severity, Thresholds, judge, judge_floor},
};

/// Lag beyond this is counted apart.
const LAG_LIMIT: Duration = Duration::from_millis(1);

/// The report of a load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What was sent, and from where.
    pub origin: Origin,
    /// How long requests were measured, in seconds.
    pub measured_s: f64,
    /// Measured requests that were due or sent: answered, failed and dropped.
    pub n_offered: u64,
    /// The same per second; in a closed loop it is what the answers allowed.
    pub offered_per_s: f64,
    /// Successes per second, of those before the end of the load.
    pub achieved_per_s: f64,
    /// How quantiles are made.
    pub rank: String,
    /// Of successes, from the scheduled send (in a closed loop: from the send).
    pub latency: Option<Quantiles>,
    /// Of successes, from the actual send.
    pub service: Option<Quantiles>,
    /// Of failures, from the scheduled send (in a closed loop: from the send).
    pub failed: Option<Quantiles>,
    /// Latencies by what answers said of themselves, such as `cold`.
    pub labels: BTreeMap<String, Quantiles>,
    /// Latencies of the warm-up's successes, which are in no other figure.
    pub warm_up: Option<Quantiles>,
    /// Requests of the warm-up that failed or were dropped.
    pub n_warm_up_lost: u64,
    /// Failures by kind.
    pub errors: BTreeMap<Failure, u64>,
    /// Requests that were never sent, as no connection was free in time.
    pub n_dropped: u64,
    /// Requests that waited for a connection.
    pub backpressure: Waited,
    /// Connections that were made again.
    pub n_reconnects: u64,
    /// What the generator itself was late.
    pub lag: Lag,
    /// Bytes of the generator's sockets; none where nobody counted.
    pub network: Option<NetworkBytes>,
    /// What disturbed the load, the worst first.
    pub disturbances: Vec<Finding>,
    /// From when on something counts as a disturbance.
    pub thresholds: Thresholds,
    /// What the generator measures where there is nothing to measure.
    pub floor: Option<Floor>,
}

/// What was sent, and from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The machine that sent.
    pub host: String,
    /// Where to; empty if the client knows no addresses.
    pub targets: Vec<String>,
    /// Which loop it was.
    pub kind: LoopKind,
    /// When requests were due; open loops only.
    pub schedule: Option<Schedule>,
    /// How long connections waited before requests; closed loops only.
    pub think: Option<Think>,
    /// How many requests could be in flight.
    pub connections: usize,
    /// Over how many threads they were spread.
    pub threads: usize,
    /// How long an answer could take.
    pub timeout: Span,
    /// What fixed every random choice.
    pub seed: u64,
}

/// Which loop it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoopKind {
    /// Sends never wait for answers: latencies have no coordinated omission.
    Open,
    /// Each connection waits for its answer: latencies leave out what would
    /// have waited meanwhile, and nothing corrects them.
    Closed,
}

/// Requests that waited.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waited {
    /// How many.
    pub n: u64,
    /// How long at most, in microseconds.
    pub max_us: f64,
}

/// What the generator was late.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lag {
    /// From when a request could be sent until it was; none if none was sent.
    pub sends: Option<Quantiles>,
    /// The share of sends that were more than 1 ms late.
    pub share_above_1ms: f64,
    /// For how long the generator did not run, at most, in microseconds.
    pub stall_max_us: f64,
}

/// What the generator measures where there is nothing to measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// The median latency of a server that answers at once, in microseconds.
    pub null_p50_us: f64,
    /// The 99th percentile of the same.
    pub null_p99_us: f64,
    /// A delay that a server was told to have, in microseconds.
    pub delay_us: f64,
    /// The median latency of that server, less the delay and the floor.
    pub delay_error_us: f64,
}

impl Report {
    /// What `run`, which sent `load`, says of itself.
    #[must_use]
    pub fn new(load: &Load, run: &Run, thresholds: &Thresholds) -> Self {
        let tally = &run.tally;
        let start = match load.warm_up {
            WarmUpLength::Time(length) => length,
            WarmUpLength::Requests(_) => tally.first.unwrap_or_default(),
        };
        let measured_s = run.end.saturating_sub(start).as_secs_f64();
        let per_s = |n: u64| if measured_s > 0.0 { n as f64 / measured_s } else { 0.0 };
        let labels = tally
            .labels
            .iter()
            .filter_map(|(label, recorded)| Some((label.clone(), Quantiles::of(recorded)?)));
        Self {
            origin: Origin::of(load),
            measured_s,
            n_offered: tally.n_offered(),
            offered_per_s: per_s(tally.n_offered()),
            achieved_per_s: per_s(tally.n_in_window),
            rank: RANK.to_owned(),
            latency: Quantiles::of(&tally.latency),
            service: Quantiles::of(&tally.service),
            failed: Quantiles::of(&tally.failed),
            labels: labels.collect(),
            warm_up: Quantiles::of(&tally.warm_up.latency),
            n_warm_up_lost: tally.warm_up.n_failed + tally.warm_up.n_dropped,
            errors: tally.errors.clone(),
            n_dropped: tally.n_dropped,
            backpressure: Waited { n: tally.backpressure.n, max_us: us(tally.backpressure.max) },
            n_reconnects: tally.n_reconnects,
            lag: Lag {
                sends: Quantiles::of(&tally.lag),
                share_above_1ms: tally.lag.share_above(LAG_LIMIT),
                stall_max_us: us(tally.pulse_max),
            },
            network: None,
            disturbances: judge(run, thresholds),
            thresholds: *thresholds,
            floor: None,
        }
    }

    /// The same, with what the generator measured before the load where there
    /// was nothing to measure.
    #[must_use]
    pub fn with_floor(mut self, floor: Floor) -> Self {
        self.floor = Some(floor);
        self.disturbances.extend(judge_floor(&floor, &self.thresholds));
        self.disturbances.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self
    }

    /// Whether its numbers must not be used.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.disturbances.iter().any(|finding| finding.severity == Severity::Invalidates)
    }
}

impl Origin {
    fn of(load: &Load) -> Self {
        let (kind, schedule, think) = match &load.pace {
            Pace::Open { schedule, .. } => (LoopKind::Open, Some(schedule.clone()), None),
            Pace::Closed { think, .. } => (LoopKind::Closed, None, Some(*think)),
        };
        // Nobody may read a report for the name of a machine that has none.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self {
            host: host.trim().to_owned(),
            targets: Vec::new(),
            kind,
            schedule,
            think,
            connections: load.connections(),
            threads: load.threads,
            timeout: load.timeout.into(),
            seed: load.seed,
        }
    }
}
