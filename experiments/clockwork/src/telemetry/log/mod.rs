//! The two logs as files: tab-separated, a header line, times in nanoseconds.

mod action;
mod error;
mod fields;
mod files;
mod read;
mod request;
mod row;
mod write;

#[cfg(test)]
mod tests;

pub use error::LogError;
pub use files::{LogFiles, collected, named};
pub use read::read;
pub use row::LogRow;
pub use write::LogWriter;
