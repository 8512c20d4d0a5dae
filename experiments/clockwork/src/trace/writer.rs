//! Writes a day file.

use std::io::{BufWriter, Result, Write};

use super::{N_MINUTES, TEXT_COLUMNS};

/// Writes rows into a day file.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: BufWriter<W>,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(output: W) -> Result<Writer<W>> {
        let mut output = BufWriter::with_capacity(1 << 20, output);
        output.write_all(TEXT_COLUMNS.join(",").as_bytes())?;
        (1..=N_MINUTES).try_for_each(|minute| write!(output, ",{minute}"))?;
        output.write_all(b"\n")?;
        Ok(Writer { output, line: Vec::new() })
    }

    /// Writes a function's day: owner, application, function and trigger, and how
    /// often it was invoked in each minute.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn row(&mut self, names: [&str; 4], counts: &[u32; N_MINUTES]) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(names.join(",").as_bytes());
        for count in counts {
            self.line.push(b',');
            match count {
                // Nearly all counts are, and a full day has 67 million.
                0..10 => self.line.push(b'0' + *count as u8),
                _ => write!(self.line, "{count}")?,
            }
        }
        self.line.push(b'\n');
        self.output.write_all(&self.line)
    }

    /// Writes what is left, and gives the output back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<W> {
        self.output.into_inner().map_err(std::io::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::trace::Reader;

    #[test]
    fn what_is_written_is_read() {
        let mut counts = [0; N_MINUTES];
        for (minute, count) in counts.iter_mut().enumerate() {
            *count = (minute as u32).pow(3);
        }
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.row(["a", "b", "c", "timer"], &counts).unwrap();
        let text = writer.finish().unwrap();
        let mut reader = Reader::new(text.as_slice(), Path::new("d01.csv")).unwrap();
        let row = reader.next_row().unwrap().unwrap();
        assert_eq!([row.owner, row.app, row.function, row.trigger], ["a", "b", "c", "timer"]);
        assert_eq!(*row.counts, counts);
        assert_eq!(reader.next_row().unwrap(), None);
    }
}
