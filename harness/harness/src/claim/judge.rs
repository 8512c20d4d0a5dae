//! The verdict on a claim: by the interval, never by the point.

use serde::{Deserialize, Serialize};
use stats::{Interval, Method, Placement, Tolerance, place, trials_to_decide};

use super::{Claim, Evidence, Kind, Needs, Verdict};
use crate::{
    analysis::{Analysis, Basis, Measure},
    dataset::DataKind,
};

/// What the run had, as far as claims need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Processors per machine.
    pub cores: u32,
    /// Machines.
    pub hosts: u32,
    /// Speed of the real link between machines, if there is one.
    pub link_gbit_per_s: Option<u32>,
    /// The data: generated if any of it was; `None` if it loads none.
    pub data: Option<DataKind>,
    /// Whether timings of the build mean anything.
    pub optimised: bool,
    /// How the numbers came about.
    pub evidence: Evidence,
}

/// A claim with its verdict, as `claims.json` holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The claim.
    pub claim: Claim,
    /// The verdict.
    pub verdict: Verdict,
    /// Our value, also where it is not judged.
    pub ours: Option<Measure>,
    /// How it came about.
    pub evidence: Evidence,
    /// Whether the data was real; `None` if the experiment loads none.
    pub data: Option<DataKind>,
}

/// Judges one claim.
#[must_use]
pub fn judge(claim: &Claim, analysis: &Analysis, ran: &Ran) -> Judged {
    let ours = analysis.measures.get(&claim.measure);
    let lacking = lacking(claim, ours, ran);
    let verdict = match (ours, claim.tolerance()) {
        (Some(ours), Some(tolerance)) if lacking.is_empty() => verdict_on(ours, &tolerance),
        _ => Verdict::NotExercised { lacking },
    };
    Judged {
        claim: claim.clone(),
        verdict,
        ours: ours.cloned(),
        evidence: ran.evidence,
        data: ran.data,
    }
}

fn verdict_on(ours: &Measure, tolerance: &Tolerance) -> Verdict {
    let Some(interval) = deciding_interval(ours) else {
        return Verdict::Inconclusive { trials_needed: None };
    };
    match place(&interval, tolerance) {
        Placement::Inside => Verdict::Reproduced,
        Placement::Outside => Verdict::Refuted,
        Placement::Straddles => {
            Verdict::Inconclusive { trials_needed: trials_to_decide(&ours.estimate, tolerance) }
        }
    }
}

/// The interval, if it says how far the value is known. Identical times do not:
/// the clock was coarser than they differ.
fn deciding_interval(ours: &Measure) -> Option<Interval> {
    let is_coarse = ours.basis == Basis::Timed && ours.estimate.method == Method::Exact;
    ours.estimate.interval.filter(|_| !is_coarse)
}

/// Everything the run was short of, in words.
fn lacking(claim: &Claim, ours: Option<&Measure>, ran: &Ran) -> Vec<String> {
    if claim.kind == Kind::Annotation {
        let why = if claim.published.remembered {
            "a published number that was read, not remembered"
        } else {
            "bounds to judge by: it is an annotation"
        };
        return vec![why.into()];
    }
    let mut lacking = lacking_means(&claim.needs, ran);
    if let Some(input) = claim.input.as_ref().filter(|_| ran.evidence != Evidence::Measured) {
        let how = ran.evidence.word();
        lacking.push(format!("a measurement: {how}, the value is an input ({input})"));
    }
    match ours {
        None => lacking.push(format!("the measure `{}`", claim.measure)),
        Some(ours) if matches!(ours.basis, Basis::Timed | Basis::InTime) && !ran.optimised => {
            lacking.push("an optimised build".into());
        }
        Some(_) => {}
    }
    lacking
}

fn lacking_means(needs: &Needs, ran: &Ran) -> Vec<String> {
    let mut lacking = Vec::new();
    if let Some(cores) = needs.cores.filter(|cores| *cores > ran.cores) {
        lacking.push(format!("{cores} cores (has {})", ran.cores));
    }
    if let Some(hosts) = needs.hosts.filter(|hosts| *hosts > ran.hosts) {
        lacking.push(format!("{hosts} hosts (has {})", ran.hosts));
    }
    if let Some(link) = needs.link_gbit_per_s.filter(|link| Some(*link) > ran.link_gbit_per_s) {
        lacking.push(format!("a {link} Gbit/s link between hosts"));
    }
    if needs.data == Some(DataKind::Real) && ran.data != Some(DataKind::Real) {
        lacking.push("real data".into());
    }
    lacking
}

impl Judged {
    /// Whether the run refutes the claim and nobody declared that it would.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        self.verdict == Verdict::Refuted && self.claim.known_deviation.is_none()
    }

    /// Whether a declared deviation has gone: the note must then go too.
    #[must_use]
    pub fn agrees_unexpectedly(&self) -> bool {
        self.verdict == Verdict::Reproduced && self.claim.known_deviation.is_some()
    }
}

#[cfg(test)]
mod tests {
    use stats::Estimate;

    use super::*;

    fn claim() -> Claim {
        Claim {
            id: "c1".into(),
            experiment: "toy".into(),
            figure: "Fig. 1".into(),
            says: "ours is faster".into(),
            kind: Kind::Shape,
            published: super::super::Published {
                value: "2x".into(),
                source: "abstract".into(),
                remembered: false,
            },
            measure: "speed-up".into(),
            at_least: Some(1.5),
            at_most: None,
            needs: Default::default(),
            input: None,
            known_deviation: None,
        }
    }

