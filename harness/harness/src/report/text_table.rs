//! Columns that line up in a terminal.

/// A table of plain text. A cell is one or more lines.
#[derive(Debug, Default)]
pub(super) struct TextTable {
    /// Heads; a column is as wide as its widest line.
    pub(super) columns: Vec<Column>,
    /// Rows of as many cells as there are columns.
    pub(super) rows: Vec<Vec<Lines>>,
}

/// The lines of one cell.
pub(super) type Lines = Vec<String>;

/// One column's head.
#[derive(Debug)]
pub(super) struct Column {
    /// Lines of the head; they stand at the bottom of the head's row.
    pub(super) head: Lines,
    /// Whether its cells end at the right edge, as numbers do.
    pub(super) numeric: bool,
}

/// What separates columns.
const GAP: &str = "  ";

impl TextTable {
    /// How wide the table is.
    pub(super) fn width_chars(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1)
    }

    /// The table with a rule under its heads, each line ended.
    pub(super) fn render(&self) -> String {
        let widths = self.widths();
        let heads: Vec<_> =
            self.columns.iter().map(|column| bottom(column, self.depth())).collect();
        let mut text = self.row(&heads, &widths);
        let rule: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
        text += &rule.join(GAP);
        text.push('\n');
        for row in &self.rows {
            text += &self.row(row, &widths);
        }
        text
    }

    fn depth(&self) -> usize {
        self.columns.iter().map(|column| column.head.len()).max().unwrap_or(0)
    }

    fn widths(&self) -> Vec<usize> {
        let cells = |i: usize| self.rows.iter().flat_map(move |row| &row[i]);
        self.columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                column.head.iter().chain(cells(i)).map(|line| chars(line)).max().unwrap_or(0)
            })
            .collect()
    }

    fn row(&self, cells: &[Lines], widths: &[usize]) -> String {
        let depth = cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut text = String::new();
        for i in 0..depth {
            let line: Vec<_> = cells
                .iter()
                .zip(&self.columns)
                .zip(widths)
                .map(|((cell, column), width)| {
                    aligned(cell.get(i).map_or("", String::as_str), *width, column.numeric)
                })
                .collect();
            text += line.join(GAP).trim_end();
            text.push('\n');
        }
        text
    }
}

/// `text`, or as much of it as fits with an ellipsis.
pub(super) fn cut(text: &str, width_chars: usize) -> String {
    if chars(text) <= width_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// `text` broken at its spaces into lines of at most `width_chars`, unless a
/// word is longer.
pub(super) fn broken(text: &str, width_chars: usize) -> Lines {
    let mut lines = Lines::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if chars(line) + 1 + chars(word) <= width_chars => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn bottom(column: &Column, depth: usize) -> Lines {
    let mut lines = vec![String::new(); depth - column.head.len()];
    lines.extend(column.head.iter().cloned());
    lines
}

fn aligned(text: &str, width: usize, to_the_right: bool) -> String {
    let blank = " ".repeat(width - chars(text));
    if to_the_right { blank + text } else { text.to_owned() + &blank }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(head: &[&str], numeric: bool) -> Column {
        Column { head: lines(head), numeric }
    }

    fn lines(lines: &[&str]) -> Lines {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn columns_line_up_and_numbers_end_at_the_right() {
        let table = TextTable {
            columns: vec![column(&["mode"], false), column(&["training", "time (s)"], true)],
            rows: vec![
                vec![lines(&["native"]), lines(&["9.5"])],
                vec![lines(&["wasm"]), lines(&["12.3", "[11.9, 12.8]"])],
            ],
        };
        insta::assert_snapshot!(table.render(), @"
                    training
        mode        time (s)
        ──────  ────────────
        native           9.5
        wasm            12.3
                [11.9, 12.8]
        ");
        assert_eq!(table.width_chars(), 20);
    }

    #[test]
    fn a_long_sentence_is_cut_and_says_so() {
        assert_eq!(cut("twice as fast", 20), "twice as fast");
        assert_eq!(cut("twice as fast", 7), "twice…");
    }

    #[test]
    fn a_head_breaks_at_its_spaces() {
        assert_eq!(broken("billable memory (GB s)", 9), ["billable", "memory", "(GB s)"]);
        assert_eq!(broken("incomprehensibly", 4), ["incomprehensibly"]);
    }
}
