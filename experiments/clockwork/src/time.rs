//! Times of the system under test, live and virtual alike.

/// Nanoseconds: a length of time, or a time since the clock's beginning. Virtual
/// clocks begin at 0, live ones in 1970.
pub type Nanos = u64;

/// A thousandth of a millisecond.
pub const MICROSECOND: Nanos = 1_000;
/// A thousandth of a second.
pub const MILLISECOND: Nanos = 1_000_000;
/// A second.
pub const SECOND: Nanos = 1_000_000_000;
/// A minute.
pub const MINUTE: Nanos = 60 * SECOND;
