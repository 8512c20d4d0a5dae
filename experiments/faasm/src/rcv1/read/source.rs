//! A file of documents: opened, unpacked, and read line by line.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use anyhow::Context as _;
use flate2::bufread::MultiGzDecoder;

use super::{format::Format, grammar, line::Line};
use crate::rcv1::Documents;

const BUFFER_BYTES: usize = 1 << 20;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A text file of documents, packed with gzip or not.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is; errors name it so.
    pub path: PathBuf,
    /// Its format; found out from its content, if not said.
    pub format: Option<Format>,
    /// The number of features that a document can have.
    pub n_features: u32,
    /// Reads no further than this many documents.
    pub max_documents: Option<usize>,
}

impl Source {
    /// Reads the documents. What is malformed comes as a `ParseError`.
    pub fn read(&self) -> anyhow::Result<Documents> {
        let format = match self.format {
            Some(format) => format,
            None => Format::detect(self.open()?).with_context(|| self.cannot_read())?,
        };
        let mut text = self.open()?;
        let max_documents = self.max_documents.unwrap_or(usize::MAX);
        let mut documents = Documents::new(self.n_features);
        let mut line = Line::new(self.n_features);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let n_read = text.read_until(b'\n', &mut bytes).with_context(|| self.cannot_read())?;
            if n_read == 0 || documents.len() == max_documents {
                break;
            }
            let content = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            match grammar::read_line(format, content, &mut line) {
                Ok(true) => line.finish(&mut documents),
                Ok(false) => {}
                Err(unexpected) => return Err(unexpected.at(self.path.clone(), number).into()),
            }
        }
        Ok(documents)
    }

    fn open(&self) -> anyhow::Result<Box<dyn BufRead>> {
        let file = File::open(&self.path).with_context(|| self.cannot_read())?;
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let is_packed =
            file.fill_buf().with_context(|| self.cannot_read())?.starts_with(&GZIP_MAGIC);
        let reader: Box<dyn Read> = if is_packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            return Ok(Box::new(file));
        };
        Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, reader)))
    }

    fn cannot_read(&self) -> String {
        format!("cannot read the documents of {}", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::rcv1::{Generator, ParseError, write};

    fn source(text: &[u8]) -> (Source, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("documents");
        fs::write(&path, text).unwrap();
        let n_features = crate::rcv1::N_FEATURES;
        (Source { path, format: None, n_features, max_documents: None }, dir)
    }

    fn read(text: &[u8]) -> anyhow::Result<Documents> {
        let (source, _dir) = source(text);
        source.read()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn error(text: &[u8]) -> ParseError {
        read(text).unwrap_err().downcast().expect("the text is malformed")
    }

    #[test]
    fn what_is_written_in_any_format_is_read_back_to_the_bit() {
        for seed in 0..5 {
            let documents = Generator::new(seed).documents(50);
            for format in [Format::Hogwild, Format::LibSvm, Format::VowpalWabbit] {
                let mut text = Vec::new();
                write(&documents, format, &mut text).unwrap();
                let (mut source, _dir) = source(&text);
                source.format = Some(format);
                assert_eq!(source.read().unwrap(), documents, "{format:?}, seed {seed}");
            }
        }
    }

    #[test]
    fn the_format_is_found_out() {
        let expected = read(b"1 |f 0:0.5 3:0.25\n").unwrap();
        assert_eq!(read(b"1 0:0.5 3:0.25\n").unwrap(), expected);
        assert_eq!(read(b"# one-based\n1 1:0.5 4:0.25\n").unwrap(), expected);
        assert_eq!(read(b"1 1:0.5 4:0.25").unwrap(), expected);
    }

    #[test]
    fn packed_files_are_unpacked_also_if_they_are_several_in_one() {
        let text = [packed(b"1 0:0.5\n"), packed(b"-1 3:0.25\n")].concat();
        assert_eq!(read(&text).unwrap(), read(b"1 0:0.5\n-1 3:0.25\n").unwrap());
    }

    #[test]
    fn a_packed_file_that_was_cut_off_is_refused() {
        let text = packed(b"1 0:0.5\n-1 3:0.25\n");
        let error = read(&text[..text.len() - 4]).unwrap_err();
        assert!(error.to_string().starts_with("cannot read the documents of "), "{error}");
    }

    #[test]
    fn reading_stops_at_the_number_of_documents_asked_for() {
        let (mut source, _dir) = source(b"1 0:0.5\n\n-1 3:0.25\nmalformed\n");
        source.max_documents = Some(2);
        assert_eq!(source.read().unwrap().len(), 2);
    }

    #[test]
    fn an_error_names_file_line_and_column() {
        let error = error(b"1 0:0.5\n\n-1 3:0.25 47236:1\n");
        assert_eq!((error.line, error.column), (3, 11));
        let text = error.to_string();
        let place = text.strip_prefix(&error.file.display().to_string()).unwrap();
        assert_eq!(place, ":3:11: expected a feature from 0 to 47235, found `47236`");
    }

    #[test]
    fn an_absent_file_is_named() {
        let (mut source, _dir) = source(b"");
        source.path.set_extension("absent");
        let error = source.read().unwrap_err().to_string();
        assert!(error.ends_with("documents.absent"), "{error}");
    }
}
