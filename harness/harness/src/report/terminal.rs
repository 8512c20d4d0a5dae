//! The tables that end a run in a terminal.

use super::{
    findings::{Findings, evidence, remark},
    numbers::{self, Shown},
    text_table::{Column, Lines, TextTable, broken, cut},
};
use crate::{
    analysis::{Cell, Table},
    claim::Judged,
    run_dir::{Attempt, TrialStatus},
};

/// Tables are set for a terminal of this width.
const WIDTH_CHARS: usize = 100;
/// A sentence is not cut shorter than this.
const SHORTEST_SENTENCE_CHARS: usize = 24;
/// A published value is not shown longer than this.
const LONGEST_PUBLISHED_CHARS: usize = 16;

/// The table that ends a run: every claim with the paper's value, ours, and
/// the verdict; below it what the verdicts leave to say, and the trials that
/// went wrong.
#[must_use]
pub(crate) fn claims_table(all: &[Findings]) -> String {
    let mut sections = Vec::new();
    if all.iter().any(|findings| !findings.judged.is_empty()) {
        sections.push(verdicts(all));
    } else {
        sections.push("no claim of the paper is about this experiment\n".to_owned());
    }
    sections.extend(remarks(all));
    sections.extend(all.iter().filter_map(troubles));
    sections.join("\n")
}

fn verdicts(all: &[Findings]) -> String {
    let mut table = TextTable {
        columns: ["claim", "figure", "paper", "ours", "evidence", "verdict"]
            .map(|head| Column { head: vec![head.into()], numeric: false })
            .into(),
        rows: all.iter().flat_map(|findings| findings.judged.iter().map(claim_row)).collect(),
    };
    let sentences = table.rows.iter().map(|row| row[0][0].chars().count());
    let longest = sentences.max().unwrap_or(0);
    let rest = table.width_chars() - longest;
    let room = WIDTH_CHARS.saturating_sub(rest).max(SHORTEST_SENTENCE_CHARS);
    for row in &mut table.rows {
        row[0][0] = cut(&row[0][0], room);
    }
    table.render()
}

fn claim_row(judged: &Judged) -> Vec<Lines> {
    let cells = [
        judged.claim.says.clone(),
        judged.claim.figure.clone(),
        cut(&judged.claim.published.value, LONGEST_PUBLISHED_CHARS),
        judged.ours.as_ref().map_or_else(|| "–".into(), numbers::measure),
        evidence(judged),
        judged.verdict.word().to_owned(),
    ];
    cells.map(|cell| vec![one_line(&cell)]).into()
}

/// What there is to say about verdicts, claims of one remark together.
fn remarks(all: &[Findings]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&Judged>)> = Vec::new();
    for judged in all.iter().flat_map(|findings| &findings.judged) {
        let Some(remark) = remark(judged) else { continue };
        let heading = format!("{}: {}", judged.verdict.word(), one_line(&remark));
        match groups.iter_mut().find(|(known, _)| *known == heading) {
            Some((_, members)) => members.push(judged),
            None => groups.push((heading, vec![judged])),
        }
    }
    groups.into_iter().map(|(heading, members)| group(&heading, &members)).collect()
}

fn group(heading: &str, members: &[&Judged]) -> String {
    let figures = members.iter().map(|judged| judged.claim.figure.chars().count());
    let width = figures.max().unwrap_or(0);
    let mut text = format!("{heading}\n");
    for Judged { claim, .. } in members {
        text += &format!("  {:width$}  {}\n", claim.figure, one_line(&claim.says));
    }
    text
}

/// The attempts whose numbers are missing or to be read with care.
fn troubles(findings: &Findings) -> Option<String> {
    let lines: Vec<_> = findings.attempts.iter().filter_map(trouble).collect();
    let missing = findings.n_planned.saturating_sub(findings.n_counted());
    if lines.is_empty() && missing == 0 {
        return None;
    }
    let mut text = format!(
        "trials of {}: {} planned, {missing} without a result\n",
        findings.manifest.experiment, findings.n_planned
    );
    for line in lines {
        text += &format!("  {line}\n");
    }
    Some(text)
}

fn trouble(attempt: &Attempt) -> Option<String> {
    let name = format!("{} #{}", attempt.point, attempt.trial);
    match &attempt.status {
        TrialStatus::Failed(why) => Some(format!("{name}: failed: {}", one_line(why))),
        TrialStatus::Completed if attempt.validity.reasons.is_empty() => None,
        TrialStatus::Completed => {
            Some(format!("{name}: {}", one_line(&attempt.validity.to_string())))
        }
    }
}

