//! What to type next: for verdicts that are still open, and for this page.

use super::block::{Block, Span, Text, code};
use crate::{
    claim::{Judged, Kind, Verdict},
    dataset::DataKind,
    report::{
        command::{command_under, command_with_trials},
        findings::Findings,
    },
};

/// The profile of the paper's scale, which every experiment has.
const FULL: &str = "full";
/// So many trials give an interval that says something.
const FOR_AN_INTERVAL: usize = 3;

pub(super) fn blocks(findings: &Findings) -> Vec<Block> {
    let steps = [more_trials(findings), more_points(findings), real_data(findings), again()];
    let steps = steps.into_iter().flatten().collect();
    vec![Block::Heading(2, "What to type next".into()), Block::List(steps)]
}

/// As many trials as the most undecided claim needs.
fn more_trials(findings: &Findings) -> Option<Text> {
    let needed: Vec<_> = findings.judged.iter().filter_map(trials_needed).collect();
    let command = command_with_trials(&findings.manifest, *needed.iter().max()?);
    Some(step(&command, &format!("would decide {}, if the spread stays", claims(needed.len()))))
}

fn trials_needed(judged: &Judged) -> Option<usize> {
    let Verdict::Inconclusive { trials_needed } = judged.verdict else { return None };
    let has_interval = judged.ours.as_ref().is_some_and(|ours| ours.estimate.interval.is_some());
    trials_needed.or((!has_interval).then_some(FOR_AN_INTERVAL))
}

/// The paper's sweep, for claims on points that this one lacks.
fn more_points(findings: &Findings) -> Option<Text> {
    let is_missing =
        |judged: &&Judged| judged.ours.is_none() && judged.claim.kind != Kind::Annotation;
    let n_missing = findings.judged.iter().filter(is_missing).count();
    let is_full = findings.manifest.profile.name == FULL;
    (n_missing > 0 && !is_full).then(|| {
        let text = format!("runs the paper's sweep, which measures for {}", claims(n_missing));
        step(&command_under(&findings.manifest, FULL), &text)
    })
}

fn real_data(findings: &Findings) -> Option<Text> {
    let needs_it = |judged: &&Judged| {
        judged.claim.needs.data == Some(DataKind::Real) && judged.data != Some(DataKind::Real)
    };
    let n = findings.judged.iter().filter(needs_it).count();
    let text = format!("says where to get the real data, for {}", claims(n));
    (n > 0).then(|| step("cargo xtask data list", &text))
}

fn again() -> Option<Text> {
    let text = "makes this page again from the records, with its directory as RUN";
    Some(step("cargo xtask report RUN", text))
}

fn step(command: &str, what_it_does: &str) -> Text {
    let mut text = code(command);
    text.push(Span::Plain(format!(" {what_it_does}.")));
    text
}

fn claims(n_claims: usize) -> String {
    if n_claims == 1 { "1 claim".into() } else { format!("{n_claims} claims") }
}

#[cfg(test)]
mod tests {
    use super::{super::markdown, *};
    use crate::report::samples;

    fn steps(change: impl FnOnce(&mut Findings)) -> String {
        let mut findings = samples::findings();
        findings.judged.iter_mut().for_each(|judged| judged.verdict = Verdict::Reproduced);
        change(&mut findings);
        markdown(&blocks(&findings))
    }

    #[test]
    fn a_claim_without_an_interval_wants_a_few_trials() {
        let text = steps(|findings| {
            let judged = &mut findings.judged[0];
            judged.verdict = Verdict::Inconclusive { trials_needed: None };
            judged.ours.as_mut().unwrap().estimate.interval = None;
        });
        assert!(text.contains("--trials 3` would decide 1 claim"), "{text}");
    }

    #[test]
    fn a_claim_on_a_point_that_the_sweep_lacks_wants_the_papers_sweep() {
        let missing = |findings: &mut Findings| findings.judged[0].ours = None;
        let text = steps(missing);
        assert!(text.contains("exp toy --profile full"), "{text}");
        let text = steps(|findings| {
            missing(findings);
            findings.manifest.profile.name = FULL.into();
        });
        assert!(!text.contains("paper's sweep"), "{text}");
    }

    #[test]
    fn what_is_decided_wants_nothing_but_its_page() {
        let text = steps(|findings| findings.judged.truncate(2));
        assert_eq!(text.matches("cargo xtask").count(), 1, "{text}");
    }
}
