//! The page as GitHub-flavoured Markdown.

use super::block::{Block, Picture, Span, Table, Text};

/// Writes the page; whatever comes from files is escaped.
pub(crate) fn markdown(blocks: &[Block]) -> String {
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, title) => {
            format!("{} {}\n", "#".repeat(usize::from(*level)), escaped(title))
        }
        Block::Paragraph(text) => format!("{}\n", inline(text)),
        Block::List(items) => list(items),
        Block::Table(content) => table(content),
        Block::Code(text) => {
            let fence = "`".repeat(longest_run(text).max(2) + 1);
            format!("{fence}\n{}\n{fence}\n", text.trim_end())
        }
        Block::Figure(picture, notes) => figure(picture, notes),
    }
}

fn list(items: &[Text]) -> String {
    items.iter().map(|item| format!("- {}\n", inline(item))).collect()
}

fn figure(picture: &Picture, notes: &[Text]) -> String {
    let Picture { svg_link, pdf_link, .. } = picture;
    let title = escaped(&picture.title);
    let notes = if notes.is_empty() { String::new() } else { format!("\n{}", list(notes)) };
    format!("![{title}](<{svg_link}>)\n\n*{title}* ([PDF](<{pdf_link}>))\n{notes}")
}

fn table(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = row(table.columns.iter().map(|(head, _)| escaped(head)).collect());
    let rules = table.columns.iter().map(|(_, numeric)| if *numeric { "--:" } else { "---" });
    text += &row(rules.map(str::to_owned).collect());
    for cells in &table.rows {
        text += &row(cells.iter().map(inline_in_cell).collect());
    }
    text
}

fn inline(text: &Text) -> String {
    text.iter().map(span).collect()
}

/// A bar ends a cell even within code.
fn inline_in_cell(text: &Text) -> String {
    let spans = text.iter().map(|part| match part {
        Span::Code(name) => code(&name.replace('|', "\\|")),
        other => span(other),
    });
    spans.collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(text) => escaped(text),
        Span::Number(text) => text.clone(),
        Span::Code(name) => code(name),
        Span::Strong(text) => format!("**{}**", escaped(text)),
        Span::Verdict(word) => format!("**{word}**"),
    }
}

fn code(name: &str) -> String {
    let name = spaced(name);
    let fence = "`".repeat(longest_run(&name) + 1);
    let pad = if name.starts_with('`') || name.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that means itself: on one line and without markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in spaced(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// Line ends and other control characters as spaces.
fn spaced(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::block::plain, *};

    #[track_caller]
    fn check(text: &Text, expected: &str) {
        assert_eq!(inline_in_cell(text), expected);
    }

    #[test]
    fn text_from_a_file_means_itself() {
        check(&plain("a|b\n<script> *x* [y](z)"), r"a\|b &lt;script> \*x\* \[y\](z)");
    }

    #[test]
    fn code_may_hold_backticks_and_bars() {
        check(&vec![Span::Code("a`b".into())], "``a`b``");
        check(&vec![Span::Code("`a|b".into())], r"`` `a\|b ``");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        let text = markdown(&[Block::Code("````\nrm".into())]);
        assert!(text.starts_with("`````\n") && text.ends_with("`````\n"), "{text}");
    }
}
