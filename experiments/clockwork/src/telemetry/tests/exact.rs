//! The same series and tails from all rows at once, as the original's `process.py`
//! makes them: sorted values, and quantiles as pandas has them. The aggregate is held
//! to it.

use std::collections::HashSet;

use crate::{
    message::{ActionKind, ActionStatus, ClientStatus},
    telemetry::{ActionRow, Distributions, Point, RequestRow, Series, Sides, Tails, Window, tails},
    time::{MILLISECOND, Nanos},
};

/// All rows of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rows {
    /// Of the one log.
    pub(super) requests: Vec<RequestRow>,
    /// Of the other.
    pub(super) actions: Vec<ActionRow>,
}

impl Rows {
    /// The series, up to the last bucket that has a row.
    pub(super) fn series(&self, window: &Window) -> Series {
        let times = self.requests.iter().map(|row| row.t);
        let times = times.chain(self.actions.iter().map(|row| row.t));
        let last = times.filter_map(|t| window.bucket_of(t)).max();
        let indices = 0..last.map_or(0, |last| last + 1);
        Series { points: indices.map(|index| self.point(window, index)).collect() }
    }

    /// The tails, without those actions that failed or with them.
    pub(super) fn tails(&self, window: &Window, include_failed: bool) -> Tails {
        let requests = || self.requests.iter().filter(|row| window.bucket_of(row.t).is_some());
        let actions = || self.actions.iter().filter(|row| window.bucket_of(row.t).is_some());
        let of_type = |code| {
            actions().filter(move |row| {
                row.action_type() == code && (include_failed || row.status == ActionStatus::Success)
            })
        };
        let prediction = |code| {
            sides(of_type(code).map(|row| (row.worker_exec_duration, row.expected_exec_duration)))
        };
        let completion = |code| {
            sides(of_type(code).map(|row| (row.worker_exec_complete, row.expected_exec_complete)))
        };
        let latency = |is_chosen: fn(&RequestRow) -> bool| {
            sorted(requests().filter(|row| is_chosen(row)).map(|row| row.latency))
        };
        let sorted = Distributions {
            infer_prediction: prediction(2),
            load_prediction: prediction(1),
            infer_completion: completion(2),
            load_completion: completion(1),
            latency: latency(|_| true),
            cold_latency: latency(|row| row.arrival_count == 0),
            hot_latency: latency(|row| row.arrival_count > 0),
        };
        let (levels, y) = tails::levels(requests().count().max(actions().count()) as u64);
        let quantiles = |values: &Vec<Nanos>| {
            levels.iter().filter_map(|level| quantile(values, *level)).collect::<Vec<_>>()
        };
        Tails { y, ms: sorted.map(|values| tails::to_ms(&quantiles(values))) }
    }

    fn point(&self, window: &Window, index: usize) -> Point {
        let is_here = |t| window.bucket_of(t) == Some(index);
        let requests: Vec<_> = self.requests.iter().filter(|row| is_here(row.t)).collect();
        let actions = self.actions.iter().filter(|row| is_here(row.t));
        let batch_sizes = actions.filter_map(|row| match row.kind {
            ActionKind::Infer { batch_size } => Some(f64::from(batch_size)),
            ActionKind::Load | ActionKind::Evict => None,
        });
        let (squares, sum) = batch_sizes
            .fold((0.0, 0.0), |(squares, sum), size| (squares + size * size, sum + size));
        let is_cold =
            |row: &&&RequestRow| row.result == ClientStatus::Success && row.is_cold_start();
        let cold: Vec<_> = requests.iter().filter(is_cold).collect();
        let latencies = sorted(requests.iter().map(|row| row.latency));
        let latency_ms = |level| quantile(&latencies, level).unwrap_or(0.0) / MILLISECOND as f64;
        let per_second = |count: usize| count as f64 / window.seconds_in(index);
        Point {
            t_min: window.minutes_to(index),
            throughput: per_second(requests.len()),
            goodput: per_second(requests.iter().filter(|row| row.deadline_met()).count()),
            latency_median_ms: latency_ms(0.5),
            latency_p99_ms: latency_ms(0.99),
            latency_max_ms: latency_ms(1.0),
            batch_size_mean: if sum > 0.0 { squares / sum } else { 0.0 },
            cold_models: cold.iter().map(|row| row.model).collect::<HashSet<_>>().len() as u64,
            cold_starts: per_second(cold.len()),
        }
    }
}

/// The (actual, expected) pairs, by which of the two is larger.
fn sides(pairs: impl Iterator<Item = (Nanos, Nanos)> + Clone) -> Sides<Vec<Nanos>> {
    Sides {
        longer: sorted(pairs.clone().filter_map(|(actual, expected)| actual.checked_sub(expected))),
        shorter: sorted(pairs.filter_map(|(actual, expected)| expected.checked_sub(actual))),
    }
}

fn sorted(values: impl Iterator<Item = Nanos>) -> Vec<Nanos> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values
}

/// The quantile with linear interpolation between neighbours; nothing of nothing.
fn quantile(sorted: &[Nanos], level: f64) -> Option<f64> {
    let rank = level * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(rank.floor() as usize)? as f64;
    let above = *sorted.get(rank.ceil() as usize)? as f64;
    Some(below + rank.fract() * (above - below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_pandas() {
        // pandas.Series([1, 2, 3, 10]).quantile([0, .25, .5, .75, 1])
        let quantiles = [0.0, 0.25, 0.5, 0.75, 1.0].map(|level| quantile(&[1, 2, 3, 10], level));
        assert_eq!(quantiles.map(Option::unwrap), [1.0, 1.75, 2.5, 4.75, 10.0]);
        assert_eq!(quantile(&[], 0.5), None);
    }
}
