//! What is kept of the rows of one bucket: enough for one point of the series.

use super::{model_set::ModelSet, spread::Spread};
use crate::{
    message::{ActionKind, ClientStatus},
    telemetry::{ActionRow, Point, RequestRow, Window},
    time::MILLISECOND,
};

/// The rows of one bucket. Its counters hold 2³² requests of one latency.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    n_requests: u64,
    n_good: u64,
    n_cold_starts: u64,
    latency: Spread<u32>,
    sum_batch: u64,
    sum_batch_squared: u64,
    cold_models: ModelSet,
}

impl Bucket {
    pub(super) fn request(&mut self, row: &RequestRow) {
        self.n_requests += 1;
        self.n_good += u64::from(row.deadline_met());
        self.latency.record(row.latency);
        if row.result == ClientStatus::Success && row.is_cold_start() {
            self.n_cold_starts += 1;
            self.cold_models.insert(row.model);
        }
    }

    /// Failed executions count, as they do in the original.
    pub(super) fn action(&mut self, row: &ActionRow) {
        if let ActionKind::Infer { batch_size } = row.kind {
            let batch_size = u64::from(batch_size);
            self.sum_batch += batch_size;
            self.sum_batch_squared += batch_size * batch_size;
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.n_requests += other.n_requests;
        self.n_good += other.n_good;
        self.n_cold_starts += other.n_cold_starts;
        self.latency.add(&other.latency);
        self.sum_batch += other.sum_batch;
        self.sum_batch_squared += other.sum_batch_squared;
        self.cold_models.add(&other.cold_models);
    }

    pub(super) fn point(&self, window: &Window, index: usize) -> Point {
        let per_second = |count: u64| count as f64 / window.seconds_in(index);
        let quantiles = self.latency.quantiles(&[0.5, 0.99]);
        let latency_ms =
            |nth: usize| quantiles.get(nth).map_or(0.0, |latency| latency / MILLISECOND as f64);
        Point {
            t_min: window.minutes_to(index),
            throughput: per_second(self.n_requests),
            goodput: per_second(self.n_good),
            latency_median_ms: latency_ms(0),
            latency_p99_ms: latency_ms(1),
            latency_max_ms: self.latency.max() as f64 / MILLISECOND as f64,
            // 0 of nothing, where it would be not a number.
            batch_size_mean: self.sum_batch_squared as f64 / self.sum_batch.max(1) as f64,
            cold_models: self.cold_models.len(),
            cold_starts: per_second(self.n_cold_starts),
        }
    }
}
