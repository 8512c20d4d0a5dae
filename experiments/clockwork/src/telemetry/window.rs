//! Which rows count, and to which point of a series.

use serde::{Deserialize, Serialize};

use crate::time::{MINUTE, Nanos, SECOND};

/// The part of a run that is looked at, in buckets of equal length.
///
/// Rows are placed by their `t`. The original begins at the later of both logs'
/// first rows, plus the lead-in; that time cannot be known from one row, so it is
/// given here: 0 or the start of the load in a simulation, for files what
/// [`LogFiles::start`](super::log::LogFiles::start) says. The original also ends where
/// the first of the two logs does; here rows count up to the end of the duration,
/// whichever log they are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Window {
    /// The beginning of the run.
    pub start: Nanos,
    /// What is left out from there on.
    pub lead_in: Nanos,
    /// How long rows count from then on; all that come if there is none. A row at
    /// exactly the end does not count (to the original it does).
    pub duration: Option<Nanos>,
    /// The length of a bucket, not 0.
    pub bucket: Nanos,
}

impl Window {
    /// The bucket of a row; nothing if it does not count.
    #[must_use]
    pub fn bucket_of(&self, t: Nanos) -> Option<usize> {
        let since = t.checked_sub(self.start)?.checked_sub(self.lead_in)?;
        let counts = self.duration.is_none_or(|duration| since < duration);
        counts.then_some((since / self.bucket) as usize)
    }

    /// Whether a row is of the time before those that count.
    #[must_use]
    pub fn is_before(&self, t: Nanos) -> bool {
        t < self.start + self.lead_in
    }

    /// The seconds of a bucket in which rows count: fewer in the last one if the
    /// duration ends within it. (The original takes every bucket for a whole one.)
    #[must_use]
    pub fn seconds_in(&self, bucket: usize) -> f64 {
        let begins = bucket as Nanos * self.bucket;
        let rest = self.duration.map(|duration| duration.saturating_sub(begins));
        rest.map_or(self.bucket, |rest| rest.min(self.bucket)) as f64 / SECOND as f64
    }

    /// When a bucket begins, in minutes from the beginning of the first.
    #[must_use]
    pub fn minutes_to(&self, bucket: usize) -> f64 {
        bucket as f64 * self.bucket as f64 / MINUTE as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_before_the_lead_in_and_from_the_end_on_do_not_count() {
        let window = Window { start: 100, lead_in: 50, duration: Some(30), bucket: 10 };
        let buckets = [99, 100, 149, 150, 159, 160, 179, 180].map(|t| window.bucket_of(t));
        let counted = [None, None, None, Some(0), Some(0), Some(1), Some(2), None];
        assert_eq!(buckets, counted);
    }

    #[test]
    fn without_a_duration_every_bucket_is_whole() {
        let window =
            Window { start: SECOND, lead_in: 600 * SECOND, duration: None, bucket: MINUTE };
        assert_eq!(window.bucket_of(601 * SECOND - 1), None);
        assert_eq!(window.bucket_of(661 * SECOND), Some(1));
        assert_eq!((window.seconds_in(90), window.minutes_to(90)), (60.0, 90.0));
    }

    #[test]
    fn the_last_bucket_is_as_long_as_the_duration_leaves() {
        let window = Window { start: 0, lead_in: 0, duration: Some(150 * SECOND), bucket: MINUTE };
        assert_eq!([0, 1, 2].map(|bucket| window.seconds_in(bucket)), [60.0, 60.0, 30.0]);
    }
}
