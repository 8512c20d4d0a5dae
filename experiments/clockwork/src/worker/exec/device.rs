//! A device that executes: its threads, and what passes between them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result};
use candle_core::Tensor;

use super::{
    arena::{Arena, Pages},
    image::Image,
    lane::{Failure, Lane},
    network::{Network, Place},
};
use crate::{
    message::{ActionStatus, ModelId},
    models::Variety,
    random::Random,
    worker::{Batch, CacheSize, Completion, Device, Progress, Stage},
};

/// Hears of what has ended, on a thread of the device. It hands that on to whoever
/// calls [`Gpu::completed`](crate::worker::Gpu::completed).
pub type Report = dyn Fn(Completion) + Send + Sync;

/// What the scheduler takes for the clock of any GPU: none is read, and estimates
/// are thus not scaled.
const CLOCK_MHZ: u32 = 1380;

/// Keeps inputs apart from whatever else a seed is for.
const PURPOSE: u64 = 3 << 60;

/// `copyInputInvalidInput` of the original.
const INVALID_INPUT: ActionStatus = ActionStatus::Other(75);

/// A device that really executes, with a thread for each [`Stage`].
pub struct ExecDevice {
    weights: Lane,
    inputs: Lane,
    exec: Lane,
    outputs: Lane,
    images: Arc<HashMap<String, Arc<Image>>>,
    arena: Arc<Arena>,
    memory: Arc<Memory>,
}

/// What is on the device, and what waits in the host's memory to be copied.
#[derive(Debug)]
struct Memory {
    device: candle_core::Device,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    weights: HashMap<ModelId, Arc<Weights>>,
    given: HashMap<u64, Vec<u8>>,
    inputs: HashMap<u64, Tensor>,
    logits: HashMap<u64, Tensor>,
    outputs: HashMap<u64, Vec<u8>>,
}

/// Weights on the device. What executes with them has a share, so that their pages
/// are free once both it has ended and they are evicted.
#[derive(Debug)]
struct Weights {
    network: Network,
    /// After the network: they are given back once its memory is.
    _pages: Pages,
}

impl ExecDevice {
    /// A device for models of the varieties whose weights are given, in the host's
    /// memory. `size` must be its [`Gpu`](crate::worker::Gpu)'s.
    ///
    /// # Errors
    /// If there is no such device, or no thread can be started.
    pub fn new(
        place: Place,
        images: impl IntoIterator<Item = Arc<Image>>,
        size: CacheSize,
        report: Box<Report>,
    ) -> Result<Self> {
        let report: Arc<Report> = report.into();
        let lane = |stage| Lane::new(stage, Arc::clone(&report)).context("start a thread");
        let images = images.into_iter().map(|image| (image.architecture().name.to_owned(), image));
        let (device, state) = (place.device()?, Mutex::default());
        Ok(Self {
            weights: lane(Stage::Weights)?,
            inputs: lane(Stage::Inputs)?,
            exec: lane(Stage::Exec)?,
            outputs: lane(Stage::Outputs)?,
            images: Arc::new(images.collect()),
            arena: Arena::new(size),
            memory: Arc::new(Memory { device, state }),
        })
    }

    #[cfg(test)]
    pub(super) fn n_free_pages(&self) -> u32 {
        self.arena.n_free()
    }
}

impl Device for ExecDevice {
    fn load(&mut self, model: ModelId, variety: &Variety) -> Progress {
        let image = self.images.get(&variety.name).map(Arc::clone);
        let (arena, memory) = (Arc::clone(&self.arena), Arc::clone(&self.memory));
        self.weights.run(move || memory.load(model, image.as_deref(), &arena));
        Progress::Running
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        let Batch { action_id, model, .. } = *batch;
        let memory = Arc::clone(&self.memory);
        self.exec.run(move || memory.execute(action_id, model));
        Progress::Running
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        let Batch { action_id, n_inputs, batch_size, .. } = *batch;
        let image = self.images.get(&batch.variety.name).map(Arc::clone);
        let memory = Arc::clone(&self.memory);
        self.inputs.run(move || {
            let side = image.ok_or_else(no_weights)?.architecture().side;
            let shape =
                Shape { n_inputs: n_inputs as usize, batch_size: batch_size as usize, side };
            memory.copy_input(action_id, &shape)
        });
        Progress::Running
    }

    fn copy_output(&mut self, batch: &Batch<'_>) -> Progress {
        let Batch { action_id, n_inputs, .. } = *batch;
        let memory = Arc::clone(&self.memory);
        self.outputs.run(move || memory.copy_output(action_id, n_inputs as usize));
        Progress::Running
    }

