//! What a GPU can be asked to do, and how it says that it is done.

use crate::{
    message::{ActionStatus, ModelId},
    models::Variety,
    time::Nanos,
};

/// A GPU, emulated or real. Some methods begin something and say how far that is;
/// of what is begun on one [`Stage`], nothing more is begun before it has ended.
pub trait Device {
    /// Copies a model's weights from the host's memory. The model has none there.
    fn load(&mut self, model: ModelId, variety: &Variety) -> Progress;

    /// Executes a batch whose inputs were copied.
    fn execute(&mut self, batch: &Batch<'_>) -> Progress;

    /// Copies a batch's inputs from the host's memory.
    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress;

    /// Copies the outputs of a batch that was executed to the host's memory.
    fn copy_output(&mut self, batch: &Batch<'_>) -> Progress;

    /// Gives back the memory of a model's weights, if it has any, also while they
    /// are being copied or used: what comes of that is thrown away.
    fn evict(&mut self, _model: ModelId) {}

    /// Takes the inputs that came with an action, one after another. Emulated GPUs
    /// need none.
    fn give_input(&mut self, _action_id: u64, _inputs: Vec<u8>) {}

    /// Hands out the outputs of an action that succeeded, one after another, once;
    /// nothing if it has none, as with emulated GPUs.
    fn take_output(&mut self, _action_id: u64) -> Option<Vec<u8>> {
        None
    }

    /// Throws away what it holds of an action, which failed.
    fn forget(&mut self, _action_id: u64) {}

    /// Its clock at the moment, in MHz.
    fn clock_mhz(&mut self) -> u32;
}

/// A device of whichever kind.
impl Device for Box<dyn Device + Send> {
    fn load(&mut self, model: ModelId, variety: &Variety) -> Progress {
        (**self).load(model, variety)
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        (**self).execute(batch)
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        (**self).copy_input(batch)
    }

    fn copy_output(&mut self, batch: &Batch<'_>) -> Progress {
        (**self).copy_output(batch)
    }

    fn evict(&mut self, model: ModelId) {
        (**self).evict(model);
    }

    fn give_input(&mut self, action_id: u64, inputs: Vec<u8>) {
        (**self).give_input(action_id, inputs);
    }

    fn take_output(&mut self, action_id: u64) -> Option<Vec<u8>> {
        (**self).take_output(action_id)
    }

    fn forget(&mut self, action_id: u64) {
        (**self).forget(action_id);
    }

    fn clock_mhz(&mut self) -> u32 {
        (**self).clock_mhz()
    }
}

/// How far something is that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It will have ended after this time, and is heard of no more.
    Takes(Nanos),
    /// It goes on until a [`Completion`] of its stage is reported.
    Running,
}

/// What is executed at once for one action.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The action's number.
    pub action_id: u64,
    /// The model that is asked.
    pub model: ModelId,
    /// What that is of.
    pub variety: &'a Variety,
    /// Inputs that there are.
    pub n_inputs: u32,
    /// Inputs that are executed: the least size that the variety was compiled for
    /// and that holds them. The rest is padding.
    pub batch_size: u32,
}

/// What a GPU does one at a time, beside everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Copying weights there, and giving their memory back.
    Weights,
    /// Copying inputs there.
    Inputs,
    /// Executing.
    Exec,
    /// Copying outputs back.
    Outputs,
}

/// The end of what a device had [`Progress::Running`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// Where it ran.
    pub stage: Stage,
    /// How long it kept the device busy, by the device's own clock.
    pub duration: Nanos,
    /// Success, or the status with which its action fails.
    pub outcome: Result<(), ActionStatus>,
}
