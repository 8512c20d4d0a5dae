//! The replay itself.

use anyhow::{Result, ensure};

use super::{AzureSettings, Plan, load::CurrentLoad, minutes::Minutes, plan::Assignment};
use crate::{
    message::{ModelId, Request, Response},
    random::Random,
    time::Nanos,
    trace::{Day, N_MINUTES},
    workload::{
        Arrival, Instances, Workload,
        alias::AliasTable,
        poisson::{Poisson, Rates, Segment},
    },
};

/// The minute that `-1`, taken for an unsigned number, is of a day.
const RANDOMISED_START: usize = 735;
/// Beyond what the original's generator draws, in nanoseconds.
const MINSTD_MODULUS: usize = 0x7fff_ffff;

/// A day of Azure Functions as requests. The functions are sorted by how often they are
/// invoked on the whole day and are its users; with [`Azure::new`] they are divided
/// among the instances in contiguous blocks, so the busiest share one.
#[derive(Debug)]
pub struct Azure {
    instances: Instances,
    /// The instance that each function asks.
    models: Vec<ModelId>,
    poisson: Poisson<DayRates>,
    /// The functions of a minute, to draw from.
    functions: AliasTable,
    functions_of: Option<usize>,
    n_sent: u64,
}

impl Azure {
    /// A replay of `day` against copies of `varieties`.
    ///
    /// # Errors
    /// If the settings make no sense, or nothing is invoked on that day.
    pub fn new(settings: &AzureSettings, varieties: &[String], day: &Day) -> Result<Azure> {
        Azure::replay(settings.plan(varieties)?, day)
    }

    /// A replay of `day` as planned.
    ///
    /// # Errors
    /// If nothing is invoked on that day.
    pub fn replay(plan: Plan, day: &Day) -> Result<Azure> {
        let minutes = match plan.assignment {
            Assignment::Blocks | Assignment::Stripes => Minutes::new(day),
            Assignment::Busiest => Minutes::new(&busiest(day)),
        };
        ensure!(!minutes.is_idle(), "no function of the trace is invoked on this day");
        let mut random = Random::new(plan.seed, 0);
        let rates = DayRates::new(&plan, minutes, &mut random);
        let mut azure = Azure {
            models: assigned(plan.assignment, plan.instances.len(), day.len()),
            instances: plan.instances,
            poisson: Poisson::new(rates, random),
            functions: AliasTable::default(),
            functions_of: None,
            n_sent: 0,
        };
        azure.follow();
        Ok(azure)
    }

    /// Makes the functions those of the minute in which the next request is sent.
    fn follow(&mut self) {
        let rates = &self.poisson.rates;
        if self.poisson.next_at().is_some() && self.functions_of != Some(rates.minute) {
            self.functions.refill(rates.minutes.functions(rates.minute).iter().copied());
            self.functions_of = Some(rates.minute);
        }
    }
}

impl Workload for Azure {
    fn instances(&self) -> &Instances {
        &self.instances
    }

    fn next_at(&self) -> Option<Nanos> {
        self.poisson.next_at()
    }

    fn send(&mut self) -> Option<Arrival> {
        let at = self.poisson.next_at()?;
        let user_id = self.functions.draw(self.poisson.random());
        let model = self.models[user_id as usize];
        self.poisson.advance();
        self.follow();
        let request = Request { id: self.n_sent, user_id, model, slo_factor: 0.0 };
        self.n_sent += 1;
        Some(Arrival { at, request })
    }

    fn answered(&mut self, _: Nanos, _: &Response) {}
}

/// The instance for each function, the busiest first.
fn assigned(assignment: Assignment, n_models: u32, n_functions: usize) -> Vec<ModelId> {
    let n_models = n_models as usize;
    let model = |function| match assignment {
        Assignment::Blocks => n_models * function / n_functions,
        Assignment::Stripes => function % n_models,
        Assignment::Busiest => 0,
    };
    (0..n_functions).map(|function| ModelId(model(function) as u32)).collect()
}

