//! What a run classifies, and with which model.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::Context as _;
use harness::{
    Fault,
    dataset::{About, Cache, DataKind, DataSet, DataUsed, digest_file},
};
use nn::{Architecture, Network, generate_bitmap};

use super::Params;

/// Changes whenever a generator or a layout does.
const VERSION: u32 = 1;

/// Every trial uses the same weights and the same picture.
const SEED: u64 = 0x0074_666c;

/// The original's grace_hopper.bmp: 940,650 bytes.
const PICTURE_SIZE: (u32, u32) = (517, 606);

/// MobileNet v1, a picture and the names of the classes: the state of the function.
pub(crate) struct MobileNet;

impl DataSet for MobileNet {
    fn about(&self) -> About {
        About {
            name: "mobilenet",
            source: "mobilenet_v1_1.0_224.tflite of TensorFlow's model zoo, or an ONNX file, as --set \
                     model=FILE",
            licence: "Apache-2.0",
            size: "4.2 million weights, 17 MB",
            substitute_cannot_show: "what is in a picture: its weights are random, of the same shape",
        }
    }

    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()> {
        write(&Network::open(from)?, into)
    }
}

/// Lays the state out for loading, or finds it laid out in the cache.
pub(super) fn ready(params: &Params, cache: &Cache) -> anyhow::Result<DataUsed> {
    let (key, kind) = match params.model.as_str() {
        "generated" => (format!("generated-v{VERSION}"), DataKind::Generated),
        path => (format!("file-v{VERSION}-{}", digest(Path::new(path))?), DataKind::Real),
    };
    let (dir, sha256) = cache.entry("mobilenet", &key, |into| {
        let network = match kind {
            DataKind::Generated => Network::generate(Architecture::MOBILENET_V1, SEED),
            DataKind::Real => Network::open(Path::new(&params.model))
                .map_err(|error| Fault::usage(format!("--set model={}: {error}", params.model)))?,
        };
        write(&network, into)
    })?;
    Ok(DataUsed { name: "mobilenet".into(), kind, dir, sha256 })
}

fn digest(model: &Path) -> anyhow::Result<String> {
    if model.is_file() {
        return digest_file(model);
    }
    Err(Fault::usage(format!(
        "--set model={}: no such file\n(hint: a .tflite or .onnx file, or `generated`)",
        model.display()
    )))
}

/// One file per value, of its key's name.
fn write(network: &Network, into: &Path) -> anyhow::Result<()> {
    let (width, height) = PICTURE_SIZE;
    let mut labels = String::new();
    for class in 0..network.architecture.n_classes {
        writeln!(labels, "{class}:class {class}").expect("a String takes every write");
    }
    for (key, bytes) in [
        ("mobilenet_v1", network.to_flat()),
        ("image", generate_bitmap(width, height, SEED)),
        ("labels", labels.into_bytes()),
    ] {
        fs::write(into.join(key), bytes).with_context(|| format!("write the value `{key}`"))?;
    }
    Ok(())
}
