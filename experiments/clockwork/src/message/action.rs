//! What the controller tells a worker, and what the worker answers.

use serde::{Deserialize, Serialize};

use super::{ActionStatus, GpuId, ModelId};
use crate::time::Nanos;

/// An order of the controller. A worker carries it out between `earliest` and
/// `latest`, or says why it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The controller's number for it.
    pub id: u64,
    /// Where.
    pub gpu: GpuId,
    /// Of which model.
    pub model: ModelId,
    /// What.
    pub kind: ActionKind,
    /// It must not start before, on the worker's clock.
    pub earliest: Nanos,
    /// It must not start after.
    pub latest: Nanos,
    /// How long the controller expects it to take.
    pub expected_duration: Nanos,
}

/// The kinds of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionKind {
    /// Copy the weights from the host's memory to the GPU's.
    Load,
    /// Copy the inputs there, execute, copy the outputs back.
    Infer {
        /// How many inputs at once.
        batch_size: u32,
    },
    /// Free the pages of the weights.
    Evict,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResult {
    /// The action's number.
    pub id: u64,
    /// Where.
    pub gpu: GpuId,
    /// How it went.
    pub status: ActionStatus,
    /// When it was carried out; nothing if it failed.
    pub timing: Option<Timing>,
    /// When the worker got the action.
    pub received: Nanos,
    /// When the worker sent this.
    pub sent: Nanos,
}

/// When an action was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// When its execution, or its copy of weights, began.
    pub begin: Nanos,
    /// When that ended.
    pub end: Nanos,
    /// How long the device was busy with it. On a real device that is not
    /// `end - begin`: these are times at which the worker noticed.
    pub duration: Nanos,
    /// When the outputs were in the host's memory; `end` for what has none.
    pub copy_output_end: Nanos,
    /// The GPU's clock before, in MHz.
    pub clock_before_mhz: u32,
    /// The GPU's clock after, in MHz.
    pub clock_after_mhz: u32,
}
