//! Writing a log row by row.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    marker::PhantomData,
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use super::row::LogRow;

/// A log that is being written.
pub struct LogWriter<R> {
    out: Out,
    line: String,
    row: PhantomData<R>,
}

enum Out {
    Plain(BufWriter<File>),
    Compressed(BufWriter<GzEncoder<File>>),
}

impl<R: LogRow> LogWriter<R> {
    /// Creates the file and writes its header. A name that ends in `.gz` makes it
    /// a compressed one.
    ///
    /// # Errors
    /// If the file cannot be created or written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        let out = if path.extension().is_some_and(|extension| extension == "gz") {
            Out::Compressed(BufWriter::new(GzEncoder::new(file, Compression::fast())))
        } else {
            Out::Plain(BufWriter::new(file))
        };
        let mut writer = Self { out, line: R::COLUMNS.join("\t"), row: PhantomData };
        writer.write_line()?;
        Ok(writer)
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&mut self, row: &R) -> io::Result<()> {
        self.line.clear();
        row.format(&mut self.line);
        self.write_line()
    }

    /// Writes what is still in memory. What is dropped without it may be cut off.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(self) -> io::Result<()> {
        match self.out {
            Out::Plain(mut out) => out.flush(),
            Out::Compressed(out) => {
                let encoder = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                encoder.finish().map(|_| ())
            }
        }
    }

    fn write_line(&mut self) -> io::Result<()> {
        self.line.push('\n');
        match &mut self.out {
            Out::Plain(out) => out.write_all(self.line.as_bytes()),
            Out::Compressed(out) => out.write_all(self.line.as_bytes()),
        }
    }
}
