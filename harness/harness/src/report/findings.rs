//! What a report says, before it is laid out.

use std::path::PathBuf;

use stats::Method;

use super::terminal::claims_table;
use crate::{
    analysis::Analysis,
    claim::{Judged, Verdict},
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
    /// The data sets that were generated in place of the real ones.
    pub(crate) substitutes: Vec<Substitute>,
}

/// A generated data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitute {
    /// Name of the data set.
    pub(crate) name: String,
    /// What only the real data shows.
    pub(crate) cannot_show: String,
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
}

/// How a claim's value came about, and from what data.
pub(super) fn evidence(judged: &Judged) -> String {
    let evidence = judged.evidence.word();
    match judged.data {
        Some(data) => format!("{evidence}, {}", data.word()),
        None => evidence.to_owned(),
    }
}

/// What there is to say about a claim beyond its verdict's word.
pub(super) fn remark(judged: &Judged) -> Option<String> {
    let verdict = match &judged.verdict {
        Verdict::NotExercised { lacking } => Some(format!("needs {}", lacking.join(", "))),
        Verdict::Inconclusive { trials_needed: Some(n) } => {
            Some(format!("about {n} trials would decide"))
        }
        Verdict::Inconclusive { trials_needed: None } => Some(why_undecided(judged).into()),
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

/// Why no number of trials like these would decide.
fn why_undecided(judged: &Judged) -> &'static str {
    match &judged.ours {
        Some(ours) if ours.estimate.method == Method::Exact => {
            "all times are identical: the clock is too coarse to judge by"
        }
        Some(ours) if ours.estimate.interval.is_some() => {
            "more trials of this kind would hardly decide"
        }
        _ => "too few trials for an interval",
    }
}
