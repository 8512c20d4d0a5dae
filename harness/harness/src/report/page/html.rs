//! The page as one self-contained HTML file.

use super::block::{Block, Picture, Span, Table, Text};

const STYLE: &str = include_str!("style.css");

/// Writes the page; whatever comes from files is escaped.
pub(crate) fn html(blocks: &[Block]) -> String {
    let title = blocks.iter().find_map(|block| match block {
        Block::Heading(1, title) => Some(escaped(title)),
        _ => None,
    });
    let body: String = blocks.iter().map(block).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         </body>\n</html>\n",
        title.unwrap_or_default()
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, title) => format!("<h{level}>{}</h{level}>\n", escaped(title)),
        Block::Paragraph(text) => format!("<p>{}</p>\n", inline(text)),
        Block::List(items) => list(items),
        Block::Table(content) => table(content),
        Block::Code(text) => format!("<pre>{}</pre>\n", escaped(text.trim_end())),
        Block::Figure(picture, notes) => figure(picture, notes),
    }
}

fn list(items: &[Text]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", inline(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}

fn figure(picture: &Picture, notes: &[Text]) -> String {
    let notes = if notes.is_empty() { String::new() } else { list(notes) };
    format!(
        "<figure>\n{}<figcaption>{} (<a href=\"{}\">PDF</a>)\n{notes}</figcaption>\n</figure>\n",
        picture.svg,
        escaped(&picture.title),
        escaped(&picture.pdf_link)
    )
}

fn table(table: &Table) -> String {
    let class = |numeric: bool| if numeric { " class=\"number\"" } else { "" };
    let mut text = String::from("<div class=\"table\"><table>\n");
    if table.columns.iter().any(|(head, _)| !head.is_empty()) {
        text += "<thead><tr>";
        for (head, numeric) in &table.columns {
            text += &format!("<th{}>{}</th>", class(*numeric), escaped(head));
        }
        text += "</tr></thead>\n";
    }
    text += "<tbody>\n";
    for row in &table.rows {
        text += "<tr>";
        for (cell, (_, numeric)) in row.iter().zip(&table.columns) {
            text += &format!("<td{}>{}</td>", class(*numeric), inline(cell));
        }
        text += "</tr>\n";
    }
    text + "</tbody></table></div>\n"
}

fn inline(text: &Text) -> String {
    text.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(text) => escaped(text),
        Span::Number(text) => number(text),
        Span::Code(name) => format!("<code>{}</code>", escaped(name)),
        Span::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
        Span::Verdict(word) => {
            format!("<strong class=\"{}\">{word}</strong>", word.replace(' ', "-"))
        }
    }
}

/// Where there is no room for both, the interval goes below its value.
fn number(text: &str) -> String {
    let unbroken = |part: &str| format!("<span class=\"number\">{}</span>", escaped(part));
    match text.split_once(" [") {
        Some((value, interval)) => {
            format!("{} {}", unbroken(value), unbroken(&format!("[{interval}")))
        }
        None => unbroken(text),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && c != '\n' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
