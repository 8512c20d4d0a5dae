//! What a log's rows have in common.

use super::fields::{FieldError, Fields};

/// A row of one of the logs.
pub trait LogRow: Sized {
    /// The names of its columns, in order.
    const COLUMNS: &'static [&'static str];

    /// Appends the row's fields to a line, tabs between them.
    fn format(&self, line: &mut String);

    /// Reads them back, each once and in order.
    ///
    /// # Errors
    /// On a field that no row could have.
    fn parse(fields: &mut Fields<'_>) -> Result<Self, FieldError>;
}
