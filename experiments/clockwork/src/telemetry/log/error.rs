//! Why a log cannot be read.

use std::{io, path::PathBuf};

/// Why a log cannot be read, and where.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened or read.
    #[error("cannot read {}", file.display())]
    Io {
        /// Which file.
        file: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Its text is not that of such a log.
    #[error("{}:{line}:{column}: {what}", file.display())]
    Text {
        /// Which file.
        file: PathBuf,
        /// Counted from 1; the header is line 1.
        line: u64,
        /// The field, counted from 1.
        column: usize,
        /// What is wrong, and what to do.
        what: String,
    },
}
