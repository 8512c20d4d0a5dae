//! What the scheduler expects of a GPU.

use super::strategy::Strategies;
use crate::{
    scheduler::{Settings, tracker::Tracker},
    time::Nanos,
};

/// A GPU: when it will be free, and what it could do next.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) strategies: Strategies,
    pub(super) exec: Tracker,
    pub(super) weights: Tracker,
    /// When it can be told to execute more; nothing while there is nothing to execute.
    pub(super) exec_wake: Option<Nanos>,
    /// When it can be told to load more; nothing while nothing is to be loaded.
    pub(super) load_wake: Option<Nanos>,
    /// When it last looked for models of others that should be here too.
    pub(super) last_scan: Option<Nanos>,
}

impl Gpu {
    pub(super) fn new(settings: &Settings) -> Self {
        let tracker = || Tracker::new(settings.future, settings.lag);
        Self {
            strategies: Strategies::default(),
            exec: tracker(),
            weights: tracker(),
            exec_wake: None,
            load_wake: None,
            last_scan: None,
        }
    }

    pub(super) fn next_wake(&self) -> Option<Nanos> {
        [self.exec_wake, self.load_wake].into_iter().flatten().min()
    }
}
