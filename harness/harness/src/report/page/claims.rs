//! The paper's claims: the verdicts in one table, and each claim in full.

use super::block::{Block, Span, Table, Text, code, plain};
use crate::{
    claim::{Claim, Judged, Kind, Needs},
    dataset::DataKind,
    report::{
        findings::{Findings, evidence_word, remark, verdict_word},
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
    let columns = ["Claim", "Figure", "Paper", "Ours", "Evidence", "Verdict"];
    let table = Table {
        columns: columns.map(|head| (head.to_owned(), false)).into(),
        rows: findings.judged.iter().map(|judged| verdict_row(findings, judged)).collect(),
    };
    vec![heading, Block::Table(table)]
}

fn verdict_row(findings: &Findings, judged: &Judged) -> Vec<Text> {
    let mut verdict = vec![Span::Strong(verdict_word(&judged.verdict).into())];
    verdict.extend(remark(judged).map(|remark| Span::Plain(format!(": {remark}"))));
    vec![
        plain(&judged.claim.says),
        plain(&judged.claim.figure),
        plain(&judged.claim.published.value),
        ours(judged),
        plain(evidence(findings, judged)),
        verdict,
    ]
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
            ("Evidence", plain(evidence(findings, judged))),
            ("Verdict", plain(judged.verdict.to_string())),
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

fn evidence(findings: &Findings, judged: &Judged) -> String {
    let evidence = evidence_word(judged.evidence);
    match findings.data_in_words() {
        Some(data) => format!("{evidence}, {data} data"),
        None => evidence.to_owned(),
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
        needs.data.map(|data| match data {
            DataKind::Real => "real data".into(),
            DataKind::Generated => "generated data".into(),
        }),
    ];
    let wanted: Vec<_> = wanted.into_iter().flatten().collect();
    if wanted.is_empty() { "nothing in particular".into() } else { wanted.join(", ") }
}
