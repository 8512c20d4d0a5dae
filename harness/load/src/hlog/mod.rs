//! Histograms over time, in the log format that HdrHistogram's tools share.

mod read;
mod tags;
mod write;

pub use read::{Interval, Log};
pub use tags::{FAILED, LAG, LATENCY, SERVICE, WARM_UP, of_label};
pub use write::LogWriter;
