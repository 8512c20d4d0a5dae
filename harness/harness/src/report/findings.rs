//! What a report says, before it is laid out.

use std::path::PathBuf;

use super::terminal::claims_table;
use crate::{
    analysis::Analysis,
    claim::{Judged, Verdict},
    dataset::DataKind,
    run_dir::{Attempt, Manifest, RunDir},
};

/// Everything that a run's directory and the published numbers come to.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    /// What ran, where and with what.
    pub(crate) manifest: Manifest,
    /// The paper's title, venue and year.
    pub(crate) paper_title: String,
    /// The machines that the paper measured on.
    pub(crate) paper_testbed: String,
    /// Every finished attempt, in the order of the sweep.
    pub(crate) attempts: Vec<Attempt>,
    /// How many trials the profile asks for.
    pub(crate) n_planned: usize,
    /// Table, figures and measures.
    pub(crate) analysis: Analysis,
    /// The paper's claims on this experiment, each with its verdict.
    pub(crate) judged: Vec<Judged>,
}

impl Findings {
    /// Where the figures lie, as SVG and as PDF.
    pub(crate) fn figure_paths(&self, dir: &RunDir) -> Vec<PathBuf> {
        let figures = self.analysis.figures.iter();
        figures.flat_map(|figure| ["svg", "pdf"].map(|kind| dir.figure(&figure.id, kind))).collect()
    }

    /// The verdicts as a text, for the message of a failing test.
    pub(crate) fn claims_text(&self) -> String {
        claims_table(std::slice::from_ref(self))
    }

    /// How many trials have a result.
    pub(super) fn n_counted(&self) -> usize {
        let mut counted: Vec<_> = self
            .attempts
            .iter()
            .filter(|attempt| attempt.counts())
            .map(|attempt| (attempt.point.to_string(), attempt.trial))
            .collect();
        counted.sort();
        counted.dedup();
        counted.len()
    }

    /// The data in a word or two; none where the experiment loads no data.
    pub(super) fn data_in_words(&self) -> Option<&'static str> {
        let data = &self.manifest.data;
        let is_generated = data.iter().any(|set| set.kind == DataKind::Generated);
        (!data.is_empty()).then_some(if is_generated { "generated" } else { "real" })
    }
}

/// A verdict without its reasons.
pub(super) fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Reproduced => "reproduced",
        Verdict::Refuted => "refuted",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::NotExercised { .. } => "not exercised",
    }
}

/// How numbers came about, in a word.
pub(super) fn evidence_word(evidence: crate::claim::Evidence) -> &'static str {
    use crate::claim::Evidence;
    match evidence {
        Evidence::Measured => "measured",
        Evidence::Emulated => "emulated",
        Evidence::Simulated => "simulated",
    }
}

/// What there is to say about a claim beyond its verdict's word.
pub(super) fn remark(judged: &Judged) -> Option<String> {
    let verdict = match &judged.verdict {
        Verdict::NotExercised { lacking } => Some(format!("needs {}", lacking.join(", "))),
        Verdict::Inconclusive { trials_needed: Some(n) } => {
            Some(format!("about {n} trials would decide"))
        }
        Verdict::Inconclusive { trials_needed: None } => {
            let has_interval =
                judged.ours.as_ref().is_some_and(|ours| ours.estimate.interval.is_some());
            let why = if has_interval {
                "more trials of this kind would hardly decide"
            } else {
                "too few trials for an interval"
            };
            Some(why.into())
        }
        Verdict::Reproduced | Verdict::Refuted => None,
    };
    match (&judged.claim.known_deviation, verdict) {
        (Some(why), _) if judged.agrees_unexpectedly() => {
            Some(format!("agrees although a deviation is declared; delete the note: {why}"))
        }
        (Some(why), None) => Some(format!("known deviation: {why}")),
        (_, verdict) => verdict,
    }
}
