//! Orders to a GPU whose device executes.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use candle_core::{Device as CandleDevice, Tensor};

use super::bed::{BASIC, bytes, input};
use crate::{
    message::{Action, ActionKind, ActionResult, ActionStatus, GpuId, ModelId},
    models::{Catalogue, Deployment, Variety},
    time::Nanos,
    worker::{
        CacheSize, Completion, Device as _, Gpu, Stage,
        exec::{ExecDevice, Image, Network, Place, measure},
    },
};

/// A GPU with room for two of its three instances.
struct Bed {
    gpu: Gpu<ExecDevice>,
    image: Arc<Image>,
    completions: mpsc::Receiver<Completion>,
    began: Instant,
    results: Vec<ActionResult>,
}

impl Bed {
    fn new() -> Self {
        let image = Arc::new(Image::generate(BASIC, 1));
        let variety = measure(&image, Place::Cpu, &[1, 2, 4], Duration::ZERO).unwrap();
        Self::with(variety, image)
    }

    fn with(variety: Variety, image: Arc<Image>) -> Self {
        let size = CacheSize { page_bytes: image.bytes().div_ceil(3), n_pages: 6 };
        let name = variety.name.clone();
        let catalogue = Catalogue::of(vec![variety]).unwrap();
        let deployment = Deployment::new(&catalogue, [(name.as_str(), 3)]).unwrap();
        let (sender, completions) = mpsc::channel();
        // Nobody hears what ends after a test has.
        let report = Box::new(move |completion| _ = sender.send(completion));
        let images = [Arc::clone(&image)];
        let device = ExecDevice::new(Place::Cpu, images, size, report).unwrap();
        let gpu = Gpu::new(device, Arc::new(deployment), size);
        Self { gpu, image, completions, began: Instant::now(), results: Vec::new() }
    }

    fn now(&self) -> Nanos {
        self.began.elapsed().as_nanos() as Nanos
    }

    fn act(&mut self, id: u64, model: u32, kind: ActionKind) {
        let (model, now) = (ModelId(model), self.now());
        let (earliest, latest) = (0, Nanos::MAX);
        let gpu = GpuId(0);
        let action = Action { id, gpu, model, kind, earliest, latest, expected_duration: 0 };
        self.gpu.act(now, action);
        self.gpu.wake(now, &mut self.results);
    }

    /// Hands on what the device reports next.
    fn hears(&mut self) -> Stage {
        let completion = self.completions.recv().unwrap();
        let now = self.now();
        self.gpu.completed(now, completion, &mut self.results);
        completion.stage
    }

    /// The code of an action's status, once it is answered.
    fn answers(&mut self, id: u64) -> u32 {
        loop {
            if let Some(result) = self.results.iter().find(|result| result.id == id) {
                return result.status.code();
            }
            self.hears();
        }
    }

    fn load(&mut self, id: u64, model: u32) -> u32 {
        self.act(id, model, ActionKind::Load);
        self.answers(id)
    }

    fn infer(&mut self, id: u64, model: u32, batch_size: u32, inputs: &[f32]) -> u32 {
        self.gpu.device_mut().give_input(id, bytes(inputs));
        self.act(id, model, ActionKind::Infer { batch_size });
        self.answers(id)
    }

    /// What a forward pass gives without any GPU.
    fn expected(&self, inputs: &[f32], n_inputs: usize) -> Vec<u8> {
        let side = BASIC.side;
        let inputs = Tensor::from_slice(inputs, (n_inputs, 3, side, side), &CandleDevice::Cpu);
        let network = Network::load(&self.image, &CandleDevice::Cpu).unwrap();
        let logits = network.forward(&inputs.unwrap()).unwrap();
        bytes(&logits.flatten_all().unwrap().to_vec1().unwrap())
    }
}

#[test]
fn weights_are_loaded_executed_and_evicted() {
    let mut bed = Bed::new();
    bed.act(1, 0, ActionKind::Load);
    assert_eq!((bed.answers(1), bed.gpu.device_mut().n_free_pages()), (0, 3));
    let numbers = input(&BASIC, 0);
    assert_eq!(bed.infer(2, 0, 1, &numbers), 0);
    let output = bed.gpu.device_mut().take_output(2).unwrap();
    assert_eq!(output, bed.expected(&numbers, 1));
    assert_eq!(bed.gpu.device_mut().take_output(2), None);
    bed.act(3, 0, ActionKind::Evict);
    assert_eq!((bed.answers(3), bed.gpu.device_mut().n_free_pages()), (0, 6));
    assert_eq!(bed.results.iter().map(|result| result.id).collect::<Vec<_>>(), [1, 2, 3]);
    for result in &bed.results[..2] {
        let timing = result.timing.unwrap();
        assert!(result.received <= timing.begin && timing.begin < timing.end);
        assert!((1..=timing.end - timing.begin).contains(&timing.duration));
        assert!(timing.end <= timing.copy_output_end && timing.copy_output_end <= result.sent);
    }
}

