//! How the intervals of this analysis were made.

use std::collections::BTreeMap;

use stats::{Estimate, Method};

use super::block::{Block, plain};
use crate::analysis::{Analysis, Cell};

pub(super) fn blocks(analysis: &Analysis) -> Vec<Block> {
    let estimates = estimates(analysis);
    if estimates.is_empty() {
        return Vec::new();
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for estimate in &estimates {
        if estimate.interval.is_some() {
            *counts.entry(in_words(estimate.method)).or_default() += 1;
        }
    }
    let without = estimates.iter().filter(|estimate| estimate.interval.is_none()).count();
    let mut methods: Vec<_> =
        counts.iter().map(|(method, n)| plain(format!("{method} ({})", numbers(*n)))).collect();
    if without > 0 {
        methods.push(plain(format!(
            "no interval, because the trials are too few for an honest one ({})",
            numbers(without)
        )));
    }
    vec![
        Block::Heading(2, "How sure these numbers are".into()),
        Block::paragraph(introduction(&estimates)),
        Block::List(methods),
    ]
}

fn introduction(estimates: &[&Estimate]) -> String {
    let mut confidences: Vec<_> = estimates
        .iter()
        .filter_map(|estimate| estimate.interval)
        .map(|interval| format!("{:.0} %", interval.confidence * 100.0))
        .collect();
    confidences.sort();
    confidences.dedup();
    let confidence = match confidences.as_slice() {
        [] => "No number has an interval".to_owned(),
        some => format!(
            "Brackets and error bars are {} confidence intervals; in a figure, series that share \
             a position stand side by side",
            some.join(" and ")
        ),
    };
    format!(
        "{confidence}. {}. A claim is judged by the whole interval, never by the value alone. The \
         intervals were made by:",
        sizes(estimates)
    )
}

fn sizes(estimates: &[&Estimate]) -> String {
    let n = |pick: fn(usize, usize) -> usize| {
        estimates.iter().map(|estimate| estimate.n).reduce(pick).unwrap_or(0)
    };
    match (n(usize::min), n(usize::max)) {
        (1, 1) => "Every number rests on a single sample".into(),
        (least, most) if least == most => format!("Every number rests on {most} samples"),
        (least, most) => format!("A number rests on {least} to {most} samples"),
    }
}

fn numbers(n: usize) -> String {
    if n == 1 { "1 number".into() } else { format!("{n} numbers") }
}

fn in_words(method: Method) -> &'static str {
    match method {
        Method::OrderStatistic => {
            "order statistics: two samples by rank, chosen by exact binomial sums"
        }
        Method::StudentT => {
            "Student's t, on the logarithmic scale for positive quantities; comparisons of two \
             samples with degrees of freedom after Welch"
        }
        Method::BootstrapT => "the studentised bootstrap, seeded",
        Method::Exact => "nothing to estimate: all samples are identical, as those of a count are",
    }
}

fn estimates(analysis: &Analysis) -> Vec<&Estimate> {
    let cells = analysis.table.rows.iter().flatten().filter_map(|cell| match cell {
        Cell::Measured(estimate) => Some(estimate),
        Cell::Text(_) | Cell::Count(_) => None,
    });
    let points = analysis.figures.iter().flat_map(|figure| &figure.series);
    let points = points.flat_map(|series| &series.points).map(|point| &point.y);
    let measures = analysis.measures.values().map(|measure| &measure.estimate);
    cells.chain(points).chain(measures).collect()
}
