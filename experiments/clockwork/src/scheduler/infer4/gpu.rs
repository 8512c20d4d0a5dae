//! What the scheduler expects of a GPU.

use super::agenda::Agenda;
use crate::{
    scheduler::{Settings, tracker::Tracker},
    time::Nanos,
};

/// A GPU: when it will be free, and what it could do next.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) agenda: Agenda,
    pub(super) exec: Tracker,
    pub(super) weights: Tracker,
    /// When it last looked for models of others that should be here too.
    pub(super) last_scan: Option<Nanos>,
}

impl Gpu {
    pub(super) fn new(settings: &Settings) -> Self {
        let tracker = || Tracker::new(settings.future, settings.lag);
        Self { agenda: Agenda::default(), exec: tracker(), weights: tracker(), last_scan: None }
    }
}
