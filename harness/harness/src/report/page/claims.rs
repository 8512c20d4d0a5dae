//! The paper's claims: the verdicts in one table, and each claim in full.

use super::block::{Block, Span, Table, Text, code, plain, with_code};
use crate::{
    analysis::Figure,
    claim::{Claim, Judged, Kind, Needs},
    report::{
        findings::{Findings, evidence, remark},
        numbers,
    },
};

/// The table of verdicts.
pub(super) fn verdicts(findings: &Findings) -> Vec<Block> {
    let heading = Block::Heading(2, "Claims".into());
    if findings.judged.is_empty() {
        let none = "No claim of the paper is about this experiment.";
        return vec![heading, Block::paragraph(none)];
    }
    let columns = ["Claim", "Figure", "Paper", "Ours", "Evidence, data", "Verdict"];
    let table = Table {
        columns: columns.map(|head| (head.to_owned(), false)).into(),
        rows: findings.judged.iter().map(verdict_row).collect(),
    };
    vec![heading, Block::Table(table)]
}

fn verdict_row(judged: &Judged) -> Vec<Text> {
    let mut verdict = vec![Span::Verdict(judged.verdict.word())];
    if let Some(remark) = remark(judged) {
        verdict.extend(with_code(&format!(": {remark}")));
    }
    vec![
        plain(&judged.claim.says),
        plain(&judged.claim.figure),
        plain(&judged.claim.published.value),
        ours(judged),
        plain(evidence(judged)),
        verdict,
    ]
}

/// What the paper says of one of its figures, with our value and verdict.
pub(super) fn beside(figure: &Figure, judged: &[Judged]) -> Vec<Text> {
    let about = judged.iter().filter(|judged| figure.is_of(&judged.claim.figure));
    about
        .map(|judged| {
            let Claim { says, published, .. } = &judged.claim;
            let mut text = plain(format!("{says}: {} in the paper, ", published.value));
            text.extend(ours(judged));
            text.push(Span::Plain(" here, ".into()));
            text.push(Span::Verdict(judged.verdict.word()));
            text
        })
        .collect()
}

/// Each claim with its source, its check and what it needs.
pub(super) fn details(findings: &Findings) -> Vec<Block> {
    if findings.judged.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Heading(2, "Each claim in full".into())];
    for judged in &findings.judged {
        let claim = &judged.claim;
        blocks.push(Block::Heading(3, format!("{}: {}", claim.figure, claim.says)));
        blocks.push(Block::facts([
            ("Id", code(&claim.id)),
            ("Published", plain(published(claim))),
            ("Kind", plain(kind(claim.kind))),
            ("Agrees if", agreement(claim)),
            ("Ours", ours(judged)),
            ("Needs", plain(needs(&claim.needs))),
            ("Evidence, data", plain(evidence(judged))),
            ("Verdict", with_code(&judged.verdict.to_string())),
            ("Known deviation", plain(claim.known_deviation.as_deref().unwrap_or("none declared"))),
        ]));
    }
    blocks
}

fn ours(judged: &Judged) -> Text {
    match &judged.ours {
        Some(measure) => vec![Span::Number(numbers::measure(measure))],
        None => plain("–"),
    }
}

fn published(claim: &Claim) -> String {
    let remembered = if claim.published.remembered { "; only remembered, not read" } else { "" };
    format!("{} (source: {}{remembered})", claim.published.value, claim.published.source)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Shape => "shape: an order or a direction, which holds at every scale",
        Kind::Magnitude => "magnitude: a number, which holds at the paper's scale",
        Kind::Annotation => "annotation: shown beside our result and never judged",
    }
}

fn agreement(claim: &Claim) -> Text {
    let bounds = match (claim.at_least, claim.at_most) {
        (Some(low), Some(high)) => format!(" lies between {low} and {high}"),
        (Some(low), None) => format!(" is at least {low}"),
        (None, Some(high)) => format!(" is at most {high}"),
        (None, None) => " is shown only".into(),
    };
    let whole = if claim.tolerance().is_some() { ", the whole interval of it" } else { "" };
    vec![Span::Code(claim.measure.clone()), Span::Plain(format!("{bounds}{whole}"))]
}

fn needs(needs: &Needs) -> String {
    let wanted = [
        needs.cores.map(|cores| format!("{cores} cores per machine")),
        needs.hosts.map(|hosts| format!("{hosts} hosts")),
        needs.link_gbit_per_s.map(|speed| format!("a link of {speed} Gbit/s between hosts")),
        needs.data.map(|data| format!("{} data", data.word())),
    ];
    let wanted: Vec<_> = wanted.into_iter().flatten().collect();
    if wanted.is_empty() { "nothing in particular".into() } else { wanted.join(", ") }
}
