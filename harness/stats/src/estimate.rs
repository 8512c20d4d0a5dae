//! A value computed from samples, with its interval and how that was made.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;

/// A value computed from samples, and what is known of its precision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The value itself.
    pub value: f64,
    /// Its interval; none where the samples allow no honest one.
    pub interval: Option<Interval>,
    /// How many samples it rests on; of two samples, the size of the smaller.
    pub n: usize,
    /// How the interval was made, or would have been.
    pub method: Method,
}

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Two samples by rank, chosen by exact binomial sums.
    OrderStatistic,
    /// Student's t, on the logarithmic scale for positive quantities; for two
    /// samples with degrees of freedom after Welch.
    StudentT,
    /// The studentised bootstrap.
    BootstrapT,
    /// All samples are identical, as those of a deterministic count are.
    Exact,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_survives_a_round_trip_and_names_its_method_in_kebab_case() {
        let estimate = Estimate {
            value: 1.5,
            interval: Some(Interval { low: 1.0, high: 2.0, confidence: 0.95 }),
            n: 12,
            method: Method::OrderStatistic,
        };
        let text = serde_json::to_string(&estimate).unwrap();
        assert!(text.contains(r#""method":"order-statistic""#), "{text}");
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), estimate);
    }
}