#[test]
fn each_input_of_a_padded_batch_has_an_output() {
    let mut bed = Bed::new();
    bed.load(1, 0);
    let inputs = [input(&BASIC, 0), input(&BASIC, 1), input(&BASIC, 2)];
    assert_eq!(bed.infer(2, 0, 3, &inputs.concat()), 0);
    let output = bed.gpu.device_mut().take_output(2).unwrap();
    assert_eq!(output.len(), 3 * BASIC.output_bytes());
    for (output, input) in output.chunks(BASIC.output_bytes()).zip(&inputs) {
        let expected = bed.expected(input, 1);
        let pairs = output.as_chunks::<4>().0.iter().zip(expected.as_chunks::<4>().0);
        for (found, expected) in pairs {
            let difference = f32::from_le_bytes(*found) - f32::from_le_bytes(*expected);
            assert!(difference.abs() < 1e-5, "{difference}");
        }
    }
}

#[test]
fn an_input_that_did_not_come_is_made_up() {
    let mut bed = Bed::new();
    bed.load(1, 0);
    bed.act(2, 0, ActionKind::Infer { batch_size: 2 });
    assert_eq!(bed.answers(2), 0);
    let output = bed.gpu.device_mut().take_output(2).unwrap();
    assert_eq!(output.len(), 2 * BASIC.output_bytes());
}

#[test]
fn an_input_of_another_length_is_refused() {
    let mut bed = Bed::new();
    bed.load(1, 0);
    assert_eq!(bed.infer(2, 0, 2, &input(&BASIC, 0)), 75);
    assert_eq!(bed.gpu.device_mut().take_output(2), None);
}

#[test]
fn an_execution_without_weights_fails() {
    let mut bed = Bed::new();
    bed.load(1, 0);
    assert_eq!(bed.infer(2, 1, 1, &input(&BASIC, 0)), 82);
}

#[test]
fn a_load_without_pages_fails() {
    let mut bed = Bed::new();
    assert_eq!((bed.load(1, 0), bed.load(2, 1), bed.load(3, 2)), (0, 0, 53));
    bed.act(4, 1, ActionKind::Evict);
    assert_eq!((bed.load(5, 2), bed.gpu.device_mut().n_free_pages()), (0, 0));
}

#[test]
fn an_eviction_during_an_execution_spoils_it() {
    let mut bed = Bed::new();
    bed.load(1, 0);
    bed.act(2, 0, ActionKind::Infer { batch_size: 4 });
    assert_eq!(bed.hears(), Stage::Inputs);
    // Whether or not it has ended by now: that has not been heard yet.
    bed.act(3, 0, ActionKind::Evict);
    assert_eq!((bed.answers(3), bed.answers(2)), (0, 84));
    assert_eq!(bed.gpu.device_mut().take_output(2), None);
    // The pages are free when the execution has let go of them, so a load gets them.
    assert_eq!((bed.load(4, 1), bed.load(5, 2)), (0, 0));
}

#[test]
fn a_cache_that_is_cleared_during_a_load_holds_nothing_after_it() {
    let mut bed = Bed::new();
    bed.act(1, 0, ActionKind::Load);
    bed.gpu.clear_cache();
    assert_eq!((bed.answers(1), bed.gpu.device_mut().n_free_pages()), (54, 6));
}

#[test]
fn a_variety_without_weights_is_unknown() {
    let image = Arc::new(Image::generate(BASIC, 1));
    let measured = measure(&image, Place::Cpu, &[1], Duration::ZERO).unwrap();
    let mut bed = Bed::with(Variety { name: "other".to_owned(), ..measured }, image);
    assert_eq!(bed.load(1, 0), ActionStatus::UnknownModel.code());
    assert_eq!(bed.gpu.n_free_pages(), 6);
}

#[test]
fn a_variety_is_measured_as_large_as_it_is() {
    let image = Image::generate(BASIC, 1);
    let variety = measure(&image, Place::Cpu, &[1, 4], Duration::from_millis(5)).unwrap();
    assert_eq!(variety.weights_bytes, image.bytes());
    assert_eq!((variety.input_bytes, variety.output_bytes), (4 * 3 * 18 * 18, 4 * 5));
    assert!(variety.load > 0 && variety.exec_at(1) > Some(0));
    assert!(variety.exec_at(1) <= variety.exec_at(4) && variety.exec_at(2).is_none());
}

#[test]
#[cfg(not(feature = "cuda"))]
fn a_place_that_this_build_lacks_is_said() {
    let error =
        measure(&Image::generate(BASIC, 1), Place::Cuda { ordinal: 0 }, &[1], Duration::ZERO);
    let error = error.unwrap_err();
    assert_eq!(error.to_string(), "no CUDA device 0\n(hint: build with `--features cuda`)");
}
