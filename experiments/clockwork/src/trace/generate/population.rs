//! Who is there: applications, their functions, how often each is invoked and by what.

use anyhow::{Result, ensure};

use super::{Shape, Trigger, pattern::Pattern, timer::Timer};
use crate::random::Random;

/// A function of a generated day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    /// Its application; those of one application are side by side.
    pub(super) app: usize,
    pub(super) trigger: Trigger,
    pub(super) pattern: Pattern,
    /// Its mean number of invocations.
    pub(super) per_day: f64,
}

/// Of a day.
const SECONDS: f64 = 86_400.0;
/// The share of applications with at most so many functions (Figure 1). Beyond, the
/// shares fall with the number's square, to the 2,000 that a few have.
const APP_SIZES: [(f64, usize); 6] =
    [(0.54, 1), (0.70, 2), (0.80, 3), (0.88, 5), (0.95, 10), (0.9996, 100)];
/// The share of applications that are invoked at most so often a day (Figure 5): once
/// an hour, once a minute.
const RATES: [(f64, f64); 3] = [(0.0, 1.0), (0.45, 24.0), (0.814, 1440.0)];
/// The highest rate, 8 orders of magnitude above the lowest.
const MAX_PER_DAY: f64 = 1e8;
/// Beyond the last of `RATES` rates follow a power law. Its exponent is the one in this
/// range with which so many applications have the invocations that are asked for: about
/// a half for a published day. A light tail makes them few.
const TAIL_EXPONENTS: std::ops::Range<f64> = 0.02..4.0;
/// How unequal the functions of one application are.
const LOG_SPLIT_DEVIATION: f64 = 2.0;
/// Larger applications are invoked more often: with this much noise, in the logarithm of
/// their size. Without, half of all functions would be invoked once a day or never.
const LOG_SIZE_NOISE: f64 = 2.5;
/// The busiest functions get their triggers so that the invocations are shared as
/// published, all others so that the functions are.
const BUSY_SHARE: f64 = 0.07;
/// Timers are among the busiest too; as none goes off more than once a second, it
/// takes so many of them to have their share of all invocations.
const BUSY_TIMERS: f64 = 0.3;

/// Draws everybody.
///
/// # Errors
/// If timers alone make more invocations than there are to be.
pub(super) fn draw(shape: &Shape) -> Result<Vec<Function>> {
    let mut random = Random::new(shape.seed, 0);
    let sizes = app_sizes(shape.functions, &mut random);
    let mut functions = Vec::with_capacity(shape.functions);
    for (app, (n_functions, per_day)) in
        rated(&sizes, shape.rate, &mut random).into_iter().enumerate()
    {
        let mut weight = || (LOG_SPLIT_DEVIATION * random.normal()).exp();
        let weights: Vec<f64> = (0..n_functions).map(|_| weight()).collect();
        let sum: f64 = weights.iter().sum();
        functions.extend(weights.into_iter().map(|weight| Function {
            app,
            trigger: Trigger::Http,
            pattern: Pattern::Diurnal,
            per_day: per_day * weight / sum,
        }));
    }
    assign_triggers(&mut functions, &mut random);
    for function in &mut functions {
        function.pattern = match function.trigger {
            Trigger::Timer => Pattern::Periodic(Timer::near(function.per_day, &mut random)),
            _ => Pattern::draw(function.per_day, &mut random),
        };
    }
    scale(&mut functions, shape.rate)?;
    Ok(functions)
}

/// The numbers of functions of applications that have `n_functions` together.
fn app_sizes(n_functions: usize, random: &mut Random) -> Vec<usize> {
    let (mut sizes, mut n_left) = (Vec::new(), n_functions);
    while n_left > 0 {
        let size = app_size(random.uniform()).min(n_left);
        n_left -= size;
        sizes.push(size);
    }
    sizes
}

/// The size that a share `below` of the applications does not reach.
fn app_size(below: f64) -> usize {
    let (mut low, mut share) = (0, 0.0);
    for (upper, high) in APP_SIZES {
        if below < upper {
            let within = (below - share) / (upper - share);
            // The densest sizes of a range are its lowest.
            let size = (low + 1) as f64 * ((high + 1) as f64 / (low + 1) as f64).powf(within);
            return size as usize;
        }
        (low, share) = (high, upper);
    }
    (100.0 / (1.0 - 0.95 * (below - share) / (1.0 - share))) as usize
}

