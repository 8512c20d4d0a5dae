//! What is wrong with a file of documents, and where.

use std::path::PathBuf;

use thiserror::Error;

/// A place in a file that is not as its format says.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}:{line}:{column}: expected {expected}, found {found}", file.display())]
pub struct ParseError {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// From 1.
    pub line: u64,
    /// Bytes from the start of the line, from 1.
    pub column: usize,
    /// What the format allows there.
    pub expected: String,
    /// What is there, quoted.
    pub found: String,
}

/// A `ParseError` before its file and line are known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unexpected {
    pub(super) column: usize,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unexpected {
    pub(super) fn at(self, file: PathBuf, line: u64) -> ParseError {
        let Unexpected { column, expected, found } = self;
        ParseError { file, line, column, expected, found }
    }
}
