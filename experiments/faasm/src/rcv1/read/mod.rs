//! Readers of the text formats in which RCV1 is published.

mod cursor;
mod error;
mod format;
mod grammar;
mod line;
mod source;

pub use error::ParseError;
pub use format::Format;
pub use source::Source;