/// Each application's size and daily invocations. The rates are evenly spread over
/// their distribution, so that a small day has its whole range.
fn rated(sizes: &[usize], rate: f64, random: &mut Random) -> Vec<(usize, f64)> {
    let exponent = tail_exponent(sizes.len(), rate * SECONDS);
    let mut rated: Vec<(usize, f64)> = sizes.iter().map(|size| (*size, 0.0)).collect();
    let mut score = |size: usize| (size as f64).ln() + LOG_SIZE_NOISE * random.normal();
    let scores: Vec<f64> = sizes.iter().map(|size| score(*size)).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    for (app, rate) in order.into_iter().zip(daily_rates(sizes.len(), exponent)) {
        rated[app].1 = rate;
    }
    rated
}

/// The exponent with which so many applications have `per_day` invocations, or
/// nearly, by bisection.
fn tail_exponent(n_apps: usize, per_day: f64) -> f64 {
    let std::ops::Range { mut start, mut end } = TAIL_EXPONENTS;
    for _ in 0..40 {
        let middle = (start + end) / 2.0;
        if daily_rates(n_apps, middle).sum::<f64>() > per_day {
            start = middle;
        } else {
            end = middle;
        }
    }
    start
}

fn daily_rates(n_apps: usize, tail_exponent: f64) -> impl Iterator<Item = f64> {
    let below = move |nth| (nth as f64 + 0.5) / n_apps as f64;
    (0..n_apps).map(move |nth| daily_rate(below(nth), tail_exponent))
}

/// The rate that a share `below` of the applications does not reach.
fn daily_rate(below: f64, tail_exponent: f64) -> f64 {
    for pair in RATES.windows(2) {
        let [(from, low), (to, high)] = [pair[0], pair[1]];
        if below < to {
            return low * (high / low).powf((below - from) / (to - from));
        }
    }
    let (from, low) = RATES[RATES.len() - 1];
    let within = (below - from) / (1.0 - from);
    let at_most = 1.0 - (low / MAX_PER_DAY).powf(tail_exponent);
    low * (1.0 - within * at_most).powf(-1.0 / tail_exponent)
}

fn assign_triggers(functions: &mut [Function], random: &mut Random) {
    let mut order: Vec<usize> = (0..functions.len()).collect();
    order.sort_by(|a, b| functions[*b].per_day.total_cmp(&functions[*a].per_day));
    let n_busy = (functions.len() as f64 * BUSY_SHARE) as usize;
    let (busy, calm) = order.split_at(n_busy);
    assign_busy(functions, busy, random);
    let mut triggers = left_over(functions, busy);
    random.shuffle(&mut triggers);
    for (index, trigger) in calm.iter().zip(triggers) {
        functions[*index].trigger = trigger;
    }
}

/// Gives each, from the busiest on, the trigger that is farthest from its share of the
/// invocations; but a timer by chance.
fn assign_busy(functions: &mut [Function], busy: &[usize], random: &mut Random) {
    let total: f64 = busy.iter().map(|index| functions[*index].per_day).sum();
    let mut missing = Trigger::ALL.map(|trigger| match trigger {
        Trigger::Timer => 0.0,
        _ => total * trigger.published_percent().invocations / 100.0,
    });
    for index in busy {
        let function = &mut functions[*index];
        if function.per_day < 86_400.0 && random.chance(BUSY_TIMERS) {
            function.trigger = Trigger::Timer;
            continue;
        }
        let most = (0..missing.len()).max_by(|a, b| missing[*a].total_cmp(&missing[*b]));
        let most = most.expect("there are triggers");
        missing[most] -= function.per_day;
        function.trigger = Trigger::ALL[most];
    }
}

/// The triggers for all but the busy ones, so that all have their shares together.
fn left_over(functions: &[Function], busy: &[usize]) -> Vec<Trigger> {
    let mut triggers = Vec::with_capacity(functions.len());
    for trigger in Trigger::ALL {
        let share = trigger.published_percent().functions / 100.0;
        let n_wanted = (share * functions.len() as f64).round() as usize;
        let n_busy = busy.iter().filter(|index| functions[**index].trigger == trigger).count();
        triggers.extend(std::iter::repeat_n(trigger, n_wanted.saturating_sub(n_busy)));
    }
    // The published shares are rounded; the rest is of the most frequent kind.
    triggers.resize((functions.len() - busy.len()).max(triggers.len()), Trigger::Http);
    triggers
}

