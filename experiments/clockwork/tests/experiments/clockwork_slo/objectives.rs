//! The objectives of a trial, and when each holds.

use std::ops::Range;

use anyhow::ensure;
use clockwork::telemetry::GroupPoint;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::support::groups::satisfaction;

/// Objectives as multiples of an execution time, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Objectives {
    /// The first.
    pub(super) slo_start: f64,
    /// None exceeds it.
    pub(super) slo_end: f64,
    /// What each is multiplied with.
    pub(super) slo_factor: f64,
    /// How long each holds.
    pub(super) period: SignedDuration,
    /// What is left out at its beginning.
    pub(super) settle: SignedDuration,
    /// What is recorded.
    pub(super) bucket: SignedDuration,
}

impl Objectives {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            0.0 < self.slo_start && self.slo_start <= self.slo_end,
            "`slo-start` must be above 0 and at most `slo-end`"
        );
        ensure!(self.slo_factor > 1.0, "`slo-factor` must be above 1");
        ensure!(self.bucket.is_positive(), "`bucket` must be longer than nothing");
        ensure!(
            !self.settle.is_negative() && self.settle < self.period,
            "`settle` must be shorter than `period`"
        );
        ensure!(self.period.subsec_nanos() == 0, "`period` must be whole seconds");
        for (key, length) in [("period", self.period), ("settle", self.settle)] {
            let is_multiple = length.as_nanos() % self.bucket.as_nanos() == 0;
            ensure!(is_multiple, "`{key}` must be a multiple of `bucket`");
        }
        Ok(())
    }

    /// The multiples.
    pub(super) fn factors(&self) -> Vec<f64> {
        let steps = (0..).map(|nth| self.slo_start * self.slo_factor.powi(nth));
        // The first one holds for a period, whatever it is.
        let mut factors: Vec<_> = steps.take_while(|factor| *factor <= self.slo_end).collect();
        if factors.is_empty() {
            factors.push(self.slo_start);
        }
        factors
    }

    /// The share of requests that were answered in time under each objective that any
    /// was answered under, of those that are looked at from this bucket on or later.
    pub(super) fn satisfactions(&self, points: &[GroupPoint], from: usize) -> Vec<(f64, f64)> {
        let satisfaction_of = |(nth, factor)| {
            let Range { start, end } = self.buckets(nth);
            if start < from {
                return None;
            }
            let points = points.get(start..end.min(points.len()))?;
            Some((factor, satisfaction(points)?))
        };
        (0..).zip(self.factors()).filter_map(satisfaction_of).collect()
    }

    /// The first bucket that begins at this time or later.
    pub(super) fn bucket_from(&self, at: SignedDuration) -> usize {
        let whole = at.as_nanos().div_euclid(self.bucket.as_nanos());
        let begun = at.as_nanos().rem_euclid(self.bucket.as_nanos()) > 0;
        usize::try_from(whole + i128::from(begun)).unwrap_or(usize::MAX)
    }

    fn buckets(&self, nth: usize) -> Range<usize> {
        let (period, settle) = (self.bucket_from(self.period), self.bucket_from(self.settle));
        nth * period + settle..(nth + 1) * period
    }
}
