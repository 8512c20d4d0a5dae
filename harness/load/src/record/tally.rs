//! All that a generator counts, of a second or of a run.

use std::{collections::BTreeMap, time::Duration};

use super::Recorded;
use crate::client::Failure;

/// Beyond this many labels, further ones are recorded as [`OTHER_LABEL`]: a
/// system that labels each answer differently must not fill the memory.
const MAX_LABELS: usize = 16;

/// The label of what exceeds [`MAX_LABELS`].
pub const OTHER_LABEL: &str = "other";

/// One request that was sent and ended; times since the start.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// From when its latency counts: the schedule's time in an open loop, the
    /// send in a closed one.
    pub counted_from: Duration,
    /// When it could have been sent: it was due, and a connection was free.
    pub ready: Duration,
    /// When it was sent.
    pub sent: Duration,
    /// When its answer was whole, or it failed.
    pub done: Duration,
    /// How it ended.
    pub outcome: Result<(), Failure>,
    /// What its answer said of itself.
    pub label: Option<&'a str>,
}

/// What is counted of measured requests, and beside it of the warm-up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Of successes, from [`Sample::counted_from`] to the end.
    pub latency: Recorded,
    /// Of successes, from the send to the end.
    pub service: Recorded,
    /// Of all that was sent: how much later than it could have been.
    pub lag: Recorded,
    /// Of failures, as `latency` of successes.
    pub failed: Recorded,
    /// Of successes with a label, as `latency`.
    pub labels: Vec<(String, Recorded)>,
    /// Failures by kind.
    pub errors: BTreeMap<Failure, u64>,
    /// Requests that were never sent, as no connection was free in time.
    pub n_dropped: u64,
    /// Requests that waited for a connection.
    pub backpressure: Waits,
    /// Connections that were made again.
    pub n_reconnects: u64,
    /// Successes before the end of the load: what the achieved rate counts.
    pub n_in_window: u64,
    /// When the first measured request was due or sent, whichever counts.
    pub first: Option<Duration>,
    /// How late the generator's own pulse was at most.
    pub pulse_max: Duration,
    /// What came before the measurement.
    pub warm_up: WarmUp,
}

/// Requests that waited for a free connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many.
    pub n: u64,
    /// How long at most.
    pub max: Duration,
}

/// What came before the measurement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WarmUp {
    /// As the measured one.
    pub latency: Recorded,
    /// Failures.
    pub n_failed: u64,
    /// Requests that were never sent.
    pub n_dropped: u64,
}

impl Tally {
    /// Records a measured request.
    pub fn record(&mut self, sample: &Sample<'_>) {
        let latency = sample.done.saturating_sub(sample.counted_from);
        self.first = earliest(self.first, Some(sample.counted_from));
        self.lag.record(sample.sent.saturating_sub(sample.ready));
        let wait = sample.ready.saturating_sub(sample.counted_from);
        if !wait.is_zero() {
            self.backpressure.n += 1;
            self.backpressure.max = self.backpressure.max.max(wait);
        }
        if let Err(failure) = sample.outcome {
            *self.errors.entry(failure).or_default() += 1;
            return self.failed.record(latency);
        }
        self.latency.record(latency);
        self.service.record(sample.done.saturating_sub(sample.sent));
        if let Some(label) = sample.label {
            self.label(label).record(latency);
        }
    }

    /// Records a request of the warm-up.
    pub fn record_warm_up(&mut self, sample: &Sample<'_>) {
        match sample.outcome {
            Ok(()) => {
                self.warm_up.latency.record(sample.done.saturating_sub(sample.counted_from));
            }
            Err(_) => self.warm_up.n_failed += 1,
        }
    }

    /// All measured requests that were due: answered, failed and dropped.
    #[must_use]
    pub fn n_offered(&self) -> u64 {
        self.latency.n() + self.failed.n() + self.n_dropped
    }

    /// Adds another, such as that of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.lag.merge(&other.lag);
        self.failed.merge(&other.failed);
        for (label, recorded) in &other.labels {
            self.label(label).merge(recorded);
        }
        for (failure, n) in &other.errors {
            *self.errors.entry(*failure).or_default() += n;
        }
        self.n_dropped += other.n_dropped;
        self.backpressure.n += other.backpressure.n;
        self.backpressure.max = self.backpressure.max.max(other.backpressure.max);
        self.n_reconnects += other.n_reconnects;
        self.n_in_window += other.n_in_window;
        self.first = earliest(self.first, other.first);
        self.pulse_max = self.pulse_max.max(other.pulse_max);
        self.warm_up.latency.merge(&other.warm_up.latency);
        self.warm_up.n_failed += other.warm_up.n_failed;
        self.warm_up.n_dropped += other.warm_up.n_dropped;
    }

    /// Forgets everything and keeps the memory of the histograms.
    pub fn clear(&mut self) {
        let histograms = [
            &mut self.latency,
            &mut self.service,
            &mut self.lag,
            &mut self.failed,
            &mut self.warm_up.latency,
        ];
        histograms.into_iter().for_each(Recorded::clear);
        self.labels.iter_mut().for_each(|(_, recorded)| recorded.clear());
        self.errors.clear();
        (self.n_dropped, self.n_reconnects, self.n_in_window) = (0, 0, 0);
        (self.warm_up.n_failed, self.warm_up.n_dropped) = (0, 0);
        (self.backpressure, self.first, self.pulse_max) = (Waits::default(), None, Duration::ZERO);
    }

    fn label(&mut self, label: &str) -> &mut Recorded {
        let known = |labels: &[(String, Recorded)], label| {
            labels.iter().position(|(known, _): &(String, _)| known == label)
        };
        let label = if self.labels.len() >= MAX_LABELS && known(&self.labels, label).is_none() {
            OTHER_LABEL
        } else {
            label
        };
        let at = known(&self.labels, label).unwrap_or_else(|| {
            self.labels.push((label.to_owned(), Recorded::default()));
            self.labels.len() - 1
        });
        &mut self.labels[at].1
    }
}