/// Makes the invocations of all add up to a rate per second. Timers stay what they are.
fn scale(functions: &mut [Function], rate: f64) -> Result<()> {
    let (mut of_timers, mut of_others) = (0.0, 0.0);
    for function in functions.iter_mut() {
        match function.pattern {
            Pattern::Periodic(timer) => {
                function.per_day = timer.per_day();
                of_timers += function.per_day;
            }
            _ => of_others += function.per_day,
        }
    }
    ensure!(
        rate * SECONDS > of_timers,
        "of {} functions the timers alone make {:.1} invocations per second, above {rate}\n\
         (hint: fewer functions, or a higher rate)",
        functions.len(),
        of_timers / SECONDS
    );
    let factor = (rate * SECONDS - of_timers) / of_others;
    let others = functions.iter_mut().filter(|one| !matches!(one.pattern, Pattern::Periodic(_)));
    others.for_each(|function| function.per_day *= factor);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> Vec<Function> {
        draw(&Shape::PUBLISHED).unwrap()
    }

    fn rates_of_apps(functions: &[Function]) -> Vec<f64> {
        let mut rates = vec![0.0; functions.last().unwrap().app + 1];
        functions.iter().for_each(|function| rates[function.app] += function.per_day);
        rates
    }

    #[track_caller]
    fn check(what: &str, found: f64, expected: std::ops::Range<f64>) {
        assert!(expected.contains(&found), "{what}: {found} is not in {expected:?}");
    }

    #[test]
    fn a_published_day_has_its_functions_and_rate() {
        let functions = published();
        assert_eq!(functions.len(), 46_413);
        let rate = functions.iter().map(|one| one.per_day).sum::<f64>() / SECONDS;
        check("rate", rate, 9_999.9..10_000.1);
    }

    #[test]
    fn applications_are_as_rarely_invoked_as_published() {
        let functions = published();
        let rates = rates_of_apps(&functions);
        let share = |at_most: f64| {
            rates.iter().filter(|rate| **rate <= at_most).count() as f64 / rates.len() as f64
        };
        check("once an hour", share(24.5), 0.42..0.48);
        check("once a minute", share(1450.0), 0.79..0.83);
        let total: f64 = rates.iter().sum();
        let busy: f64 = rates.iter().filter(|rate| **rate > 1450.0).sum();
        check("of the busy", busy / total, 0.994..0.999);
        let highest = rates.iter().copied().fold(0.0, f64::max);
        check("highest", highest, 3e7..3e8);
    }

    #[test]
    fn triggers_have_their_published_shares() {
        let functions = published();
        let total: f64 = functions.iter().map(|one| one.per_day).sum();
        for trigger in Trigger::ALL {
            let with = functions.iter().filter(|one| one.trigger == trigger);
            let n_percent = with.clone().count() as f64 / functions.len() as f64 * 100.0;
            let rate_percent = with.map(|one| one.per_day).sum::<f64>() / total * 100.0;
            let published = trigger.published_percent();
            assert!((n_percent - published.functions).abs() < 0.3, "{trigger:?}: {n_percent}");
            assert!(
                (rate_percent - published.invocations).abs() < 1.0,
                "{trigger:?}: {rate_percent}"
            );
        }
    }

    #[test]
    fn half_of_the_applications_have_one_function() {
        let functions = published();
        let mut sizes = vec![0; functions.last().unwrap().app + 1];
        functions.iter().for_each(|function| sizes[function.app] += 1);
        let share = |at_most: i32| {
            sizes.iter().filter(|size| **size <= at_most).count() as f64 / sizes.len() as f64
        };
        for (published, size) in APP_SIZES {
            check("size", share(size as i32), published - 0.02..published + 0.02);
        }
    }

    #[test]
    fn a_small_day_keeps_the_shape() {
        let shape = Shape { functions: 400, rate: 100.0, seed: 3 };
        let functions = draw(&shape).unwrap();
        let rates = rates_of_apps(&functions);
        let total: f64 = rates.iter().sum();
        check("rate", total / SECONDS, 99.9..100.1);
        let n_busy = rates.iter().filter(|rate| **rate > 1440.0).count();
        check("busy", n_busy as f64 / rates.len() as f64, 0.1..0.3);
        let busy: f64 = rates.iter().filter(|rate| **rate > 1440.0).sum();
        check("of the busy", busy / total, 0.98..1.0);
    }

    #[test]
    fn a_rate_below_that_of_the_timers_is_refused() {
        let shape = Shape { functions: 400, rate: 1e-3, seed: 3 };
        let error = draw(&shape).unwrap_err().to_string();
        assert!(error.contains("the timers alone make"), "{error}");
    }
}
