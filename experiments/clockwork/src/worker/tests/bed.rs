//! A GPU whose times are easy to add up, and what it answered.

use std::{fmt::Write as _, sync::Arc};

use crate::{
    message::{Action, ActionKind, ActionResult, GpuId, ModelId},
    models::{Catalogue, Deployment, Variety},
    time::Nanos,
    worker::{Batch, CacheSize, Device, Gpu, Progress},
};

/// Batches of 1, 2, 4, 8 and 16 take 10, 20, 40, 80 and 160; weights as below.
#[derive(Debug)]
pub(super) struct Simple {
    pub(super) load: Nanos,
    pub(super) copy_input: Nanos,
    pub(super) copy_output: Nanos,
}

impl Device for Simple {
    fn load(&mut self, _: ModelId, _: &Variety) -> Progress {
        Progress::Takes(self.load)
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        Progress::Takes(Nanos::from(10 * batch.batch_size))
    }

    fn copy_input(&mut self, _: &Batch<'_>) -> Progress {
        Progress::Takes(self.copy_input)
    }

    fn copy_output(&mut self, _: &Batch<'_>) -> Progress {
        Progress::Takes(self.copy_output)
    }

    fn clock_mhz(&mut self) -> u32 {
        1380
    }
}

pub(super) const DEVICE: Simple = Simple { load: 100, copy_input: 0, copy_output: 0 };

/// Five instances of resnet50_v2 (7 pages) on a GPU of 21 pages: three fit.
pub(super) fn gpu<D: Device>(device: D) -> Gpu<D> {
    let copies = [("resnet50_v2", 5)];
    let deployment = Deployment::new(Catalogue::published(), copies).unwrap();
    Gpu::new(device, Arc::new(deployment), CacheSize { page_bytes: 16 << 20, n_pages: 21 })
}

/// A GPU on which instance 0 is loaded, idle from time 100 on at the latest.
pub(super) fn warm(device: Simple) -> Gpu<Simple> {
    let mut gpu = gpu(device);
    gpu.act(0, load(9_999, 0));
    assert!(answers(&mut gpu, 100).starts_with("9999 Success 0-"));
    gpu
}

fn action(id: u64, model: u32, kind: ActionKind) -> Action {
    let (earliest, latest) = (0, Nanos::MAX);
    let model = ModelId(model);
    Action { id, gpu: GpuId(0), model, kind, earliest, latest, expected_duration: 0 }
}

pub(super) fn load(id: u64, model: u32) -> Action {
    action(id, model, ActionKind::Load)
}

pub(super) fn evict(id: u64, model: u32) -> Action {
    action(id, model, ActionKind::Evict)
}

pub(super) fn infer(id: u64, model: u32, batch_size: u32) -> Action {
    action(id, model, ActionKind::Infer { batch_size })
}

/// Runs a GPU, woken exactly when it asks, to the end of what it has to do.
pub(super) fn answers_to_the_end(gpu: &mut Gpu<Simple>) -> String {
    answers(gpu, Nanos::MAX)
}

/// Runs a GPU, woken exactly when it asks, up to a time.
pub(super) fn answers(gpu: &mut Gpu<Simple>, until: Nanos) -> String {
    let mut results = Vec::new();
    while let Some(now) = gpu.next_wake().filter(|next| *next <= until) {
        gpu.wake(now, &mut results);
    }
    results.iter().fold(String::new(), |text, result| text + &line(result))
}

fn line(result: &ActionResult) -> String {
    let ActionResult { id, status, received, sent, .. } = result;
    let mut line = format!("{id} {status:?}");
    if let Some(timing) = result.timing {
        assert_eq!(timing.duration, timing.end - timing.begin);
        write!(line, " {}-{} output {}", timing.begin, timing.end, timing.copy_output_end).unwrap();
    }
    format!("{line}, received {received}, sent {sent}\n")
}
