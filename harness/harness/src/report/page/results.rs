//! The results: the table, the figures, the named measures.

use super::{
    block::{Block, Picture, Span, Table, Text, code, plain},
    claims::beside,
};
use crate::{
    analysis::{self, Basis, Cell},
    report::{
        findings::Findings,
        numbers::{self, Shown},
    },
};

/// The results; the pictures are those of the analysis' figures, in its order.
pub(super) fn blocks(findings: &Findings, pictures: &[Picture]) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(2, "Results".into())];
    if findings.analysis.table.rows.is_empty() {
        blocks.push(Block::paragraph("No trial of this run has a result."));
    } else {
        blocks.push(Block::Table(table(&findings.analysis.table)));
    }
    for (figure, picture) in findings.analysis.figures.iter().zip(pictures) {
        blocks.push(Block::Figure(picture.clone(), beside(figure, &findings.judged)));
    }
    if !findings.analysis.measures.is_empty() {
        blocks.push(Block::Heading(3, "Measures".into()));
        blocks.push(Block::Table(measures(findings)));
    }
    blocks
}

/// The table of an analysis.
pub(super) fn table(table: &analysis::Table) -> Table {
    let is_numeric =
        |i: usize| table.rows.iter().all(|row| !matches!(row.get(i), Some(Cell::Text(_))));
    let columns = table.columns.iter().enumerate();
    Table {
        columns: columns.map(|(i, head)| (head.clone(), is_numeric(i))).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

fn cell(cell: &Cell) -> Text {
    match cell {
        Cell::Text(text) => plain(text),
        Cell::Count(count) => vec![Span::Number(count.to_string())],
        Cell::Measured(estimate) => vec![Span::Number(Shown::of(estimate).joined())],
    }
}

fn measures(findings: &Findings) -> Table {
    let rows = findings.analysis.measures.iter().map(|(name, measure)| {
        vec![
            code(name),
            vec![Span::Number(numbers::measure(measure))],
            vec![Span::Number(measure.estimate.n.to_string())],
            plain(basis(measure.basis)),
        ]
    });
    let columns = [("Measure", false), ("Value", true), ("n", true), ("Rests on", false)];
    Table {
        columns: columns.map(|(head, numeric)| (head.to_owned(), numeric)).into(),
        rows: rows.collect(),
    }
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Counted => "counts",
        Basis::Memory => "memory",
        Basis::Timed => "time",
        Basis::InTime => "what is in time",
    }
}
