//! Makes a network of a file's operators in their order, whatever the format of the file.

use crate::{
    Architecture, Layer, ModelError, Network, Weights,
    error::{different, malformed},
};

/// What no side of an image and no number of channels or classes exceeds.
const SIZE_MAX: usize = 4096;

/// A file's operators, taken one after the other from the image to the classes.
///
/// Every method fails if the file is damaged, or has in this place what a
/// MobileNet v1 has not.
pub(crate) trait Operators {
    /// What the file says of its size, before anything is taken.
    fn architecture(&self) -> Result<Architecture, ModelError>;

    /// Takes a layer and the ReLU6 after it.
    fn layer(&mut self, layer: Layer) -> Result<Weights, ModelError>;

    /// Takes the mean over all pixels of each of so many channels.
    fn mean(&mut self, side: usize, n_channels: usize) -> Result<(), ModelError>;

    /// Takes the layer that makes the logits.
    fn classifier(&mut self, layer: Layer) -> Result<Weights, ModelError>;

    /// Takes what makes probabilities of so many logits, to the end.
    fn end(&mut self, n_classes: usize) -> Result<(), ModelError>;
}

/// The network of these operators, if they are all those of a MobileNet v1.
pub(crate) fn assemble(mut operators: impl Operators) -> Result<Network, ModelError> {
    let architecture = operators.architecture()?;
    check(architecture)?;
    let mut shapes = architecture.layers();
    let classifier = shapes.pop().expect("a network has layers");
    let last = shapes[shapes.len() - 1];
    let read = shapes.into_iter().map(|layer| operators.layer(layer));
    let mut layers = read.collect::<Result<Vec<_>, _>>()?;
    operators.mean(last.side_after(), last.n_out)?;
    layers.push(operators.classifier(classifier)?);
    operators.end(architecture.n_classes)?;
    if layers.iter().any(|weights| !weights.is_finite()) {
        return Err(malformed("some of its weights are no finite numbers"));
    }
    Ok(Network { architecture, layers })
}

/// Refuses sizes for which there would be no memory.
fn check(architecture: Architecture) -> Result<(), ModelError> {
    let Architecture { side, width, n_classes } = architecture;
    for (place, size) in [
        ("side of the image", side),
        ("channels of the first layer", width),
        ("classes", n_classes),
    ] {
        if !(1..=SIZE_MAX).contains(&size) {
            return Err(different(place, &format!("1 to {SIZE_MAX}"), &size.to_string()));
        }
    }
    Ok(())
}

impl Weights {
    fn is_finite(&self) -> bool {
        self.weights.iter().chain(&self.bias).all(|number| number.is_finite())
    }
}
