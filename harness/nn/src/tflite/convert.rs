//! Takes a network's layers from a file's operators, or says which of them is not MobileNet v1's.

use std::vec;

use super::{
    IDENTIFIER,
    operators::{AVERAGE_POOL, CONV, DEPTHWISE_CONV, RESHAPE, Reader, SOFTMAX, SQUEEZE, Step},
    schema::Model,
};
use crate::{
    Architecture, Kind, Layer, ModelError, Network, Weights,
    architecture::{N_COLOURS, N_LAYERS},
    assemble::{Operators, assemble},
    error::{expect, malformed},
};

/// The mean before the last layer, then what makes probabilities.
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
        let from = reader.input()?;
        assemble(Walk { reader, steps: steps.into_iter(), from })
    }
}

/// The operators that are not taken yet, and the tensor that the last one made.
struct Walk<'a> {
    reader: Reader<'a>,
    steps: vec::IntoIter<Step<'a>>,
    from: i32,
}

impl Operators for Walk<'_> {
    fn architecture(&self) -> Result<Architecture, ModelError> {
        let steps = self.steps.as_slice();
        let image = self.reader.shape(self.from)?;
        let side = image.get(1).copied().unwrap_or_default();
        expect("shape of the image", image.as_slice(), &[1, side, side, N_COLOURS])?;
        let mut convolutions = steps.iter().filter(|step| step.code == CONV);
        let outputs = |step: Option<&Step<'_>>| {
            let step = step.ok_or_else(|| malformed("it has no two convolutions"))?;
            Ok(self.reader.shape(step.input(1)?)?.first().copied().unwrap_or_default())
        };
        let width = outputs(convolutions.next())?;
        let n_classes = outputs(convolutions.next_back())?;
        expect("number of operators", steps.len(), N_LAYERS + N_OTHER_STEPS)?;
        Ok(Architecture { side, width, n_classes })
    }

    fn layer(&mut self, layer: Layer) -> Result<Weights, ModelError> {
        self.weights(layer, false)
    }

    fn mean(&mut self, _side: usize, n_channels: usize) -> Result<(), ModelError> {
        self.follow(&[AVERAGE_POOL])?;
        let shape = self.reader.shape(self.from)?;
        expect("shape of the mean", shape.as_slice(), &[1, 1, 1, n_channels])
    }

    fn classifier(&mut self, layer: Layer) -> Result<Weights, ModelError> {
        self.weights(layer, true)
    }

    fn end(&mut self, _n_classes: usize) -> Result<(), ModelError> {
        self.follow(&[SQUEEZE, RESHAPE])?;
        self.follow(&[SOFTMAX])?;
        Ok(())
    }
}

impl<'a> Walk<'a> {
    /// Takes a step of one of these kinds, which must read what the last one made.
    fn follow(&mut self, codes: &[i32]) -> Result<Step<'a>, ModelError> {
        let step = self.steps.next().expect("the operators were counted");
        step.expect_code(codes)?;
        expect(&format!("input of {}", step.name()), step.input(0)?, self.from)?;
        self.from = step.output()?;
        Ok(step)
    }

    fn weights(&mut self, layer: Layer, is_last: bool) -> Result<Weights, ModelError> {
        let Layer { kind, n_in, n_out, .. } = layer;
        let (code, shape) = match kind {
            Kind::Window => (CONV, [n_out, 3, 3, n_in]),
            Kind::Depthwise => (DEPTHWISE_CONV, [1, 3, 3, n_out]),
            Kind::Pointwise => (CONV, [n_out, 1, 1, n_in]),
        };
        let step = self.follow(&[code])?;
        step.expect_options(&layer, is_last)?;
        let numbers = |input, shape: &[usize], what| {
            let place = format!("the {what} of {}", step.name());
            self.reader.numbers(step.input(input)?, shape, &place)
        };
        let stored = numbers(1, &shape, "weights")?;
        let bias = numbers(2, &[n_out], "bias")?;
        let weights = if kind == Kind::Depthwise { stored } else { transposed(&stored, n_out) };
        Ok(Weights { layer, weights, bias })
    }
}

/// Outputs come first in the file, last here.
fn transposed(stored: &[f32], n_out: usize) -> Vec<f32> {
    let n_rows = stored.len() / n_out;
    let row = |row| (0..n_out).map(move |output| stored[output * n_rows + row]);
    (0..n_rows).flat_map(row).collect()
}
