//! What a scheduler knows of a model.

use super::{
    ServedModel, Settings,
    estimate::{ExecWindow, Window},
    queue::Queue,
};
use crate::time::Nanos;

/// A model, its estimates and its waiting requests.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) n_pages: u32,
    pub(super) load: Window,
    /// Of the batch sizes that may be used, ascending; the first is 1.
    pub(super) batches: Vec<Batch>,
    /// The first estimate of a batch of 1: objectives are multiples of it.
    exec_at_start: Nanos,
    pub(super) queue: Queue,
    /// On how many GPUs it is loaded.
    pub(super) n_loaded: u32,
}

/// A batch size, and how long it takes.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) size: u32,
    pub(super) window: ExecWindow,
}

impl Model {
    pub(super) fn new(served: &ServedModel, settings: &Settings) -> Self {
        let usable = served.exec.iter().filter(|(size, exec)| {
            *size == 1 || (*exec <= settings.max_exec && *size <= settings.max_batch)
        });
        let batches = usable.map(|(size, exec)| Batch {
            size: *size,
            window: ExecWindow::new(*exec, settings.clock_mhz),
        });
        Self {
            n_pages: served.n_pages,
            load: Window::new(served.load),
            batches: batches.collect(),
            exec_at_start: served.exec[0].1,
            queue: Queue::default(),
            n_loaded: 0,
        }
    }

    /// How long a request may take that names this multiple, or the default by 0.
    pub(super) fn slo(&self, slo_factor: f32, settings: &Settings) -> Nanos {
        if slo_factor > 0.0 {
            (self.exec_at_start as f64 * f64::from(slo_factor)) as Nanos
        } else {
            settings.default_slo
        }
    }

    /// The batch of this size, or of the next smaller one.
    pub(super) fn largest_up_to(&self, n_requests: u64) -> usize {
        self.batches.iter().rposition(|batch| u64::from(batch.size) <= n_requests).unwrap_or(0)
    }

    /// The batch that so many requests are padded to; the largest for more.
    pub(super) fn padded(&self, n_requests: u32) -> usize {
        let fits = self.batches.iter().position(|batch| batch.size >= n_requests);
        fits.unwrap_or(self.batches.len() - 1)
    }

    /// The most requests that are executed at once.
    pub(super) fn max_batch(&self) -> u32 {
        self.batches.last().map_or(1, |batch| batch.size)
    }

    pub(super) fn estimate(&self, batch: usize, clock_mhz: u32) -> Nanos {
        self.batches[batch].window.estimate(clock_mhz)
    }
}
