//! Networks that a worker really executes.

use std::{path::Path, sync::Arc, time::Duration};

use crate::{
    live::worker::MakeDevice,
    models::Variety,
    worker::{
        CacheSize,
        exec::{Architecture, BATCH_SIZES, ExecDevice, Image, Place, measure},
    },
};

/// Weights that are made up are the same on all workers, as those of a file are.
const WEIGHTS_SEED: u64 = 2020;

/// How long each batch size is measured.
const BUDGET: Duration = Duration::from_millis(500);

/// Networks in the host's memory, and where they are executed.
pub(super) struct Executed {
    images: Vec<Arc<Image>>,
    is_cuda: bool,
}

impl Executed {
    /// Brings varieties into memory, from files in `weights` or made up.
    ///
    /// # Errors
    /// If one cannot be executed here, or its file cannot be read.
    pub(super) fn new(
        varieties: &[String],
        weights: Option<&Path>,
        is_cuda: bool,
    ) -> anyhow::Result<Self> {
        let image = |variety: &String| {
            let architecture = *Architecture::by_name(variety)?;
            let image = match weights {
                Some(dir) => {
                    let file = dir.join(variety).with_added_extension("safetensors");
                    Image::read(architecture, &file)?
                }
                None => Image::generate(architecture, WEIGHTS_SEED),
            };
            anyhow::Ok(Arc::new(image))
        };
        let images = varieties.iter().map(image).collect::<anyhow::Result<_>>()?;
        Ok(Self { images, is_cuda })
    }

    /// How long they take here.
    ///
    /// # Errors
    /// If one cannot be executed.
    pub(super) fn measured(&self) -> anyhow::Result<Arc<[Variety]>> {
        let measured = |image: &Arc<Image>| measure(image, self.place(0), &BATCH_SIZES, BUDGET);
        self.images.iter().map(measured).collect()
    }

    /// Devices that execute them.
    pub(super) fn devices(self, cache: CacheSize) -> Box<MakeDevice> {
        Box::new(move |gpu, report| {
            let place = self.place(gpu);
            Ok(Box::new(ExecDevice::new(place, self.images.clone(), cache, report)?))
        })
    }

    /// Where the GPU of this number is.
    fn place(&self, gpu: u32) -> Place {
        if self.is_cuda { Place::Cuda { ordinal: gpu as usize } } else { Place::Cpu }
    }
}