    fn evict(&mut self, model: ModelId) {
        // Outside the lock: memory is given back, which may take a while.
        let evicted = self.memory.state().weights.remove(&model);
        drop(evicted);
    }

    fn give_input(&mut self, action_id: u64, inputs: Vec<u8>) {
        self.memory.state().given.insert(action_id, inputs);
    }

    fn take_output(&mut self, action_id: u64) -> Option<Vec<u8>> {
        self.memory.state().outputs.remove(&action_id)
    }

    fn forget(&mut self, action_id: u64) {
        let mut state = self.memory.state();
        state.given.remove(&action_id);
        state.inputs.remove(&action_id);
        state.logits.remove(&action_id);
        state.outputs.remove(&action_id);
    }

    fn clock_mhz(&mut self) -> u32 {
        CLOCK_MHZ
    }
}

impl fmt::Debug for ExecDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecDevice").field("arena", &self.arena).finish_non_exhaustive()
    }
}

/// The inputs of a batch.
struct Shape {
    n_inputs: usize,
    /// With padding.
    batch_size: usize,
    side: usize,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(
        &self,
        model: ModelId,
        image: Option<&Image>,
        arena: &Arc<Arena>,
    ) -> Result<(), Failure> {
        let image = image.ok_or_else(no_weights)?;
        let pages = arena.take(image.bytes()).ok_or_else(|| Failure {
            status: ActionStatus::LoadInsufficientCache,
            why: format!("{} bytes of weights are more than all pages", image.bytes()),
        })?;
        let network = Network::load(image, &self.device)?;
        self.state().weights.insert(model, Arc::new(Weights { network, _pages: pages }));
        Ok(())
    }

    fn copy_input(&self, action_id: u64, shape: &Shape) -> Result<(), Failure> {
        let given = self.state().given.remove(&action_id);
        let numbers = match given {
            Some(bytes) if !bytes.is_empty() => read_inputs(&bytes, shape)?,
            _ => synthesised(action_id, shape),
        };
        let Shape { batch_size, side, .. } = *shape;
        let inputs = Tensor::from_vec(numbers, (batch_size, 3, side, side), &self.device)?;
        self.device.synchronize()?;
        self.state().inputs.insert(action_id, inputs);
        Ok(())
    }

    fn execute(&self, action_id: u64, model: ModelId) -> Result<(), Failure> {
        let (inputs, weights) = {
            let mut state = self.state();
            (state.inputs.remove(&action_id), state.weights.get(&model).map(Arc::clone))
        };
        // They may have been evicted since the execution was begun.
        let weights = weights.ok_or_else(|| Failure {
            status: ActionStatus::ExecConcurrentModification,
            why: format!("the weights of model {} are gone", model.0),
        })?;
        let inputs = inputs.expect("inputs are copied before they are executed");
        let logits = weights.network.forward(&inputs)?;
        self.state().logits.insert(action_id, logits);
        Ok(())
    }

    fn copy_output(&self, action_id: u64, n_inputs: usize) -> Result<(), Failure> {
        let logits = self.state().logits.remove(&action_id);
        let logits = logits.expect("outputs are copied after the execution");
        let rows = logits.narrow(0, 0, n_inputs).and_then(|rows| rows.flatten_all());
        let numbers = rows.and_then(|rows| rows.to_vec1::<f32>())?;
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.state().outputs.insert(action_id, bytes);
        Ok(())
    }
}

/// The numbers of a batch's inputs, padded with zeros.
fn read_inputs(bytes: &[u8], shape: &Shape) -> Result<Vec<f32>, Failure> {
    let Shape { n_inputs, batch_size, side } = *shape;
    let n_each = 3 * side * side;
    if bytes.len() != 4 * n_each * n_inputs {
        let why = format!("{} bytes are not {n_inputs} inputs of {}", bytes.len(), 4 * n_each);
        return Err(Failure { status: INVALID_INPUT, why });
    }
    let mut numbers = Vec::with_capacity(batch_size * n_each);
    numbers.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    numbers.resize(batch_size * n_each, 0.0);
    Ok(numbers)
}

/// Inputs for an action that came without, as with the original's
/// `allow_zero_size_inputs`.
fn synthesised(action_id: u64, shape: &Shape) -> Vec<f32> {
    let mut random = Random::new(action_id, PURPOSE);
    let n = shape.batch_size * 3 * shape.side * shape.side;
    (0..n).map(|_| 2.0 * random.uniform() as f32 - 1.0).collect()
}

fn no_weights() -> Failure {
    let why = "the host has no weights of this variety".to_owned();
    Failure { status: ActionStatus::UnknownModel, why }
}
