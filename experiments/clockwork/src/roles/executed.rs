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

/// How long each batch size is measured.
const BUDGET: Duration = Duration::from_millis(500);

/// Networks in the host's memory.
pub(super) struct Executed {
    images: Vec<Arc<Image>>,
}

impl Executed {
    /// Brings varieties into memory, from files in `weights` or made up.
    ///
    /// # Errors
    /// If one cannot be executed here, or its file cannot be read.
    pub(super) fn new(
        varieties: &[String],
        weights: Option<&Path>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let image = |variety: &String| {
            let architecture = Architecture::by_name(variety)?.clone();
            let image = match weights {
                Some(dir) => {
                    let file = dir.join(variety).with_added_extension("safetensors");
                    Image::read(architecture, &file)?
                }
                None => Image::generate(architecture, seed),
            };
            anyhow::Ok(Arc::new(image))
        };
        Ok(Self { images: varieties.iter().map(image).collect::<anyhow::Result<_>>()? })
    }

    /// How long they take here.
    ///
    /// # Errors
    /// If one cannot be executed.
    pub(super) fn measured(&self) -> anyhow::Result<Arc<[Variety]>> {
        self.images.iter().map(|image| measure(image, PLACE, &BATCH_SIZES, BUDGET)).collect()
    }

    /// Devices that execute them.
    pub(super) fn devices(self, cache: CacheSize) -> Box<MakeDevice> {
        Box::new(move |_, report| {
            Ok(Box::new(ExecDevice::new(PLACE, self.images.clone(), cache, report)?))
        })
    }
}

/// Where they are executed.
const PLACE: Place = Place::Cpu;
