//! Makes a network of a file's operators, or says which of them is not MobileNet v1's.

use super::{
    IDENTIFIER,
    operators::{
        AVERAGE_POOL, CONV, DEPTHWISE_CONV, RESHAPE, Reader, SOFTMAX, SQUEEZE, Step, expect,
        malformed,
    },
    schema::Model,
};
use crate::{Architecture, Kind, Layer, ModelError, Network, Weights, architecture::N_COLOURS};

/// After the layers: the mean before the last, then what makes probabilities.
const N_OTHER_STEPS: usize = 3;

impl Network {
    /// Reads a TensorFlow Lite file.
    ///
    /// # Errors
    /// If it is damaged, or not a MobileNet v1 of f32 for images of some size.
    pub fn from_tflite(file: &[u8]) -> Result<Self, ModelError> {
        if file.get(4..8) != Some(IDENTIFIER) {
            return Err(malformed("it has no TFL3 at byte 4"));
        }
        let model = flatbuffers::root::<Model<'_>>(file);
        let reader = Reader::new(model.map_err(|error| malformed(&error.to_string()))?)?;
        let steps = reader.steps()?;
        let architecture = architecture(&reader, &steps)?;
        let shapes = architecture.layers();
        expect("number of operators", steps.len(), shapes.len() + N_OTHER_STEPS)?;
        let n_before_mean = shapes.len() - 1;
        let (layers, tail) = steps.split_at(n_before_mean);
        let mut from = reader.input()?;
        let mut read = Vec::new();
        for (step, layer) in layers.iter().zip(&shapes) {
            read.push(weights(&reader, step, *layer, &mut from, false)?);
        }
        let [mean, classifier, squeeze, softmax] = tail else {
            unreachable!("the operators were counted")
        };
        let layer = shapes[n_before_mean];
        follow(mean, &[AVERAGE_POOL], &mut from)?;
        expect("shape of the mean", reader.shape(from)?.as_slice(), &[1, 1, 1, layer.n_in])?;
        read.push(weights(&reader, classifier, layer, &mut from, true)?);
        follow(squeeze, &[SQUEEZE, RESHAPE], &mut from)?;
        follow(softmax, &[SOFTMAX], &mut from)?;
        Ok(Self { architecture, layers: read })
    }
}

/// The sizes that the file's first and last convolutions have.
fn architecture(reader: &Reader<'_>, steps: &[Step<'_>]) -> Result<Architecture, ModelError> {
    let image = reader.shape(reader.input()?)?;
    let side = image.get(1).copied().unwrap_or_default().clamp(1, 4096);
    expect("shape of the image", image.as_slice(), &[1, side, side, N_COLOURS])?;
    let mut convolutions = steps.iter().filter(|step| step.code == CONV);
    let outputs = |step: Option<&Step<'_>>| {
        let step = step.ok_or_else(|| malformed("it has no two convolutions"))?;
        let n_outputs = reader.shape(step.input(1)?)?.first().copied().unwrap_or_default();
        if (1..=4096).contains(&n_outputs) {
            Ok(n_outputs)
        } else {
            Err(malformed(&format!("{} has {n_outputs} outputs", step.name())))
        }
    };
    let width = outputs(convolutions.next())?;
    let n_classes = outputs(convolutions.next_back())?;
    Ok(Architecture { side, width, n_classes })
}

/// Refuses a step that does not read what the last one made.
fn follow(step: &Step<'_>, codes: &[i32], from: &mut i32) -> Result<(), ModelError> {
    step.expect_code(codes)?;
    expect(&format!("input of {}", step.name()), step.input(0)?, *from)?;
    *from = step.output()?;
    Ok(())
}

fn weights(
    reader: &Reader<'_>,
    step: &Step<'_>,
    layer: Layer,
    from: &mut i32,
    is_last: bool,
) -> Result<Weights, ModelError> {
    let Layer { kind, n_in, n_out, .. } = layer;
    let (code, shape) = match kind {
        Kind::Window => (CONV, [n_out, 3, 3, n_in]),
        Kind::Depthwise => (DEPTHWISE_CONV, [1, 3, 3, n_out]),
        Kind::Pointwise => (CONV, [n_out, 1, 1, n_in]),
    };
    follow(step, &[code], from)?;
    step.expect_options(&layer, is_last)?;
    let stored =
        reader.numbers(step.input(1)?, &shape, &format!("the weights of {}", step.name()))?;
    let bias = reader.numbers(step.input(2)?, &[n_out], &format!("the bias of {}", step.name()))?;
    let weights = if kind == Kind::Depthwise { stored } else { transposed(&stored, n_out) };
    Ok(Weights { layer, weights, bias })
}

/// Outputs come first in the file, last here.
fn transposed(stored: &[f32], n_out: usize) -> Vec<f32> {
    let n_rows = stored.len() / n_out;
    let row = |row| (0..n_out).map(move |output| stored[output * n_rows + row]);
    (0..n_rows).flat_map(row).collect()
}