/// The same day with only the busiest function.
fn busiest(day: &Day) -> Day {
    let mut alone = Day::default();
    if let Some(function) = day.by_total().first() {
        let mut counts = [0; N_MINUTES];
        day.counts(*function).for_each(|(minute, count)| counts[minute] = count);
        alone.push(&counts);
    }
    alone
}

/// The rate of all functions together.
#[derive(Debug)]
struct DayRates {
    minutes: Minutes,
    minute: usize,
    interval_ns: f64,
    minute_ends_ns: f64,
    /// What the trace's rates are multiplied with at a load of 1.
    scale: f64,
    load: CurrentLoad,
}

impl DayRates {
    fn new(plan: &Plan, minutes: Minutes, random: &mut Random) -> DayRates {
        let interval_ns = plan.interval as f64;
        let (minute, minute_ends_ns) = if plan.randomise {
            (RANDOMISED_START, random.below(MINSTD_MODULUS) as f64 % interval_ns)
        } else {
            (0, interval_ns)
        };
        let (scale, load) = (plan.scale, CurrentLoad::new(plan.load));
        DayRates { minutes, minute, interval_ns, minute_ends_ns, scale, load }
    }
}

impl Rates for DayRates {
    fn current(&self) -> Segment {
        let per_minute = self.minutes.total(self.minute) as f64 * self.scale * self.load.value();
        let ends_ns = self.minute_ends_ns.min(self.load.ends_ns());
        Segment { per_ns: per_minute / 60e9, ends_ns }
    }

