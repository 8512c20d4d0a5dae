//! The range of an axis and where its ticks stand.

use super::scale::round_values;
use crate::analysis::Scale;

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    /// Its lower end.
    pub(super) low: f64,
    /// Its upper end, above `low`.
    pub(super) high: f64,
    /// Ticks within, from low to high.
    pub(super) ticks: Vec<Tick>,
}

/// A tick and what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Position.
    pub(super) at: f64,
    /// Label.
    pub(super) label: String,
}

/// What an axis has to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// The least and the greatest value.
    pub(super) values: (f64, f64),
    /// How far error bars reach; an axis does not follow them without limit.
    pub(super) bars: (f64, f64),
    /// Whether only whole numbers mean something.
    pub(super) whole: bool,
    /// About how many ticks there is room for.
    pub(super) n_ticks: u32,
}

/// Values that differ, error bars included, by less than this share of their
/// size are shown in detail rather than from zero.
const DETAIL_BELOW: f64 = 0.15;

/// A logarithmic axis follows error bars so many times beyond the values.
const BARS_REACH: f64 = 10.0;

impl Axis {
    /// The axis that shows `shown`, from zero where that is natural.
    pub(super) fn for_values(shown: Shown) -> Self {
        let (low, high) = range(shown);
        let step = step(low, high, shown);
        let low = if low == 0.0 { 0.0 } else { (low / step).floor() * step };
        let n_steps = ((high - low) / step - 1e-9).ceil().max(1.0) as u32;
        let ticks = (0..=n_steps).map(|i| {
            let at = low + f64::from(i) * step;
            Tick { at, label: label(at, step) }
        });
        let high = low + f64::from(n_steps) * step;
        Self { scale: Scale::Linear, low, high, ticks: ticks.collect() }
    }

    /// The logarithmic axis that shows `shown`, all of it positive but perhaps
    /// the error bars.
    pub(super) fn logarithmic(shown: Shown) -> Self {
        let ((low, high), (bars_low, bars_high)) = (shown.values, shown.bars);
        // A bar of orders of magnitude must not flatten what it belongs to.
        let low = bars_low.clamp(low / BARS_REACH, low);
        let high = bars_high.clamp(high, high * BARS_REACH);
        let values = round_values(low, high, shown.n_ticks);
        let ticks = values.iter().map(|at| Tick { at: *at, label: label(*at, *at) });
        let (low, high) = (values[0], values[values.len() - 1]);
        Self { scale: Scale::Logarithmic, low, high, ticks: ticks.collect() }
    }

    /// The axis of percentiles from 0 to at least the greatest that is shown.
    pub(super) fn percentiles(shown: Shown) -> Self {
        let scale = Scale::Percentile;
        let n_nines = (scale.length(shown.values.1) - 1e-9).ceil().max(1.0) as usize;
        let tick = |nines: usize| {
            let at = scale.value(nines as f64);
            Tick { at, label: format!("{at:.*}", nines.saturating_sub(2)) }
        };
        let ticks: Vec<_> = (0..=n_nines).map(tick).collect();
        Self { scale, low: 0.0, high: ticks[n_nines].at, ticks }
    }

    /// The axis that shows one position, in its middle.
    pub(super) fn around(value: f64) -> Self {
        let reach = value.abs().max(1.0);
        let tick = Tick { at: value, label: value.to_string() };
        let (low, high) = (value - reach, value + reach);
        Self { scale: Scale::Linear, low, high, ticks: vec![tick] }
    }

    /// Where `value` stands, 0 at the lower end and 1 at the upper.
    pub(super) fn share(&self, value: f64) -> f64 {
        let length = |value| self.scale.length(value);
        (length(value) - length(self.low)) / (length(self.high) - length(self.low))
    }

    /// The same axis, which leaves this share of itself free beyond `value`.
    pub(super) fn with_clearance(mut self, value: f64, share: f64) -> Self {
        let length = |value| self.scale.length(value);
        let free = share * (length(self.high) - length(self.low));
        self.high = self.high.max(self.scale.value(length(value) + free));
        self
    }
}

