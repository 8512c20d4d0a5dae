//! The parts of a page, free of any markup.

/// One part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// A heading; 1 is the page's title.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(Text),
    /// A bulleted list.
    List(Vec<Text>),
    /// A table.
    Table(Table),
    /// Text to copy as it stands.
    Code(String),
    /// A picture with notes below its caption.
    Figure(Picture, Vec<Text>),
}

/// A figure that has been drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Caption.
    pub(crate) title: String,
    /// The picture itself.
    pub(crate) svg: String,
    /// Where it lies, relative to the page.
    pub(crate) svg_link: String,
    /// Where the version for a paper lies, relative to the page.
    pub(crate) pdf_link: String,
}

/// A table of running text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// Heads, and whether the column holds numbers.
    pub(super) columns: Vec<(String, bool)>,
    /// Rows of as many cells as there are columns.
    pub(super) rows: Vec<Vec<Text>>,
}

/// Running text.
pub(super) type Text = Vec<Span>;

/// A stretch of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    /// Words.
    Plain(String),
    /// A number with its interval, which holds no markup of any kind.
    Number(String),
    /// A name from code, a file or a command.
    Code(String),
    /// Words that matter.
    Strong(String),
    /// The word of a verdict.
    Verdict(&'static str),
}

impl Block {
    pub(super) fn paragraph(text: impl Into<String>) -> Self {
        Self::Paragraph(plain(text))
    }

    /// A table of two columns: what, and its value.
    pub(super) fn facts<const N: usize>(facts: [(&str, Text); N]) -> Self {
        Self::Table(Table {
            columns: vec![(String::new(), false), (String::new(), false)],
            rows: facts.into_iter().map(|(what, value)| vec![plain(what), value]).collect(),
        })
    }
}

pub(super) fn plain(text: impl Into<String>) -> Text {
    vec![Span::Plain(text.into())]
}

pub(super) fn code(text: impl Into<String>) -> Text {
    vec![Span::Code(text.into())]
}

/// A sentence in which backticks enclose names from code; one that does not
/// close is a backtick.
pub(super) fn with_code(sentence: &str) -> Text {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(sentence);
    }
    let spans = parts.into_iter().enumerate().map(|(i, part)| {
        if i % 2 == 1 { Span::Code(part.into()) } else { Span::Plain(part.into()) }
    });
    spans.filter(|span| *span != Span::Plain(String::new())).collect()
}

/// Words as a list: `a, b, c`.
pub(super) fn listed(parts: impl IntoIterator<Item = Text>) -> Text {
    let mut text = Text::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            text.push(Span::Plain(", ".into()));
        }
        text.extend(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_in_pairs_enclose_code() {
        let name = Span::Code("a-b".into());
        assert_eq!(with_code("needs `a-b`"), [Span::Plain("needs ".into()), name]);
        assert_eq!(with_code("a ` b"), plain("a ` b"));
    }
}
