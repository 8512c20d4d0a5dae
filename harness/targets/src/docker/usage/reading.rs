//! One look at what a container has used.

use std::time::Duration;

use crate::usage::InterfaceBytes;

/// What one look saw, since the container's last start; `None` is what it
/// could not see. Beside each figure is its source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    pub(crate) cpu: Option<(Duration, &'static str)>,
    /// The working set now.
    pub(crate) memory_bytes: Option<(u64, &'static str)>,
    /// The highest charge, all page cache included.
    pub(crate) charged_peak_bytes: Option<(u64, &'static str)>,
    pub(crate) interface: Option<InterfaceBytes>,
}
