//! When requests are sent: fixed by a text and a seed before anything starts.

mod arrivals;
mod rate;
mod span;
mod text;
mod think;
mod trace;

pub use arrivals::Arrivals;
pub use rate::Rate;
pub use span::Span;
pub use text::{Gaps, Schedule, Step};
pub use think::{Think, Thinking};
pub use trace::{Trace, TraceUnit};