fn earliest(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const SAMPLE: Sample<'static> = Sample {
        counted_from: Duration::from_millis(10),
        ready: Duration::from_millis(13),
        sent: Duration::from_millis(14),
        done: Duration::from_millis(20),
        outcome: Ok(()),
        label: None,
    };

    #[test]
    fn latency_counts_from_the_schedule_and_service_from_the_send() {
        let mut tally = Tally::default();
        tally.record(&SAMPLE);
        assert_eq!(tally.latency.max(), ms(10));
        assert_eq!(tally.service.max(), ms(6));
        assert_eq!(tally.lag.max(), ms(1));
        assert_eq!(tally.backpressure, Waits { n: 1, max: ms(3) });
    }

    #[test]
    fn a_failure_is_counted_by_kind_and_has_its_own_times() {
        let mut tally = Tally::default();
        for failure in [Failure::Timeout, Failure::Status(503), Failure::Timeout] {
            tally.record(&Sample { outcome: Err(failure), ..SAMPLE });
        }
        assert_eq!((tally.latency.n(), tally.failed.n(), tally.n_offered()), (0, 3, 3));
        let errors = BTreeMap::from([(Failure::Timeout, 2), (Failure::Status(503), 1)]);
        assert_eq!(tally.errors, errors);
    }

    #[test]
    fn the_warm_up_is_kept_apart() {
        let mut tally = Tally::default();
        tally.record_warm_up(&SAMPLE);
        tally.record_warm_up(&Sample { outcome: Err(Failure::Closed), ..SAMPLE });
        assert_eq!((tally.warm_up.latency.n(), tally.warm_up.n_failed), (1, 1));
        assert_eq!((tally.n_offered(), tally.lag.n()), (0, 0));
    }

    #[test]
    fn labels_are_recorded_apart_and_their_number_is_bounded() {
        let mut tally = Tally::default();
        for n in 0..100 {
            let label = n.to_string();
            tally.record(&Sample { label: Some(&label), ..SAMPLE });
        }
        let n_labelled: Vec<_> = tally.labels.iter().map(|(_, recorded)| recorded.n()).collect();
        assert_eq!(n_labelled.len(), MAX_LABELS + 1);
        assert_eq!(tally.labels[MAX_LABELS].0, OTHER_LABEL);
        assert_eq!(n_labelled.iter().sum::<u64>(), tally.latency.n());
    }

    /// Samples that differ in everything, from a small generator of numbers.
    fn samples() -> Vec<Sample<'static>> {
        let outcomes = [Ok(()), Ok(()), Err(Failure::Timeout), Err(Failure::Status(500))];
        let labels = [None, Some("cold"), Some("warm")];
        let sample = |n: u64| Sample {
            counted_from: ms(n),
            ready: ms(n + n % 3),
            sent: ms(n + n % 5 + 2),
            done: ms(n + 7 + n * n % 1_000),
            outcome: outcomes[n as usize % outcomes.len()],
            label: labels[n as usize % labels.len()],
        };
        (0..1_000).map(sample).collect()
    }

    fn tally_of<'a>(samples: impl IntoIterator<Item = &'a Sample<'a>>) -> Tally {
        let mut tally = Tally::default();
        for sample in samples {
            let is_warm_up = sample.counted_from < ms(50);
            if is_warm_up { tally.record_warm_up(sample) } else { tally.record(sample) }
        }
        tally.labels.sort_by(|(one, _), (other, _)| one.cmp(other));
        tally
    }

    #[test]
    fn merged_tallies_are_the_tally_of_all() {
        let samples = samples();
        let (some, others): (Vec<_>, Vec<_>) =
            samples.iter().partition(|sample| sample.counted_from.as_millis() % 7 < 3);
        let mut merged = tally_of(some);
        merged.merge(&tally_of(others));
        merged.labels.sort_by(|(one, _), (other, _)| one.cmp(other));
        assert_eq!(merged, tally_of(&samples));
    }

    #[test]
    fn a_cleared_tally_counts_as_a_new_one() {
        let samples = samples();
        let mut tally = tally_of(&samples);
        tally.clear();
        let fresh = Tally { labels: tally.labels.clone(), ..Tally::default() };
        assert_eq!(tally, fresh);
        assert!(tally.labels.iter().all(|(_, recorded)| recorded.n() == 0));
    }
}