/// A result table for a terminal. Where intervals beside their values make it
/// too wide they stand below them.
#[must_use]
pub(crate) fn measures_table(table: &Table) -> String {
    let beside = laid_out(table, |shown| vec![shown.joined()]);
    if beside.width_chars() <= WIDTH_CHARS {
        return beside.render();
    }
    let below = |shown: &Shown| {
        std::iter::once(shown.value.clone()).chain(shown.interval.clone()).collect()
    };
    laid_out(table, below).render()
}

fn laid_out(table: &Table, lines: impl Fn(&Shown) -> Lines) -> TextTable {
    let rows: Vec<Vec<Lines>> = table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| match cell {
                    Cell::Text(text) => vec![one_line(text)],
                    Cell::Count(count) => vec![count.to_string()],
                    Cell::Measured(estimate) => lines(&Shown::of(estimate)),
                })
                .collect()
        })
        .collect();
    let columns = table.columns.iter().enumerate().map(|(i, head)| {
        let widest = rows.iter().flat_map(|row| &row[i]).map(|line| line.chars().count()).max();
        Column {
            head: broken(head, widest.unwrap_or(0)),
            numeric: table.rows.iter().all(|row| !matches!(row[i], Cell::Text(_))),
        }
    });
    TextTable { columns: columns.collect(), rows }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use stats::Estimate;

    use super::*;
    use crate::report::samples;

    #[test]
    fn the_table_of_claims_shows_every_verdict_and_what_went_wrong() {
        insta::assert_snapshot!(claims_table(&[samples::findings()]), @"
        claim                         figure    paper  ours               evidence             verdict
        ────────────────────────────  ────────  ─────  ─────────────────  ───────────────────  ─────────────
        the red toy is more than 1.…  Fig. 1a   2x     2.01 [1.84, 2.19]  measured, generated  reproduced
        the red toy needs less memo…  Fig. 1b   less   1.20 [1.12, 1.28]  measured, generated  refuted
        scales to 20 hosts            Abstract  20x    2.01 [1.84, 2.19]  measured, generated  not exercised
        sends at most half the bytes  Fig. 1c   50 %   0.48 [0.43, 0.53]  measured, generated  inconclusive

        refuted: known deviation: the red toy keeps its box
          Fig. 1b  the red toy needs less memory

        not exercised: needs 20 hosts (has 1), a 1 Gbit/s link between hosts, real data
          Abstract  scales to 20 hosts

        inconclusive: about 32 trials would decide
          Fig. 1c  sends at most half the bytes

        trials of toy: 4 planned, 1 without a result
          size=2,toy=blue #1: degraded (10 % of the processor time was stolen)
          size=1,toy=red #1: invalid (worker-0 died: signal 9)
          size=2,toy=red #1: failed: the worker | answered <nothing>
        ");
    }

    #[test]
    fn no_line_of_the_table_of_claims_is_wider_than_a_terminal() {
        let table = claims_table(&[samples::findings()]);
        let rows = table.lines().take_while(|line| !line.is_empty());
        assert!(rows.into_iter().all(|row| row.chars().count() <= WIDTH_CHARS), "{table}");
    }

    #[test]
    fn an_experiment_without_claims_says_so() {
        let findings = Findings {
            judged: Vec::new(),
            attempts: Vec::new(),
            n_planned: 0,
            ..samples::findings()
        };
        assert_eq!(claims_table(&[findings]), "no claim of the paper is about this experiment\n");
    }

    #[test]
    fn the_table_of_measures_has_a_row_per_point() {
        insta::assert_snapshot!(measures_table(&samples::findings().analysis.table), @"
                                       sent
        toy   size           time (s)  (MB)
        ────  ────  ─────────────────  ────
        blue     1  4.02 [3.71, 4.36]  12.5
        blue     2  2.11 [1.98, 2.25]    25
        red      1  2.01 [1.93, 2.09]   7.5
        red      2                  1    15
        ");
    }

    #[test]
    fn in_a_wide_table_intervals_stand_below_their_values() {
        let estimate: Estimate = samples::between(1234.5, 1250.0, 1265.5);
        let heads = (1..=6).map(|i| format!("a quantity with a long name {i} (s)"));
        let table =
            Table { columns: heads.collect(), rows: vec![vec![Cell::Measured(estimate); 6]] };
        insta::assert_snapshot!(measures_table(&table), @"
          a quantity    a quantity    a quantity    a quantity    a quantity    a quantity
         with a long   with a long   with a long   with a long   with a long   with a long
          name 1 (s)    name 2 (s)    name 3 (s)    name 4 (s)    name 5 (s)    name 6 (s)
        ────────────  ────────────  ────────────  ────────────  ────────────  ────────────
                1250          1250          1250          1250          1250          1250
        [1234, 1266]  [1234, 1266]  [1234, 1266]  [1234, 1266]  [1234, 1266]  [1234, 1266]
        ");
    }
}
