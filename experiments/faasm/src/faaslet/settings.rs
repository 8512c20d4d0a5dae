//! The settings of a worker.

use std::{path::PathBuf, time::Duration};

use crate::scheduler::Limits;

/// The settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Its name among the hosts.
    pub host: String,
    /// When it keeps calls and when it passes them on.
    pub limits: Limits,
    /// Threads for Faaslets of all functions, those that await not counted.
    pub threads_max: u32,
    /// How long a Faaslet waits for a call before it ends.
    pub bound_timeout: Duration,
    /// How long a call may run, its host functions not counted.
    pub call_limit: Duration,
    /// How long a call waits for one that it chained.
    pub chained_timeout: Duration,
    /// Memory that a guest may have of its own, state not counted.
    pub memory_max_bytes: usize,
    /// Source of the scheduler's random choices.
    pub seed: u64,
    /// Where the scheduler's log goes, if it is kept.
    pub record: Option<PathBuf>,
}
