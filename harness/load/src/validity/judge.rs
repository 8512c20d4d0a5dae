//! Compares what a load counted with what may be.

use std::time::Duration;

use super::{Disturbance, Finding, Severity, Thresholds};
use crate::{engine::Run, report::Floor};

/// All disturbances of a run, the worst first.
#[must_use]
pub fn judge(run: &Run, thresholds: &Thresholds) -> Vec<Finding> {
    let tally = &run.tally;
    let n_offered = tally.n_offered();
    let share = |n: u64| if n == 0 { 0.0 } else { n as f64 / n_offered as f64 };
    let (n_dropped, n_failed, n_waited) = (tally.n_dropped, tally.failed.n(), tally.backpressure.n);
    let p99_ms = tally.lag.quantile(0.99).map_or(0.0, ms);
    let max_ms = ms(tally.pulse_max);
    let stolen = run.before.stolen_share_until(&run.after).unwrap_or(0.0);
    let step_ms = run.before.clock_step_ms_until(&run.after);

    let found = [
        (thresholds.lag_p99_ms.severity(p99_ms), Disturbance::GeneratorLag { p99_ms }),
        (thresholds.stall_ms.severity(max_ms), Disturbance::GeneratorStall { max_ms }),
        (thresholds.cpu_steal.severity(stolen), Disturbance::CpuSteal { share: stolen }),
        (thresholds.clock_step_ms.severity(step_ms.abs()), Disturbance::ClockStep { step_ms }),
        (
            thresholds.dropped.severity(share(n_dropped)),
            Disturbance::Dropped { n: n_dropped, share: share(n_dropped) },
        ),
        (
            thresholds.errors.severity(share(n_failed)),
            Disturbance::Errors { n: n_failed, share: share(n_failed) },
        ),
        (
            thresholds.backpressure.severity(share(n_waited)),
            Disturbance::Backpressure { n: n_waited, share: share(n_waited) },
        ),
        ((tally.latency.n() == 0).then_some(Severity::Invalidates), Disturbance::NothingMeasured),
    ];
    let finding = |(severity, disturbance): (Option<Severity>, Disturbance)| {
        Some(Finding { disturbance, severity: severity? })
    };
    let mut findings: Vec<_> = found.into_iter().filter_map(finding).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Whether a generator that measured this before a load could be believed.
#[must_use]
pub fn judge_floor(floor: &Floor, thresholds: &Thresholds) -> Option<Finding> {
    let error_us = floor.delay_error_us;
    let severity = thresholds.calibration_us.severity(error_us.abs())?;
    Some(Finding { disturbance: Disturbance::Miscalibrated { error_us }, severity })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        record::{Sample, Tally},
        validity::{Conditions, Sources},
    };

    /// A run of one good request, and what `change` does to it.
    fn findings(change: impl FnOnce(&mut Run)) -> Vec<String> {
        let before = Conditions::read(&Sources::default());
        let mut tally = Tally::default();
        tally.record(&Sample {
            counted_from: Duration::ZERO,
            ready: Duration::ZERO,
            sent: Duration::ZERO,
            done: Duration::from_millis(1),
            outcome: Ok(()),
            label: None,
        });
        let mut run = Run { tally, end: Duration::from_secs(1), before, after: before };
        change(&mut run);
        judge(&run, &Thresholds::USUAL).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_quiet_run_has_no_finding() {
        assert_eq!(findings(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn the_worst_finding_comes_first() {
        let found = findings(|run| {
            run.tally.pulse_max = Duration::from_millis(200);
            run.tally.n_dropped = 3;
        });
        insta::assert_snapshot!(found.join("\n"), @r"
        invalid: 3 requests (75.0 %) were never sent
        degraded: the generator did not run for 200 ms
        ");
    }

    #[test]
    fn a_generator_that_misses_a_known_delay_is_not_believed() {
        let found = |delay_error_us| {
            let floor =
                Floor { null_p50_us: 7.0, null_p99_us: 20.0, delay_us: 5_000.0, delay_error_us };
            judge_floor(&floor, &Thresholds::USUAL).map(|finding| finding.to_string())
        };
        assert_eq!(found(117.0), None);
        let found = [found(1_500.0), found(-6_000.0)].map(Option::unwrap_or_default);
        insta::assert_snapshot!(found.join("\n"), @r"
        degraded: a known delay was measured wrong by 1.5 ms
        invalid: a known delay was measured wrong by -6.0 ms
        ");
    }

    #[test]
    fn a_run_without_an_answer_is_invalid() {
        let found = findings(|run| run.tally = Tally::default());
        insta::assert_snapshot!(found.join("\n"), @"invalid: no measured request was answered");
    }
}
