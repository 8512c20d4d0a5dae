//! Reads a day file strictly, row after row, in the memory of one row.

use std::{
    io::{BufRead, Read as _},
    path::{Path, PathBuf},
};

use super::{N_COLUMNS, N_MINUTES, TEXT_COLUMNS, TraceError};

/// More than a row of the largest counts has.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// Reads rows from a day file.
///
/// Lines end in a line feed, or a carriage return before it; the last one may do
/// without. Everything else is as the data set's description has it, or an error.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    path: PathBuf,
    line: u64,
    text: Vec<u8>,
    counts: Box<[u32; N_MINUTES]>,
}

/// A function's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The hash of the application's owner.
    pub owner: &'a str,
    /// The hash of the application's name.
    pub app: &'a str,
    /// The hash of the function's name.
    pub function: &'a str,
    /// The group of its trigger.
    pub trigger: &'a str,
    /// How often it was invoked in each minute.
    pub counts: &'a [u32; N_MINUTES],
}

impl<R: BufRead> Reader<R> {
    /// Reads the header of `input`, which errors call `path`.
    ///
    /// # Errors
    /// If there is none, or it is not that of a day file.
    pub fn new(input: R, path: &Path) -> Result<Reader<R>, TraceError> {
        let counts = Box::new([0; N_MINUTES]);
        let path = path.to_owned();
        let mut reader = Reader { input, path, line: 0, text: Vec::new(), counts };
        if !reader.next_line()? {
            return Err(reader.malformed(1, "the file is empty"));
        }
        reader.check_header()?;
        Ok(reader)
    }

