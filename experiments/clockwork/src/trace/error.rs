//! What can be wrong with a day file, and where.

use std::{io, path::PathBuf};

/// Why a day could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The data set has no such day.
    #[error("the trace has no day {day}\n(hint: its days are 1 to 14)")]
    NoSuchDay {
        /// Which was asked for.
        day: u8,
    },
    /// The day's file is not there, under neither of its names.
    #[error(
        "neither {} nor {} exists\n(hint: unpack azurefunctions-dataset2019.tar.xz there)",
        old.display(), new.display()
    )]
    Missing {
        /// By the name in the preview of the data set.
        old: PathBuf,
        /// By its name in the published data set.
        new: PathBuf,
    },
    /// The file could not be read.
    #[error("cannot read line {line} of {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// From 1; 0 if it could not be opened.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// The file has another format.
    #[error("{}, line {line}, column {column}: {what}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// From 1, which is the header.
        line: u64,
        /// From 1, in fields.
        column: usize,
        /// What is wrong.
        what: String,
    },
}
