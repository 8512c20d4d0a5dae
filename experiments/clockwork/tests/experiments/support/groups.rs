//! Series of groups of models, as a trial has recorded them.

use anyhow::Context as _;
use clockwork::{
    roles::Observed,
    telemetry::{GroupPoint, GroupSeries},
};
use harness::{
    analysis::SeriesPoint,
    estimate::{mean, single},
};

/// Of more points than this none has an error bar: they would hide the lines.
const BARS_UP_TO: usize = 40;

/// A trial's group.
///
/// # Errors
/// If the trial has kept no series of it.
pub(crate) fn group<'a>(run: &'a Observed, name: &str) -> anyhow::Result<&'a GroupSeries> {
    let found = run.groups.iter().find(|group| group.name == name);
    found.with_context(|| format!("a trial has no series of `{name}`"))
}

/// A group over time, in minutes: each bucket's mean over the trials that have it.
///
/// # Errors
/// As [`group`].
pub(crate) fn mean_line(
    runs: &[&Observed],
    name: &str,
    of: fn(&GroupPoint) -> f64,
) -> anyhow::Result<Vec<SeriesPoint>> {
    let groups = runs.iter().map(|run| group(run, name));
    let groups = groups.collect::<anyhow::Result<Vec<_>>>()?;
    let n_points = groups.iter().map(|group| group.points.len()).max().unwrap_or(0);
    let at = |index| {
        let points = groups.iter().filter_map(move |group| group.points.get(index));
        let x = points.clone().map(|point: &GroupPoint| point.all.t_min).next().unwrap_or_default();
        let y = mean(&points.map(of).collect::<Vec<_>>())?;
        let y = if n_points > BARS_UP_TO { single(y.value) } else { y };
        Ok(SeriesPoint { x, y })
    };
    (0..n_points).map(at).collect()
}

/// The share of a group's requests in a stretch of buckets that were answered in time;
/// nothing if there were none.
pub(crate) fn satisfaction<'a>(points: impl IntoIterator<Item = &'a GroupPoint>) -> Option<f64> {
    let rates = points.into_iter().map(|point| (point.all.goodput, point.all.throughput));
    let (good, all) = rates.fold((0.0, 0.0), |sums, rates| (sums.0 + rates.0, sums.1 + rates.1));
    // Rates add up because buckets are equally long.
    (all > 0.0).then(|| good / all)
}