    /// The next function's day; nothing at the end of the file.
    ///
    /// # Errors
    /// If the file is unreadable or the row malformed. The reader is of no use then.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TraceError> {
        if !self.next_line()? {
            return Ok(None);
        }
        let mut rest = 0;
        let mut texts = [(0, 0); TEXT_COLUMNS.len()];
        for (index, text) in texts.iter_mut().enumerate() {
            let len = self.text[rest..].iter().position(|byte| *byte == b',');
            let end = rest + len.ok_or_else(|| self.bad_length())?;
            *text = (rest, end);
            if end == rest {
                return Err(self.malformed(index + 1, "the field is empty"));
            }
            rest = end + 1;
        }
        self.read_counts(rest)?;
        let [owner, app, function, trigger] = texts;
        let text = |column: usize, (start, end)| {
            std::str::from_utf8(&self.text[start..end])
                .map_err(|_| self.malformed(column, "the field is not text"))
        };
        Ok(Some(Row {
            owner: text(1, owner)?,
            app: text(2, app)?,
            function: text(3, function)?,
            trigger: text(4, trigger)?,
            counts: &self.counts,
        }))
    }

    /// Reads the counts, which begin at an offset of the line.
    fn read_counts(&mut self, start: usize) -> Result<(), TraceError> {
        let mut bytes = self.text[start..].iter();
        for minute in 0..N_MINUTES {
            let (mut count, mut n_digits) = (0_u64, 0);
            let end = loop {
                match bytes.next() {
                    // Ten digits fit, and an eleventh is too much for a count anyway.
                    Some(digit @ b'0'..=b'9') if n_digits < 10 => {
                        count = 10 * count + u64::from(digit - b'0');
                        n_digits += 1;
                    }
                    end => break end,
                }
            };
            let is_last = minute + 1 == N_MINUTES;
            match (end, u32::try_from(count)) {
                (Some(b','), Ok(count)) if n_digits > 0 && !is_last => self.counts[minute] = count,
                (None, Ok(count)) if n_digits > 0 && is_last => self.counts[minute] = count,
                _ => return Err(self.bad_count(TEXT_COLUMNS.len() + minute)),
            }
        }
        Ok(())
    }

    /// Says what is wrong with the field at `index`, or with their number.
    fn bad_count(&self, index: usize) -> TraceError {
        if self.n_fields() != N_COLUMNS {
            return self.bad_length();
        }
        let mut fields = self.text.split(|byte| *byte == b',');
        let field = String::from_utf8_lossy(fields.nth(index).unwrap_or_default());
        let what = format!("`{field}` is no count\n(hint: expected an integer up to {})", u32::MAX);
        self.malformed(index + 1, what)
    }

    fn n_fields(&self) -> usize {
        self.text.split(|byte| *byte == b',').count()
    }

    fn bad_length(&self) -> TraceError {
        let n_fields = self.n_fields();
        self.malformed(
            n_fields,
            format!(
                "the line has {n_fields} fields\n(hint: expected {N_COLUMNS}; is the file cut off?)"
            ),
        )
    }

    fn check_header(&self) -> Result<(), TraceError> {
        let mut fields = self.text.split(|byte| *byte == b',');
        let minutes = (1..=N_MINUTES).map(|minute| minute.to_string());
        let expected = TEXT_COLUMNS.into_iter().map(String::from).chain(minutes);
        for (index, expected) in expected.enumerate() {
            let field = String::from_utf8_lossy(fields.next().unwrap_or_default());
            if field != expected {
                let what = format!("the header has `{field}`\n(hint: expected `{expected}`)");
                return Err(self.malformed(index + 1, what));
            }
        }
        if fields.next().is_some() { Err(self.bad_length()) } else { Ok(()) }
    }

    /// Reads a line without its end; false if there is none.
    fn next_line(&mut self) -> Result<bool, TraceError> {
        self.line += 1;
        self.text.clear();
        let mut input = self.input.by_ref().take(MAX_LINE_BYTES);
        if let Err(source) = input.read_until(b'\n', &mut self.text) {
            return Err(TraceError::Unreadable {
                path: self.path.clone(),
                line: self.line,
                source,
            });
        }
        if self.text.len() as u64 == MAX_LINE_BYTES {
            let what = format!("the line has more than {MAX_LINE_BYTES} bytes");
            return Err(self.malformed(1, what));
        }
        let is_line = !self.text.is_empty();
        self.text.pop_if(|byte| *byte == b'\n');
        self.text.pop_if(|byte| *byte == b'\r');
        Ok(is_line)
    }

    fn malformed(&self, column: usize, what: impl Into<String>) -> TraceError {
        let (path, line) = (self.path.clone(), self.line);
        TraceError::Malformed { path, line, column, what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "owner,app,function,http";

    fn header() -> String {
        let minutes = (1..=N_MINUTES).map(|minute| format!(",{minute}"));
        TEXT_COLUMNS.join(",") + &minutes.collect::<String>()
    }

    /// A row of which each count is its minute, but for one.
    fn row(minute: usize, count: &str) -> String {
        let counts = (1..=N_MINUTES)
            .map(|at| if at == minute { format!(",{count}") } else { format!(",{at}") });
        NAMES.to_owned() + &counts.collect::<String>()
    }

    /// All counts of a text, or what is wrong with it.
    fn read(text: &str) -> Result<Vec<[u32; N_MINUTES]>, TraceError> {
        let mut reader = Reader::new(text.as_bytes(), Path::new("d01.csv"))?;
        let mut rows = Vec::new();
        while let Some(row) = reader.next_row()? {
            rows.push(*row.counts);
        }
        Ok(rows)
    }

    #[track_caller]
    fn complaint(row: &str) -> String {
        read(&format!("{}\n{row}\n", header())).unwrap_err().to_string()
    }

    #[test]
    fn a_row_has_its_names_and_counts() {
        let text = format!("{}\n{}\n", header(), row(3, "4294967295"));
        let mut reader = Reader::new(text.as_bytes(), Path::new("d01.csv")).unwrap();
        let row = reader.next_row().unwrap().unwrap();
        let names = [row.owner, row.app, row.function, row.trigger];
        assert_eq!(names, ["owner", "app", "function", "http"]);
        assert_eq!(row.counts[..4], [1, 2, u32::MAX, 4]);
        assert_eq!(row.counts[N_MINUTES - 1], 1440);
        assert_eq!(reader.next_row().unwrap(), None);
    }

    #[test]
    fn lines_may_end_in_any_way() {
        for (end, last) in [("\n", "\n"), ("\n", ""), ("\r\n", "\r\n"), ("\r\n", "")] {
            let [header, one, two] = [header(), row(1, "7"), row(2, "8")];
            let rows = read(&format!("{header}{end}{one}{end}{two}{last}")).unwrap();
            assert_eq!((rows.len(), rows[0][0], rows[1][1]), (2, 7, 8));
        }
    }

    #[test]
    fn what_is_no_count_is_named_with_its_place() {
        insta::assert_snapshot!(complaint(&row(2, "-1")), @r"
        d01.csv, line 2, column 6: `-1` is no count
        (hint: expected an integer up to 4294967295)
        ");
        insta::assert_snapshot!(complaint(&row(1440, "4294967296")), @r"
        d01.csv, line 2, column 1444: `4294967296` is no count
        (hint: expected an integer up to 4294967295)
        ");
        insta::assert_snapshot!(complaint(&row(7, "")), @r"
        d01.csv, line 2, column 11: `` is no count
        (hint: expected an integer up to 4294967295)
        ");
        for bad in ["1.5", "1e3", " 1", "+1", "0x1", "12345678901", "١"] {
            assert!(complaint(&row(9, bad)).contains("line 2, column 13"), "{bad}");
        }
    }

    #[test]
    fn a_line_of_another_length_is_refused() {
        insta::assert_snapshot!(complaint(NAMES), @r"
        d01.csv, line 2, column 4: the line has 4 fields
        (hint: expected 1444; is the file cut off?)
        ");
        insta::assert_snapshot!(complaint(row(1, "1").trim_end_matches(",1440")), @r"
        d01.csv, line 2, column 1443: the line has 1443 fields
        (hint: expected 1444; is the file cut off?)
        ");
        insta::assert_snapshot!(complaint(&(row(1, "1") + ",9")), @r"
        d01.csv, line 2, column 1445: the line has 1445 fields
        (hint: expected 1444; is the file cut off?)
        ");
        insta::assert_snapshot!(complaint(""), @r"
        d01.csv, line 2, column 1: the line has 1 fields
        (hint: expected 1444; is the file cut off?)
        ");
    }

    #[test]
    fn a_row_without_a_name_is_refused() {
        insta::assert_snapshot!(complaint(&row(1, "1").replacen("function", "", 1)), @"d01.csv, line 2, column 3: the field is empty");
    }

    #[test]
    fn another_header_is_refused() {
        insta::assert_snapshot!(read("").unwrap_err(), @"d01.csv, line 1, column 1: the file is empty");
        insta::assert_snapshot!(read(&header().replace("HashApp", "App")).unwrap_err(), @r"
        d01.csv, line 1, column 2: the header has `App`
        (hint: expected `HashApp`)
        ");
        insta::assert_snapshot!(read(&header().replace(",1440", "")).unwrap_err(), @r"
        d01.csv, line 1, column 1444: the header has ``
        (hint: expected `1440`)
        ");
        insta::assert_snapshot!(read(&(header() + ",1441")).unwrap_err(), @r"
        d01.csv, line 1, column 1445: the line has 1445 fields
        (hint: expected 1444; is the file cut off?)
        ");
    }

    #[test]
    fn a_file_without_lines_is_not_held_whole() {
        let endless = std::io::BufReader::new(std::io::repeat(b'7'));
        let error = Reader::new(endless, Path::new("d01.csv")).unwrap_err();
        insta::assert_snapshot!(error, @"d01.csv, line 1, column 1: the line has more than 65536 bytes");
    }
}
