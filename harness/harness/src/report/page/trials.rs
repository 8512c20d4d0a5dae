//! Every attempt at a trial, with what disturbed it.

use super::block::{Block, Span, Table, Text, code, plain};
use crate::{
    report::findings::Findings,
    run_dir::{Attempt, TrialStatus},
};

pub(super) fn blocks(findings: &Findings) -> Vec<Block> {
    let n_sound = findings.attempts.iter().filter(|attempt| is_sound(attempt)).count();
    let n = findings.attempts.len();
    let missing = findings.n_planned.saturating_sub(findings.n_counted());
    let mut sentence = format!(
        "{} trials were planned; {n} attempts at them came to an end, {n_sound} undisturbed. A \
         failed or invalid attempt enters no number; a degraded one does.",
        findings.n_planned
    );
    if missing > 0 {
        let trials = if missing == 1 { "1 trial has" } else { &format!("{missing} trials have") };
        sentence += &format!(" {trials} no result: the numbers above rest on the others only.");
    }
    let n_suspects: usize = findings.attempts.iter().map(|attempt| attempt.suspects.len()).sum();
    if n_suspects > 0 {
        sentence += &format!(
            " Meanwhile {n_suspects} things appeared on the machine that nobody owns to; the \
             files that close the attempts name them."
        );
    }
    let mut blocks = vec![Block::Heading(2, "Trials".into()), Block::paragraph(sentence)];
    if n > 0 {
        blocks.push(Block::Table(table(&findings.attempts)));
    }
    blocks
}

fn is_sound(attempt: &Attempt) -> bool {
    attempt.counts() && attempt.validity.reasons.is_empty()
}

fn table(attempts: &[Attempt]) -> Table {
    let columns = [
        ("Point", false),
        ("Trial", true),
        ("Seed", true),
        ("Began (UTC)", false),
        ("Took (s)", true),
        ("Validity", false),
    ];
    Table {
        columns: columns.map(|(head, numeric)| (head.to_owned(), numeric)).into(),
        rows: attempts.iter().map(row).collect(),
    }
}

fn row(attempt: &Attempt) -> Vec<Text> {
    let number = |text: String| vec![Span::Number(text)];
    vec![
        code(attempt.point.to_string()),
        number(attempt.trial.to_string()),
        number(attempt.seed.to_string()),
        plain(attempt.started.strftime("%H:%M:%S").to_string()),
        number(format!("{:.1}", attempt.duration_s)),
        match &attempt.status {
            TrialStatus::Failed(why) => {
                vec![Span::Strong("failed".into()), Span::Plain(format!(": {why}"))]
            }
            TrialStatus::Completed => plain(attempt.validity.to_string()),
        },
    ]
}
