//! The Azure Functions trace of 2019: its day files, read and generated.

mod day;
mod error;
mod files;
mod generate;
mod reader;
mod writer;

pub use day::{Counts, Day};
pub use error::TraceError;
pub use files::{open_day, read_day};
pub use generate::{Generator, Shape, Trigger};
pub use reader::{Reader, Row};
pub use writer::Writer;

/// The counts of a row: one per minute of a day.
pub const N_MINUTES: usize = 1440;

/// What stands before the counts, in the header (`AzureFunctionsDataset2019.md`).
const TEXT_COLUMNS: [&str; 4] = ["HashOwner", "HashApp", "HashFunction", "Trigger"];

/// The fields of a row.
const N_COLUMNS: usize = TEXT_COLUMNS.len() + N_MINUTES;
