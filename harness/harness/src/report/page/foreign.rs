//! The page on what another tool wrote.

use super::{
    block::{Block, Picture, Span, plain},
    results::table,
};
use crate::{progress::rough, report::foreign::Foreign};

/// The whole page; the pictures are those of each part's figures, in their order.
pub(crate) fn foreign_blocks(foreign: &Foreign<'_>, pictures: &[Vec<Picture>]) -> Vec<Block> {
    let mut blocks = opening(foreign);
    for (part, pictures) in foreign.parts.iter().zip(pictures) {
        blocks.push(Block::Heading(2, part.name.clone()));
        blocks.push(Block::Table(table(&part.analysis.table)));
        let figures = pictures.iter().map(|picture| Block::Figure(picture.clone(), vec![]));
        blocks.extend(figures);
        let files = part.files.iter().map(|file| {
            vec![Span::Code(format!("{}/{}", part.name, file.name)), Span::Plain(": data".into())]
        });
        blocks.push(Block::List(files.collect()));
    }
    blocks
}

fn opening(Foreign { system, about, dir, stretch, .. }: &Foreign<'_>) -> Vec<Block> {
    let lasting = match stretch.duration {
        Some(duration) => format!("the {} after that", rough(duration)),
        None => "all after that".to_owned(),
    };
    let summary = vec![
        Span::Plain(format!("This report is on {about} in ")),
        Span::Code(dir.display().to_string()),
        Span::Plain(format!(
            ". The first {} are left out; it shows {lasting}, in steps of {}.",
            rough(stretch.lead_in),
            rough(stretch.bucket)
        )),
    ];
    let unknown = "Nothing is known of the machines and the build that this was measured with, \
                   nor of trials that did not come to an end: no claim of the paper is judged.";
    vec![
        Block::Heading(1, format!("{system}: {about}")),
        Block::Paragraph(summary),
        Block::Paragraph(plain(unknown)),
    ]
}
