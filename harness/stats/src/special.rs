//! The distribution functions behind the intervals: binomial and Student's t.
//!
//! Both are the regularised incomplete beta function in disguise, which is
//! evaluated by its continued fraction (Lentz's form) to about 1e-12.

/// P(X ≤ `k`) of a binomial with `n` trials of `probability` each.
pub(crate) fn binomial_cdf(k: usize, n: usize, probability: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    regularised_beta(1.0 - probability, (n - k) as f64, k as f64 + 1.0)
}

/// The t that a Student variable with `freedom` degrees (not necessarily
/// whole) stays below with `probability`.
pub(crate) fn student_quantile(probability: f64, freedom: f64) -> f64 {
    assert!(probability > 0.0 && probability < 1.0);
    assert!(freedom > 0.0);
    if probability < 0.5 {
        return -student_quantile(1.0 - probability, freedom);
    }
    let mut high = 1.0;
    while student_cdf(high, freedom) < probability {
        high *= 2.0;
    }
    let mut low = 0.0;
    // 200 halvings exhaust the mantissa from any start.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if student_cdf(middle, freedom) < probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(T ≤ `t`) for t ≥ 0.
fn student_cdf(t: f64, freedom: f64) -> f64 {
    1.0 - 0.5 * regularised_beta(freedom / (freedom + t * t), 0.5 * freedom, 0.5)
}

/// I_x(a, b), the regularised incomplete beta function.
fn regularised_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on one side of the mean; symmetry gives the other.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_tail(1.0 - x, b, a);
    }
    beta_tail(x, a, b)
}

/// I_x(a, b) for x below the mean of the distribution.
fn beta_tail(x: f64, a: f64, b: f64) -> f64 {
    let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p();
    ln_front.exp() * beta_fraction(x, a, b) / a
}

/// The continued fraction of the incomplete beta function.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS_MAX: u32 = 100_000;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..=STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// ln Γ(x) for x > 0, by Stirling's series after shifting x above 10.
fn ln_gamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut z = x;
    while z < 10.0 {
        shift += z.ln();
        z += 1.0;
    }
    let inverse = 1.0 / z;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
    }

    /// The sum of the definition, term by term.
    fn binomial_sum(k: usize, n: usize, p: f64) -> f64 {
        (0..=k)
            .map(|j| {
                let ways: f64 = (0..j).map(|i| (n - i) as f64 / (j - i) as f64).product();
                ways * p.powi(j as i32) * (1.0 - p).powi((n - j) as i32)
            })
            .sum()
    }

    #[test]
    fn the_binomial_distribution_is_the_sum_of_its_terms() {
        for n in [1, 2, 10, 50, 100, 400] {
            for p in [0.01, 0.5, 0.9, 0.95, 0.99, 0.999] {
                for k in (0..n).step_by(1 + n / 7) {
                    check(binomial_cdf(k, n, p), binomial_sum(k, n, p), 1e-11);
                }
            }
        }
    }

    #[test]
    fn student_quantiles_are_those_of_the_printed_tables() {
        check(student_quantile(0.975, 1.0), 12.706_204_736, 1e-8);
        check(student_quantile(0.975, 2.0), 4.302_652_730, 1e-8);
        check(student_quantile(0.975, 4.0), 2.776_445_105, 1e-8);
        check(student_quantile(0.975, 9.0), 2.262_157_163, 1e-8);
        check(student_quantile(0.995, 29.0), 2.756_385_904, 1e-8);
        check(student_quantile(0.975, 1e7), 1.959_964, 1e-5);
    }

    #[test]
    fn student_quantiles_are_symmetric() {
        check(student_quantile(0.025, 3.7), -student_quantile(0.975, 3.7), 1e-12);
        check(student_quantile(0.5, 3.7), 0.0, 1e-12);
    }

    #[test]
    fn ln_gamma_of_a_whole_number_is_a_factorial() {
        check(ln_gamma(1.0), 0.0, 1e-13);
        check(ln_gamma(5.0), 24f64.ln(), 1e-13);
        check(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-13);
        check(ln_gamma(21.0), 2.432_902_008_176_64e18_f64.ln(), 1e-12);
    }
}
