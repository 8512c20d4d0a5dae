//! Reading a log row by row.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::{
    error::LogError,
    fields::{FieldError, Fields},
    row::LogRow,
};

/// How every gzip file begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Reads a log, compressed or not, and hands each row to `visit`, in the order of
/// the file. Returns how many there were.
///
/// # Errors
/// If the file cannot be read, or is not exactly such a log: other columns, fields
/// that are no numbers or contradict each other, a last line that is cut off.
pub fn read<R: LogRow>(path: &Path, mut visit: impl FnMut(R)) -> Result<u64, LogError> {
    let mut lines = Lines { file: path, reader: open(path)?, line: Vec::new(), number: 0 };
    let header = R::COLUMNS.join("\t");
    let Some(first) = lines.next()? else {
        return Err(lines.error(FieldError { column: 1, what: "there is no header".to_owned() }));
    };
    if first != header {
        let error = other_header(first, R::COLUMNS);
        return Err(lines.error(error));
    }
    while let Some(line) = lines.next()? {
        let mut fields = Fields::new(line);
        match R::parse(&mut fields).and_then(|row| fields.end().map(|()| row)) {
            Ok(row) => visit(row),
            Err(error) => {
                let name = R::COLUMNS.get(error.column - 1).copied().unwrap_or("no column");
                let what = format!("{name}: {}", error.what);
                return Err(lines.error(FieldError { what, ..error }));
            }
        }
    }
    Ok(lines.number - 1)
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, LogError> {
    let failed = |source| LogError::Io { file: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let is_compressed = reader.fill_buf().map_err(failed)?.starts_with(&GZIP_MAGIC);
    let decoded: Box<dyn Read> = match is_compressed {
        true => Box::new(MultiGzDecoder::new(reader)),
        false => return Ok(Box::new(reader)),
    };
    Ok(Box::new(BufReader::with_capacity(1 << 16, decoded)))
}

struct Lines<'a> {
    file: &'a Path,
    reader: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<&str>, LogError> {
        self.line.clear();
        let read = self.reader.read_until(b'\n', &mut self.line);
        if read.map_err(|source| LogError::Io { file: self.file.to_owned(), source })? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.pop() != Some(b'\n') {
            let what = "the last line is cut off (hint: remove it)".to_owned();
            return Err(self.error(FieldError { column: 1, what }));
        }
        match std::str::from_utf8(&self.line) {
            Ok(line) => Ok(Some(line)),
            Err(_) => {
                let what = "is not text (hint: is it the right file?)".to_owned();
                Err(self.error(FieldError { column: 1, what }))
            }
        }
    }

    fn error(&self, error: FieldError) -> LogError {
        let FieldError { column, what } = error;
        LogError::Text { file: self.file.to_owned(), line: self.number.max(1), column, what }
    }
}

fn other_header(found: &str, columns: &[&str]) -> FieldError {
    let mut found = found.split('\t');
    let differs = columns.iter().position(|column| found.next() != Some(column));
    let index = differs.unwrap_or(columns.len());
    let what = match columns.get(index) {
        Some(column) => format!(
            "the header does not name `{column}` here (hint: is it the other log, or of another version?)"
        ),
        None => "the header names one column too many".to_owned(),
    };
    FieldError { column: index + 1, what }
}
