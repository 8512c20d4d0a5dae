//! The way in, from every `main` that may drive a run.

use crate::reaper;

/// Becomes a helper, and does not return, if this process was started as one.
/// Call it first in `main`, before any thread exists.
pub fn run_if_asked() {
    reaper::run_if_asked();
    #[cfg(feature = "docker")]
    super::duty::run_if_asked();
}