fn range(shown: Shown) -> (f64, f64) {
    let (mut low, mut high) = shown.values;
    let size = high.abs().max(low.abs());
    let span = high.max(shown.bars.1) - low.min(shown.bars.0);
    let in_detail = span > 0.0 && span < DETAIL_BELOW * size;
    if !in_detail {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    if low == high {
        high = low + 1.0;
    }
    let reach = high - low;
    let bars = (shown.bars.0.max(low - reach), shown.bars.1.min(high + reach));
    let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    (low.min(bars.0).max(floor), high.max(bars.1))
}

/// The step of 1, 2 or 5 times a power of ten that gives at most the ticks
/// there is room for.
fn step(low: f64, high: f64, shown: Shown) -> f64 {
    let least = (high - low) / f64::from(shown.n_ticks);
    let power = 10f64.powi(least.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = step.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power);
    if shown.whole { step.max(1.0) } else { step }
}

fn label(at: f64, step: f64) -> String {
    // What is left of zero after adding steps is no number to show.
    let at = if at.abs() < step * 1e-6 { 0.0 } else { at };
    let place = (step.log10() + 1e-9).floor() as i32;
    if (-4..6).contains(&place) || at == 0.0 {
        let decimals = usize::try_from(-place).unwrap_or(0);
        return format!("{at:.decimals$}", decimals = if at == 0.0 { 0 } else { decimals });
    }
    let digits = (at.abs().log10() + 1e-9).floor() as i32 - place;
    format!("{at:.digits$e}", digits = usize::try_from(digits).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(low: f64, high: f64) -> Axis {
        let values = (low, high);
        Axis::for_values(Shown { values, bars: values, whole: false, n_ticks: 6 })
    }

    #[track_caller]
    fn check(low: f64, high: f64, expected: &[&str]) {
        let labels: Vec<_> = axis(low, high).ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn an_axis_starts_at_zero_and_ends_at_a_tick() {
        check(2.0, 38.0, &["0", "10", "20", "30", "40"]);
        check(0.29, 0.8, &["0", "0.2", "0.4", "0.6", "0.8"]);
    }

    #[test]
    fn small_differences_of_large_values_are_shown_in_detail() {
        check(100.0, 104.0, &["100", "101", "102", "103", "104"]);
    }

    #[test]
    fn negative_values_keep_zero_in_sight() {
        check(-3.0, 5.0, &["-4", "-2", "0", "2", "4", "6"]);
    }

    #[test]
    fn equal_values_have_an_axis() {
        check(5.0, 5.0, &["0", "1", "2", "3", "4", "5"]);
        check(0.0, 0.0, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn vast_and_tiny_values_have_short_labels() {
        check(0.0, 3e8, &["0", "5e7", "1.0e8", "1.5e8", "2.0e8", "2.5e8", "3.0e8"]);
        check(0.0, 2e-7, &["0", "5e-8", "1.0e-7", "1.5e-7", "2.0e-7"]);
    }

    #[test]
    fn whole_numbers_have_whole_ticks() {
        let shown = Shown { values: (1.0, 1.0), bars: (1.0, 1.0), whole: true, n_ticks: 6 };
        let labels: Vec<_> =
            Axis::for_values(shown).ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0", "1"]);
    }

    #[test]
    fn a_vast_error_bar_does_not_flatten_the_data() {
        let shown = Shown { values: (1.0, 10.0), bars: (0.0, 1e6), whole: false, n_ticks: 6 };
        assert_eq!(Axis::for_values(shown).high, 20.0);
    }

    #[test]
    fn a_logarithmic_axis_follows_error_bars_for_one_power_of_ten() {
        let shown = Shown { values: (0.005, 20.0), bars: (-1.0, 3e4), whole: false, n_ticks: 6 };
        let axis = Axis::logarithmic(shown);
        let labels: Vec<_> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["0.0001", "0.01", "1", "100", "10000"]);
        assert!((axis.share(0.1) - 3.0 / 8.0).abs() < 1e-12);
    }

    #[test]
    fn percentiles_are_marked_nine_by_nine() {
        let values = (0.0, 99.95);
        let axis = Axis::percentiles(Shown { values, bars: values, whole: false, n_ticks: 6 });
        let labels: Vec<_> = axis.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["0", "90", "99", "99.9", "99.99"]);
        assert!((axis.share(99.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn shares_run_from_low_to_high() {
        let axis = axis(0.0, 10.0);
        assert_eq!((axis.share(axis.low), axis.share(axis.high)), (0.0, 1.0));
    }
}
