//! The arrivals of a schedule: offsets from the start, ascending.

use std::{sync::Arc, time::Duration};

use rand::RngExt as _;
use rand_pcg::Pcg64;

use super::{Gaps, Rate, Schedule, Step, rate::nanoseconds};

/// The arrivals of a schedule, in constant memory; a seed fixes them all.
#[derive(Debug, Clone)]
pub struct Arrivals(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Constant { rate: Rate, index: u64 },
    Poisson(Exponential),
    Steps(Steps),
    Trace { offsets: Arc<[Duration]>, index: usize },
}

/// Arrivals with exponential gaps, after `now_ns`.
#[derive(Debug, Clone)]
struct Exponential {
    rate: Rate,
    random: Pcg64,
    now_ns: f64,
}

#[derive(Debug, Clone)]
struct Steps {
    gaps: Gaps,
    rest: std::vec::IntoIter<Step>,
    starts_at: Duration,
    ends_at: Duration,
    random: Pcg64,
    /// Of the step that lasts; none before the first.
    within: Option<Box<Kind>>,
}

impl Schedule {
    /// The arrivals that `seed` fixes; endless for a constant or Poisson rate.
    #[must_use]
    pub fn arrivals(&self, seed: u64) -> Arrivals {
        let random = Pcg64::new(seed.into(), STREAM);
        Arrivals(match self {
            Self::Constant(rate) => Kind::Constant { rate: *rate, index: 0 },
            Self::Poisson(rate) => Kind::poisson(*rate, random),
            Self::Steps { gaps, steps } => Kind::Steps(Steps {
                gaps: *gaps,
                rest: steps.clone().into_iter(),
                starts_at: Duration::ZERO,
                ends_at: Duration::ZERO,
                random,
                within: None,
            }),
            Self::Trace(trace) => Kind::Trace { offsets: Arc::clone(trace.offsets()), index: 0 },
        })
    }
}

/// The stream of random numbers that arrivals use, apart from those of think times.
const STREAM: u128 = u128::MAX;

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next()
    }
}

impl Kind {
    fn poisson(rate: Rate, random: Pcg64) -> Self {
        Self::Poisson(Exponential { rate, random, now_ns: 0.0 })
    }

    fn next(&mut self) -> Option<Duration> {
        match self {
            Self::Constant { rate, index } => {
                let due = rate.due(*index);
                *index += 1;
                Some(due)
            }
            Self::Poisson(exponential) => Some(exponential.next()),
            Self::Steps(steps) => steps.next(),
            Self::Trace { offsets, index } => {
                let due = offsets.get(*index).copied();
                *index += 1;
                due
            }
        }
    }
}

impl Exponential {
    fn next(&mut self) -> Duration {
        // 1 − u lies in (0, 1], of which the logarithm is finite.
        let uniform: f64 = 1.0 - self.random.random::<f64>();
        self.now_ns -= uniform.ln() * 1e9 / self.rate.get();
        nanoseconds(self.now_ns)
    }
}

impl Steps {
    fn next(&mut self) -> Option<Duration> {
        loop {
            if let Some(within) = &mut self.within {
                let due = self.starts_at + within.next()?;
                if due < self.ends_at {
                    return Some(due);
                }
            }
            let step = self.rest.next()?;
            self.starts_at = self.ends_at;
            self.ends_at += step.length.duration();
            self.within = Some(Box::new(self.begin(step.rate)));
        }
    }

    /// A Poisson process has no memory: it may begin anew where its rate changes.
    fn begin(&mut self, rate: Rate) -> Kind {
        match self.gaps {
            Gaps::Constant => Kind::Constant { rate, index: 0 },
            Gaps::Exponential => {
                let (state, stream) = (self.random.random(), self.random.random());
                Kind::poisson(rate, Pcg64::new(state, stream))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(schedule: &str, seed: u64) -> Arrivals {
        schedule.parse::<Schedule>().unwrap().arrivals(seed)
    }

    fn gaps_s(schedule: &str, n: usize) -> Vec<f64> {
        let all: Vec<_> = arrivals(schedule, 7).take(n + 1).collect();
        all.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
    }

    #[test]
    fn a_constant_rate_begins_at_once_and_keeps_its_distance() {
        let first: Vec<_> = arrivals("constant:4000", 0).take(4).collect();
        assert_eq!(first, [0, 250, 500, 750].map(Duration::from_micros));
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_variance_of_an_exponential() {
        let gaps = gaps_s("poisson:200", 100_000);
        let n = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / n;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // The standard errors are 0.3 % and 0.9 %; the seed is fixed.
        assert!((mean * 200.0 - 1.0).abs() < 0.01, "{mean}");
        assert!((variance * 200.0 * 200.0 - 1.0).abs() < 0.03, "{variance}");
    }

    #[test]
    fn poisson_gaps_pass_the_test_of_kolmogorov_and_smirnov() {
        let mut gaps = gaps_s("poisson:200", 10_000);
        gaps.sort_by(f64::total_cmp);
        let n = gaps.len() as f64;
        let distance = |(index, gap): (usize, &f64)| {
            let expected = 1.0 - (-gap * 200.0).exp();
            let (below, above) = (index as f64 / n, (index + 1) as f64 / n);
            (expected - below).abs().max((expected - above).abs())
        };
        let largest = gaps.iter().enumerate().map(distance).fold(0.0, f64::max);
        // 5 % of exponential samples lie further away than 1.358 / √n.
        assert!(largest * n.sqrt() < 1.358, "{}", largest * n.sqrt());
    }

    #[test]
    fn poisson_counts_vary_as_much_as_their_mean() {
        let mut counts = vec![0_f64; 2_000];
        for due in arrivals("poisson:50", 3).take_while(|due| due.as_secs() < 2_000) {
            counts[due.as_secs() as usize] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / 2_000.0;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 1_999.0;
        // The index of dispersion is 1 with a standard error of √(2 / n) = 3 %.
        assert!((variance / mean - 1.0).abs() < 0.1, "{}", variance / mean);
    }

    #[test]
    fn steps_follow_each_other_without_a_gap() {
        let all: Vec<_> = arrivals("step:2x1s,4x500ms", 0).map(|due| due.as_millis()).collect();
        assert_eq!(all, [0, 500, 1000, 1250]);
    }

    #[test]
    fn poisson_steps_have_the_rates_of_their_pieces() {
        let all: Vec<_> = arrivals("poisson-step:1000x10s,4000x10s", 5).collect();
        assert!(all.is_sorted());
        let early = all.iter().filter(|due| due.as_secs() < 10).count() as f64;
        let late = all.len() as f64 - early;
        // Four standard deviations: 400 of 10,000 and 800 of 40,000.
        assert!((early - 10_000.0).abs() < 400.0, "{early}");
        assert!((late - 40_000.0).abs() < 800.0, "{late}");
        let gaps_differ = all[1] - all[0] != all[2] - all[1];
        assert!(gaps_differ && all.last().unwrap().as_secs() < 20);
    }

    #[test]
    fn a_seed_fixes_all_arrivals_and_another_changes_them() {
        let first = |seed| arrivals("poisson:10", seed).take(50).collect::<Vec<_>>();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
