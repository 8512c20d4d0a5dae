//! The two tables that the original's `process.py` writes, with its names for the
//! quantities that are ours too, and our units in them.

use super::{Distributions, Point, Series, Sides, Tails};

/// A column of `timeseries_data.tsv`.
type OverTime = (&'static str, fn(&Point) -> f64);

const OVER_TIME: [OverTime; 9] = [
    ("t_min", |at| at.t_min),
    ("goodput", |at| at.goodput),
    ("throughput", |at| at.throughput),
    ("median_ms", |at| at.latency_median_ms),
    ("p99_ms", |at| at.latency_p99_ms),
    ("max_ms", |at| at.latency_max_ms),
    ("batchsize", |at| at.batch_size_mean),
    ("coldmodels", |at| at.cold_models as f64),
    ("coldstarts", |at| at.cold_starts),
];

/// A column of `client_tail_cdf_data.tsv`, in milliseconds. `over` is what took longer
/// than was expected, as in the original's table.
type Tail = (&'static str, fn(&Distributions<Vec<f64>>) -> &Vec<f64>);

const TAILS: [Tail; 11] = [
    ("infer_prediction_error_over", |ms| over(&ms.infer_prediction)),
    ("infer_prediction_error_under", |ms| under(&ms.infer_prediction)),
    ("load_prediction_error_over", |ms| over(&ms.load_prediction)),
    ("load_prediction_error_under", |ms| under(&ms.load_prediction)),
    ("infer_completion_error_over", |ms| over(&ms.infer_completion)),
    ("infer_completion_error_under", |ms| under(&ms.infer_completion)),
    ("load_completion_error_over", |ms| over(&ms.load_completion)),
    ("load_completion_error_under", |ms| under(&ms.load_completion)),
    ("latency", |ms| &ms.latency),
    ("cold", |ms| &ms.cold_latency),
    ("hot", |ms| &ms.hot_latency),
];

/// `timeseries_data.tsv`: the series of Fig. 9, a line for each bucket.
#[must_use]
pub fn time_series(series: &Series) -> String {
    let row = |point: &Point| OVER_TIME.map(|(_, of)| of(point).to_string()).join("\t");
    lines(&OVER_TIME.map(|(name, _)| name), series.points.iter().map(row))
}

/// `client_tail_cdf_data.tsv`: the tails of Fig. 10 and of latencies. At `y` is the (1 - 10^-y)-quantile. A column
/// without values is empty.
#[must_use]
pub fn tail_data(tails: &Tails) -> String {
    let columns = TAILS.map(|(_, of)| of(&tails.ms));
    let row = |(index, y): (usize, &f64)| {
        let values = columns.map(|column| column.get(index).map_or(String::new(), f64::to_string));
        format!("{y}\t{}", values.join("\t"))
    };
    let names: Vec<_> = std::iter::once("y").chain(TAILS.map(|(name, _)| name)).collect();
    lines(&names, tails.y.iter().enumerate().map(row))
}

fn lines(names: &[&str], rows: impl Iterator<Item = String>) -> String {
    let lines = std::iter::once(names.join("\t")).chain(rows);
    lines.map(|line| line + "\n").collect()
}

fn over(sides: &Sides<Vec<f64>>) -> &Vec<f64> {
    &sides.longer
}

fn under(sides: &Sides<Vec<f64>>) -> &Vec<f64> {
    &sides.shorter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_a_line_for_each_bucket() {
        let point = Point {
            t_min: 0.0,
            throughput: 3.0,
            goodput: 2.5,
            latency_median_ms: 4.0,
            latency_p99_ms: 5.0,
            latency_max_ms: 6.0,
            batch_size_mean: 1.5,
            cold_models: 7,
            cold_starts: 0.25,
        };
        let series = Series { points: vec![point, Point { t_min: 0.5, ..point }] };
        let expected = "t_min\tgoodput\tthroughput\tmedian_ms\tp99_ms\tmax_ms\tbatchsize\tcoldmodels\tcoldstarts\n\
                        0\t2.5\t3\t4\t5\t6\t1.5\t7\t0.25\n\
                        0.5\t2.5\t3\t4\t5\t6\t1.5\t7\t0.25\n";
        assert_eq!(time_series(&series), expected);
    }

    #[test]
    fn a_tail_without_values_is_empty_and_over_is_what_took_longer() {
        let ms = Distributions {
            infer_prediction: Sides { longer: vec![1.0, 2.0], shorter: vec![] },
            latency: vec![3.0, 4.5],
            ..Distributions::default()
        };
        let text = tail_data(&Tails { y: vec![0.0, 1.0], ms });
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        assert!(lines.iter().all(|line| line.len() == 12), "{text}");
        assert_eq!(
            lines[0][..3],
            ["y", "infer_prediction_error_over", "infer_prediction_error_under"]
        );
        assert_eq!((&lines[1][..3], lines[1][9]), (&["0", "1", ""][..], "3"));
        assert_eq!((&lines[2][..3], lines[2][9]), (&["1", "2", ""][..], "4.5"));
    }
}