    fn advance(&mut self) -> bool {
        let now_ns = self.current().ends_ns;
        if now_ns >= self.minute_ends_ns {
            self.minute = (self.minute + 1) % N_MINUTES;
            self.minute_ends_ns += self.interval_ns;
        }
        self.load.advance_to(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        time::{MINUTE, SECOND},
        workload::azure::{Load, LoadSteps},
    };

    /// At a scale of 1.
    const SETTINGS: AzureSettings = AzureSettings { num_workers: 8, ..AzureSettings::ORIGINAL };
    /// What functions do in their first three minutes: the second one is the busiest.
    const COUNTS: [[u32; 3]; 4] = [[50, 0, 10], [0, 400, 100], [7, 7, 7], [1, 0, 0]];
    /// The functions by their totals.
    const ORDER: [usize; 4] = [1, 0, 2, 3];

    fn day() -> Day {
        let mut day = Day::default();
        for counts in COUNTS {
            let mut row = [0; N_MINUTES];
            row[..3].copy_from_slice(&counts);
            day.push(&row);
        }
        day
    }

    fn azure(settings: AzureSettings) -> Azure {
        Azure::new(&settings, &["b".into(), "a".into()], &day()).unwrap()
    }

    fn arrivals(azure: &mut Azure, before: Nanos) -> impl Iterator<Item = Arrival> {
        std::iter::from_fn(move || azure.send().filter(|arrival| arrival.at < before))
    }

    /// How often each function, by its rank, asks in each of three minutes.
    type Asked = [[f64; 3]; 4];

    /// The sums of 1,000 seeds.
    fn asked(seed_asked: impl Fn(u64) -> Asked) -> Asked {
        let mut sums = Asked::default();
        for seed in 0..1000 {
            let asked = seed_asked(seed);
            let cells = sums.as_flattened_mut().iter_mut();
            cells.zip(asked.as_flattened()).for_each(|(sum, n)| *sum += n);
        }
        sums
    }

    fn superposed(seed: u64) -> Asked {
        let mut asked = Asked::default();
        for arrival in arrivals(&mut azure(AzureSettings { seed, ..SETTINGS }), 3 * MINUTE) {
            asked[arrival.request.user_id as usize][(arrival.at / MINUTE) as usize] += 1.0;
        }
        asked
    }

    /// The original's form: a process for each function.
    fn one_by_one(seed: u64) -> Asked {
        let mut asked = Asked::default();
        for (rank, function) in ORDER.into_iter().enumerate() {
            let mut alone = Day::default();
            let mut row = [0; N_MINUTES];
            row[..3].copy_from_slice(&COUNTS[function]);
            alone.push(&row);
            let minutes = Minutes::new(&alone);
            let mut random = Random::new(seed, rank as u64 + 1);
            let plan = SETTINGS.plan(&["a".into()]).unwrap();
            let rates = DayRates::new(&plan, minutes, &mut random);
            let mut poisson = Poisson::new(rates, random);
            while let Some(at) = poisson.next_at().filter(|at| *at < 3 * MINUTE) {
                asked[rank][(at / MINUTE) as usize] += 1.0;
                poisson.advance();
            }
        }
        asked
    }

    /// Chi-squared, of 9 cells with an expectation: beyond 33.7 by chance of 1 in 10,000.
    #[track_caller]
    fn check_distribution(sums: Asked) {
        let mut chi_squared = 0.0;
        for (rank, function) in ORDER.into_iter().enumerate() {
            for (sum, count) in sums[rank].into_iter().zip(COUNTS[function]) {
                let expected = 1000.0 * f64::from(count);
                if count == 0 {
                    assert_eq!(sum, 0.0);
                } else {
                    chi_squared += (sum - expected).powi(2) / expected;
                }
            }
        }
        assert!(chi_squared < 33.7, "{chi_squared}: {sums:?}");
    }

    #[test]
    fn superposed_functions_ask_as_often_as_the_trace_says() {
        check_distribution(asked(superposed));
    }

    #[test]
    fn functions_one_by_one_ask_as_often_too() {
        check_distribution(asked(one_by_one));
    }

    #[test]
    fn both_forms_vary_alike_from_seed_to_seed() {
        for form in [superposed, one_by_one] {
            let squares = asked(|seed| {
                let mut asked = form(seed);
                for (rank, function) in ORDER.into_iter().enumerate() {
                    let deviations = asked[rank].iter_mut().zip(COUNTS[function]);
                    deviations.for_each(|(n, count)| *n = (*n - f64::from(count)).powi(2));
                }
                asked
            });
            // A Poisson variance is the mean; its error is the root of 2 in 1,000, or 3 at 1.
            for (rank, function) in ORDER.into_iter().enumerate() {
                for (square, count) in squares[rank].into_iter().zip(COUNTS[function]) {
                    let variance = f64::from(count);
                    assert!(
                        (square / 1000.0 - variance).abs() <= 5.0 * 0.055 * variance,
                        "{squares:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn functions_are_independent_in_both_forms() {
        for form in [superposed, one_by_one] {
            let mut covariance = 0.0;
            for seed in 0..1000 {
                let asked = form(seed);
                covariance += (asked[0][1] - 400.0) * (asked[2][1] - 7.0) / 1000.0;
            }
            let error = (400.0_f64 * 7.0 / 1000.0).sqrt();
            assert!(covariance.abs() < 5.0 * error, "{covariance}");
        }
    }

    #[test]
    fn the_busiest_function_is_user_0_and_blocks_of_functions_share_an_instance() {
        let first = |n_functions| {
            let models =
                assigned(Assignment::Blocks, 4, n_functions).into_iter().map(|model| model.0);
            models.collect::<Vec<_>>()
        };
        assert_eq!(first(8), [0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(first(10), [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]);
        assert_eq!(first(2), [0, 2]);
        let mut azure = azure(SETTINGS);
        let busiest = arrivals(&mut azure, 2 * MINUTE).filter(|one| one.at >= MINUTE);
        let n_of_0 = busiest.filter(|one| one.request.user_id == 0).count();
        assert!((300..500).contains(&n_of_0), "{n_of_0}");
    }

    #[test]
    fn functions_ask_the_instance_that_is_theirs() {
        let mut azure = azure(SETTINGS);
        assert_eq!(azure.instances().iter().collect::<Vec<_>>(), [("a", 66), ("b", 66)]);
        for (nth, Arrival { request, .. }) in arrivals(&mut azure, MINUTE).enumerate() {
            // There are 4 functions and 132 instances.
            assert_eq!((request.id, request.model.0), (nth as u64, 33 * request.user_id));
            assert_eq!(request.slo_factor, 0.0);
        }
    }

    #[test]
    fn striped_functions_ask_the_instances_one_after_the_other() {
        let varieties = ["a", "b"].map(String::from);
        let mut azure = Azure::replay(Plan::small(&varieties, 7), &day()).unwrap();
        for Arrival { request, .. } in arrivals(&mut azure, 3 * MINUTE) {
            assert_eq!(request.model.0, request.user_id % 6);
        }
        let striped = assigned(Assignment::Stripes, 3, 5).into_iter().map(|model| model.0);
        assert_eq!(striped.collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
    }

    #[test]
    fn alone_the_busiest_function_has_its_own_rate_in_seconds() {
        let mut azure = Azure::replay(Plan::single("a", 7), &day()).unwrap();
        let mut counts = [0.0; 3];
        // The day lasts 1,440 s; a second has a sixtieth of a minute's invocations.
        for arrival in arrivals(&mut azure, 1_440 * 60 * SECOND) {
            let second = (arrival.at / SECOND) as usize % N_MINUTES;
            assert_eq!((arrival.request.model.0, arrival.request.user_id), (0, 0));
            counts[second] += 1.0;
        }
        for (count, expected) in counts.into_iter().zip([0.0_f64, 400.0, 100.0]) {
            assert!((count - expected).abs() <= 5.0 * expected.sqrt(), "{counts:?}");
        }
    }

    #[test]
    fn the_day_begins_again_when_it_is_over() {
        let settings = AzureSettings { interval: SECOND / 10, ..SETTINGS };
        let mut azure = azure(settings);
        let (mut minutes, mut n_days) = ([0.0; 3], 2000.0);
        for arrival in arrivals(&mut azure, 144 * 2000 * SECOND) {
            minutes[(arrival.at / (SECOND / 10)) as usize % N_MINUTES] += 1.0;
        }
        // A tenth of a second at the rate of a minute.
        n_days /= 600.0;
        for (found, total) in minutes.into_iter().zip([58.0, 407.0, 117.0]) {
            let expected: f64 = n_days * total;
            assert!((found - expected).abs() < 5.0 * expected.sqrt(), "{minutes:?}");
        }
    }

    #[test]
    fn the_load_grows_until_it_is_over() {
        let steps = LoadSteps { start: 5.0, end: 20.0, factor: 2.0, period: 20 * SECOND };
        let mut azure = azure(AzureSettings { load: Load::Steps(steps), ..SETTINGS });
        let mut counts = [0.0_f64; 3];
        for arrival in arrivals(&mut azure, Nanos::MAX) {
            counts[(arrival.at / (20 * SECOND)) as usize] += 1.0;
        }
        for (count, load) in counts.into_iter().zip([5.0, 10.0, 20.0]) {
            let expected: f64 = load * 58.0 / 3.0;
            assert!((count - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}");
        }
        assert_eq!(azure.next_at(), None);
    }

    #[test]
    fn a_random_start_is_just_before_minute_736() {
        let mut day = Day::default();
        let mut row = [0; N_MINUTES];
        row[736] = 60_000;
        day.push(&row);
        let settings = AzureSettings { randomise: true, ..SETTINGS };
        let starts = (0..20).map(|seed| {
            let settings = AzureSettings { seed, ..settings };
            Azure::new(&settings, &["a".into()], &day).unwrap().next_at().unwrap()
        });
        let starts: Vec<Nanos> = starts.collect();
        assert!(starts.iter().all(|at| *at < 2_200_000_000), "{starts:?}");
        assert!(starts.iter().any(|at| *at > SECOND), "{starts:?}");
    }

    #[test]
    fn a_day_without_invocations_is_refused() {
        let mut idle = Day::default();
        idle.push(&[0; N_MINUTES]);
        let error = Azure::new(&SETTINGS, &["a".into()], &idle).unwrap_err();
        insta::assert_snapshot!(error, @"no function of the trace is invoked on this day");
    }
}