    fn ran() -> Ran {
        Ran {
            cores: 2,
            hosts: 1,
            link_gbit_per_s: None,
            data: Some(DataKind::Generated),
            optimised: true,
            evidence: Evidence::Measured,
        }
    }

    fn measured(low: f64, high: f64) -> Analysis {
        let estimate = Estimate {
            value: (low + high) / 2.0,
            interval: Some(Interval { low, high, confidence: 0.95 }),
            n: 5,
            method: Method::StudentT,
        };
        let measure = Measure { estimate, unit: "1".into(), basis: Basis::Timed };
        Analysis { measures: [("speed-up".into(), measure)].into(), ..Analysis::default() }
    }

    #[test]
    fn an_interval_within_the_tolerance_reproduces() {
        assert_eq!(judge(&claim(), &measured(1.6, 2.4), &ran()).verdict, Verdict::Reproduced);
    }

    #[test]
    fn an_interval_outside_refutes() {
        let judged = judge(&claim(), &measured(1.1, 1.4), &ran());
        assert!(judged.is_refuted());
    }

    #[test]
    fn an_interval_across_the_bound_says_how_many_trials_would_decide() {
        let judged = judge(&claim(), &measured(1.4, 2.0), &ran());
        assert!(
            matches!(judged.verdict, Verdict::Inconclusive { trials_needed: Some(n) } if n > 5),
            "{:?}",
            judged.verdict
        );
    }

    #[test]
    fn a_point_without_an_interval_decides_nothing() {
        let mut analysis = measured(1.6, 2.4);
        analysis.measures.get_mut("speed-up").unwrap().estimate.interval = None;
        let judged = judge(&claim(), &analysis, &ran());
        assert_eq!(judged.verdict, Verdict::Inconclusive { trials_needed: None });
    }

    #[test]
    fn identical_times_decide_nothing_and_identical_counts_do() {
        let mut analysis = measured(2.0, 2.0);
        let measure = analysis.measures.get_mut("speed-up").unwrap();
        measure.estimate.method = Method::Exact;
        let verdict = judge(&claim(), &analysis, &ran()).verdict;
        assert_eq!(verdict, Verdict::Inconclusive { trials_needed: None });
        analysis.measures.get_mut("speed-up").unwrap().basis = Basis::Counted;
        assert_eq!(judge(&claim(), &analysis, &ran()).verdict, Verdict::Reproduced);
    }

    #[track_caller]
    fn check_lacking(change: impl FnOnce(&mut Claim, &mut Ran, &mut Analysis), expected: &str) {
        let (mut claim, mut ran, mut analysis) = (claim(), ran(), measured(1.6, 2.4));
        change(&mut claim, &mut ran, &mut analysis);
        let judged = judge(&claim, &analysis, &ran);
        assert_eq!(judged.verdict.to_string(), format!("not exercised (needs {expected})"));
    }

    #[test]
    fn every_shortfall_is_named() {
        check_lacking(|claim, _, _| claim.needs.cores = Some(16), "16 cores (has 2)");
        check_lacking(|claim, _, _| claim.needs.hosts = Some(20), "20 hosts (has 1)");
        check_lacking(
            |claim, _, _| claim.needs.link_gbit_per_s = Some(1),
            "a 1 Gbit/s link between hosts",
        );
        check_lacking(|claim, _, _| claim.needs.data = Some(DataKind::Real), "real data");
        check_lacking(
            |claim, ran, _| (claim.needs.data, ran.data) = (Some(DataKind::Real), None),
            "real data",
        );
        check_lacking(|_, ran, _| ran.optimised = false, "an optimised build");
        check_lacking(
            |claim, ran, _| {
                (claim.input, ran.evidence) = (Some("the noise".into()), Evidence::Simulated);
            },
            "a measurement: simulated, the value is an input (the noise)",
        );
        check_lacking(|_, _, analysis| analysis.measures.clear(), "the measure `speed-up`");
    }

    #[test]
    fn what_the_run_has_is_no_shortfall() {
        let data = Some(DataKind::Real);
        let needs = Needs { cores: Some(2), hosts: Some(1), link_gbit_per_s: Some(10), data };
        let ran = Ran { link_gbit_per_s: Some(10), data, ..ran() };
        let judged = judge(&Claim { needs, ..claim() }, &measured(1.6, 2.4), &ran);
        assert_eq!(judged.verdict, Verdict::Reproduced);
    }

    #[test]
    fn an_annotation_says_why_it_is_not_judged() {
        let annotate = |claim: &mut Claim, remembered| {
            claim.kind = Kind::Annotation;
            claim.published.remembered = remembered;
        };
        check_lacking(
            |claim, _, _| annotate(claim, true),
            "a published number that was read, not remembered",
        );
        check_lacking(
            |claim, _, _| annotate(claim, false),
            "bounds to judge by: it is an annotation",
        );
    }

    #[test]
    fn a_known_deviation_excuses_and_its_end_is_noticed() {
        let claim = Claim { known_deviation: Some("slow disk".into()), ..claim() };
        assert!(!judge(&claim, &measured(1.1, 1.4), &ran()).is_refuted());
        assert!(judge(&claim, &measured(1.6, 2.4), &ran()).agrees_unexpectedly());
    }
}
