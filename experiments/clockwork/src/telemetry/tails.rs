//! The tails that figures are drawn of: the original's `client_tail_cdf_data.tsv`.

use serde::{Deserialize, Serialize};

use super::Distributions;
use crate::time::MILLISECOND;

/// How many points a tail has.
const N_POINTS: usize = 1000;

/// Tails on one logarithmic axis: at `y` is the (1 - 10^-y)-quantile, so 2 is p99.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tails {
    /// From 0 to log10 of the number of rows of the longer log, in equal steps.
    pub y: Vec<f64>,
    /// The quantiles, in milliseconds; empty where there were no values.
    pub ms: Distributions<Vec<f64>>,
}

/// The levels of the quantiles of `n_rows`, and their places on the axis.
pub(super) fn levels(n_rows: u64) -> (Vec<f64>, Vec<f64>) {
    let last = (n_rows.max(1) as f64).log10();
    let y = (0..N_POINTS).map(|index| last * index as f64 / (N_POINTS - 1) as f64);
    let y: Vec<_> = y.collect();
    (y.iter().map(|y| 1.0 - 10f64.powf(-y)).collect(), y)
}

pub(super) fn to_ms(nanos: &[f64]) -> Vec<f64> {
    nanos.iter().map(|nanos| nanos / MILLISECOND as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_where_one_row_in_all_is() {
        let (levels, y) = levels(10_000);
        assert_eq!((levels.len(), y.len()), (1000, 1000));
        assert_eq!((y[0], y[999], levels[0]), (0.0, 4.0, 0.0));
        assert!((levels[999] - 0.9999).abs() < 1e-12);
        assert!(levels.is_sorted());
    }

    #[test]
    fn without_rows_the_axis_is_a_point() {
        assert!(levels(0).0.iter().all(|level| *level == 0.0));
    }
}
