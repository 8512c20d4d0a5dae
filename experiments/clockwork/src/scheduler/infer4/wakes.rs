//! When GPUs can be told more. These times are kept together, as the earliest of them
//! is looked for whenever anything has happened.

use crate::{message::GpuId, time::Nanos};

/// What a GPU can be told more of.
#[derive(Debug, Clone, Copy)]
pub(super) enum More {
    Executions,
    Loads,
}

const NEVER: Nanos = Nanos::MAX;

/// For each GPU, when it can be told to execute and to load more.
#[derive(Debug)]
pub(super) struct Wakes(Vec<[Nanos; 2]>);

impl Wakes {
    pub(super) fn new(n_gpus: usize) -> Self {
        Self(vec![[NEVER; 2]; n_gpus])
    }

    /// It can be told more from `at` on.
    pub(super) fn set(&mut self, gpu: GpuId, more: More, at: Nanos) {
        self.0[gpu.index()][more as usize] = at;
    }

    /// There is nothing more to be told.
    pub(super) fn clear(&mut self, gpu: GpuId, more: More) {
        self.set(gpu, more, NEVER);
    }

    /// Whether it can be told anything at `now`.
    pub(super) fn is_due(&self, gpu: GpuId, now: Nanos) -> bool {
        self.0[gpu.index()].iter().any(|at| *at != NEVER && *at <= now)
    }

    /// When the first GPU can be told anything.
    pub(super) fn earliest(&self) -> Option<Nanos> {
        self.0.as_flattened().iter().copied().min().filter(|at| *at != NEVER)
    }
}
