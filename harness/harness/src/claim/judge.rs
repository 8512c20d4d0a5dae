//! The verdict on a claim: by the interval, never by the point.

use std::fmt;

use serde::{Deserialize, Serialize};
use stats::{Estimate, Placement, place, trials_to_decide};

use super::{Claim, Kind};
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
    /// The data: generated if any of it was.
    pub data: DataKind,
    /// Whether timings of the build mean anything.
    pub optimised: bool,
    /// How the numbers came about.
    pub evidence: Evidence,
}

/// How a number came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The system ran and was measured.
    Measured,
    /// The system ran on a stand-in for its hardware or network.
    Emulated,
    /// The system's decisions ran in virtual time.
    Simulated,
}

/// What a run says of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The interval lies within the tolerance.
    Reproduced,
    /// The interval lies outside.
    Refuted,
    /// The interval straddles a bound, or there is none.
    Inconclusive {
        /// How many trials would decide, if any number would.
        trials_needed: Option<usize>,
    },
    /// The run lacked something.
    NotExercised {
        /// What.
        lacking: Vec<String>,
    },
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
    /// Whether the data was real.
    pub data: DataKind,
}

/// Judges one claim.
#[must_use]
pub fn judge(claim: &Claim, analysis: &Analysis, ran: &Ran) -> Judged {
    let ours = analysis.measures.get(&claim.measure);
    let lacking = lacking(claim, ours, ran);
    let verdict = match (ours, claim.tolerance()) {
        (Some(ours), Some(tolerance)) if lacking.is_empty() => {
            verdict_on(&ours.estimate, &tolerance)
        }
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

fn verdict_on(estimate: &Estimate, tolerance: &stats::Tolerance) -> Verdict {
    let Some(interval) = &estimate.interval else {
        return Verdict::Inconclusive { trials_needed: None };
    };
    match place(interval, tolerance) {
        Placement::Inside => Verdict::Reproduced,
        Placement::Outside => Verdict::Refuted,
        Placement::Straddles => {
            Verdict::Inconclusive { trials_needed: trials_to_decide(estimate, tolerance) }
        }
    }
}

fn lacking(claim: &Claim, ours: Option<&Measure>, ran: &Ran) -> Vec<String> {
    let needs = &claim.needs;
    let mut lacking = Vec::new();
    if claim.kind == Kind::Annotation {
        lacking.push("a published number that was read, not remembered".into());
    }
    let mut need = |met: bool, what: String| {
        if !met {
            lacking.push(what);
        }
    };
    if let Some(cores) = needs.cores {
        need(ran.cores >= cores, format!("{cores} cores (has {})", ran.cores));
    }
    if let Some(hosts) = needs.hosts {
        need(ran.hosts >= hosts, format!("{hosts} hosts (has {})", ran.hosts));
    }
    if let Some(link) = needs.link_gbit_per_s {
        let has = ran.link_gbit_per_s.unwrap_or(0);
        need(has >= link, format!("a {link} Gbit/s link between hosts"));
    }
    if needs.data == Some(DataKind::Real) {
        need(ran.data == DataKind::Real, "real data".into());
    }
    if ours.is_some_and(|ours| ours.basis == Basis::Timed) {
        need(ran.optimised, "an optimised build".into());
    }
    if ours.is_none() && claim.kind != Kind::Annotation {
        need(false, format!("the measure `{}`", claim.measure));
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

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reproduced => formatter.write_str("reproduced"),
            Self::Refuted => formatter.write_str("refuted"),
            Self::Inconclusive { trials_needed: None } => formatter.write_str("inconclusive"),
            Self::Inconclusive { trials_needed: Some(n) } => {
                write!(formatter, "inconclusive (about {n} trials would decide)")
            }
            Self::NotExercised { lacking } => {
                write!(formatter, "not exercised (needs {})", lacking.join(", "))
            }
        }
    }
}

/// How many claims got which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    reproduced: usize,
    refuted: usize,
    inconclusive: usize,
    not_exercised: usize,
}

impl Tally {
    /// Counts verdicts.
    #[must_use]
    pub fn of(judged: &[Judged]) -> Self {
        let mut tally = Self::default();
        for one in judged {
            *match one.verdict {
                Verdict::Reproduced => &mut tally.reproduced,
                Verdict::Refuted => &mut tally.refuted,
                Verdict::Inconclusive { .. } => &mut tally.inconclusive,
                Verdict::NotExercised { .. } => &mut tally.not_exercised,
            } += 1;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reproduced, refuted, inconclusive, not_exercised } = self;
        write!(
            formatter,
            "{reproduced} reproduced, {refuted} refuted, {inconclusive} inconclusive, \
             {not_exercised} not exercised"
        )
    }
}

#[cfg(test)]
mod tests {
    use stats::{Interval, Method};

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
            known_deviation: None,
        }
    }

    fn ran() -> Ran {
        Ran {
            cores: 2,
            hosts: 1,
            link_gbit_per_s: None,
            data: DataKind::Generated,
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
        check_lacking(|_, ran, _| ran.optimised = false, "an optimised build");
        check_lacking(|_, _, analysis| analysis.measures.clear(), "the measure `speed-up`");
    }

    #[test]
    fn a_known_deviation_excuses_and_its_end_is_noticed() {
        let claim = Claim { known_deviation: Some("slow disk".into()), ..claim() };
        assert!(!judge(&claim, &measured(1.1, 1.4), &ran()).is_refuted());
        assert!(judge(&claim, &measured(1.6, 2.4), &ran()).agrees_unexpectedly());
    }
}
