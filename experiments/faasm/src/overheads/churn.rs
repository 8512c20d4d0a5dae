//! Starts at a rate, open loop: the schedule waits for nobody.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use stats::{OrderedSample, Quantile, SampleError};

/// When instances are to be started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Starts per second.
    pub per_s: f64,
    /// For how long; one is started in any case.
    pub span: Duration,
}

/// A start that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Its place on the schedule.
    pub index: u64,
    /// When the instance had served, from the beginning.
    pub at: Duration,
}

/// What came of one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChurnRate {
    /// The rate of the schedule.
    pub target_per_s: f64,
    /// Starts on the schedule.
    pub n_scheduled: u64,
    /// Those that were done before patience ended.
    pub n_done: u64,
    /// From the first scheduled start until the last one had served, or to the
    /// schedule's end.
    pub elapsed_s: f64,
    /// Median time from the scheduled start until the instance had served.
    pub median_us: f64,
    /// The 99th percentile of it.
    pub p99_us: f64,
}

/// After so many times its span, an overloaded schedule is broken off.
const PATIENCE: u32 = 3;

/// A thread that waits for its turn is woken this soon, not after the usual 50 µs.
const TIMER_SLACK_NS: NonZeroU64 = NonZeroU64::MIN;

impl Schedule {
    /// Starts in all.
    #[must_use]
    pub fn n(&self) -> u64 {
        ((self.per_s * self.span.as_secs_f64()).round() as u64).max(1)
    }

    /// When the start of this index is due, from the beginning.
    #[must_use]
    pub fn due(&self, index: u64) -> Duration {
        Duration::from_secs_f64(index as f64 / self.per_s)
    }

    /// How long the schedule takes, its last gap included.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.due(self.n())
    }

    /// When whoever is late gives up, from the beginning.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.length() * PATIENCE
    }
}

impl ChurnRate {
    /// What the starts that were done come to.
    ///
    /// # Errors
    /// If none was done.
    pub fn of(schedule: &Schedule, done: &[Served]) -> Result<Self, SampleError> {
        let latency_us =
            |one: &Served| one.at.saturating_sub(schedule.due(one.index)).as_secs_f64() * 1e6;
        let latencies_us: Vec<_> = done.iter().map(latency_us).collect();
        let last = done.iter().map(|one| one.at).max().unwrap_or_default();
        Ok(Self {
            target_per_s: schedule.per_s,
            n_scheduled: schedule.n(),
            n_done: done.len() as u64,
            elapsed_s: last.max(schedule.length()).as_secs_f64(),
            median_us: quantile(&latencies_us, 0.5)?,
            p99_us: quantile(&latencies_us, 0.99)?,
        })
    }

    /// Starts per second that were done.
    #[must_use]
    pub fn achieved_per_s(&self) -> f64 {
        self.n_done as f64 / self.elapsed_s
    }

    /// Whether more was asked for than could be done: some were never started,
    /// or the last had served only long after the schedule's end, compared with
    /// its length and with the latency of a start that nothing hinders.
    #[must_use]
    pub fn fell_behind(&self, unhindered_us: f64) -> bool {
        let length_s = self.n_scheduled as f64 / self.target_per_s;
        let drain_s = self.elapsed_s - length_s;
        let is_long = drain_s > 0.1 * length_s && drain_s > 2.0 * unhindered_us / 1e6;
        self.n_done < self.n_scheduled || is_long
    }
}

/// Calls `start` on schedule, from `n_threads`. One that is late does not delay
/// the schedule, but counts from when it was due.
///
/// # Errors
/// If a start fails.
pub fn churn(
    schedule: &Schedule,
    n_threads: NonZeroUsize,
    start: impl Fn() -> anyhow::Result<()> + Sync,
) -> anyhow::Result<ChurnRate> {
    let (began, next) = (Instant::now(), AtomicU64::new(0));
    let take_turns = || -> anyhow::Result<Vec<Served>> {
        // Where the kernel refuses, a start may be due 50 µs before it begins.
        let _ = rustix::thread::set_current_timer_slack(Some(TIMER_SLACK_NS));
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= schedule.n() || began.elapsed() > schedule.patience() {
                return Ok(done);
            }
            pause(schedule.due(index).saturating_sub(began.elapsed()));
            start()?;
            done.push(Served { index, at: began.elapsed() });
        }
    };
    let done = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads.get()).map(|_| scope.spawn(take_turns)).collect();
        let joined = threads.into_iter().map(|thread| thread.join().expect("no start panics"));
        joined.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(ChurnRate::of(schedule, &done.concat())?)
}

#[expect(clippy::disallowed_methods, reason = "a schedule waits for nothing but time")]
fn pause(duration: Duration) {
    if !duration.is_zero() {
        thread::sleep(duration);
    }
}

/// The quantile at `level` by nearest rank.
pub(super) fn quantile(values: &[f64], level: f64) -> Result<f64, SampleError> {
    let quantile = Quantile { level, confidence: 0.95 };
    Ok(OrderedSample::new(values)?.quantile(quantile).value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN_PER_S: Schedule = Schedule { per_s: 10.0, span: Duration::from_secs(2) };

    #[test]
    fn a_schedule_is_computed_from_the_index() {
        assert_eq!((TEN_PER_S.n(), TEN_PER_S.due(3)), (20, Duration::from_millis(300)));
        let rare = Schedule { per_s: 0.1, ..TEN_PER_S };
        assert_eq!((rare.n(), rare.length()), (1, Duration::from_secs(10)));
    }

    fn rate(served_at_ms: &[u64]) -> ChurnRate {
        let served = |(index, at_ms): (usize, &u64)| Served {
            index: index as u64,
            at: Duration::from_millis(*at_ms),
        };
        let schedule = Schedule { per_s: 4.0, span: Duration::from_secs(1) };
        let done: Vec<_> = served_at_ms.iter().enumerate().map(served).collect();
        ChurnRate::of(&schedule, &done).unwrap()
    }

    #[test]
    fn latency_counts_from_when_a_start_was_due() {
        let rate = rate(&[100, 400, 550, 760]);
        assert_eq!((rate.median_us, rate.p99_us), (50_000.0, 150_000.0));
    }

    #[test]
    fn nobody_is_faster_than_the_schedule() {
        assert_eq!(rate(&[10, 260, 510, 760]).achieved_per_s(), 4.0);
        assert_eq!(rate(&[100, 300, 900, 2000]).achieved_per_s(), 2.0);
    }

    #[test]
    fn a_short_schedule_of_slow_starts_has_not_fallen_behind() {
        assert!(!rate(&[400, 650, 900, 1150]).fell_behind(400_000.0));
        assert!(rate(&[400, 900, 1400, 1900]).fell_behind(400_000.0));
        assert!(rate(&[10, 260]).fell_behind(10_000.0));
    }

    #[test]
    fn every_start_on_the_schedule_is_made_once() {
        let n_made = AtomicU64::new(0);
        let schedule = Schedule { per_s: 20_000.0, span: Duration::from_millis(5) };
        let rate = churn(&schedule, NonZeroUsize::MIN, || {
            n_made.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        assert_eq!(rate.unwrap().n_done, n_made.into_inner());
    }

    #[test]
    fn a_start_that_fails_ends_it() {
        let failing = || anyhow::bail!("no slot");
        let error = churn(&TEN_PER_S, NonZeroUsize::MIN, failing).unwrap_err();
        assert_eq!(error.to_string(), "no slot");
    }
}
