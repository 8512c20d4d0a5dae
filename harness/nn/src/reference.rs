//! The forward pass by definition: every sum in f64, one number after the other.

use crate::{Kind, Network, Weights};

/// What ReLU6 cuts at.
const ACTIVATION_MAX: f64 = 6.0;

impl Network {
    /// The logit of each class for an image: lines of pixels of red, green and
    /// blue, each from -1 to 1.
    ///
    /// # Panics
    /// If the image has not the side that the network asks for.
    #[must_use]
    pub fn logits(&self, image: &[f64]) -> Vec<f64> {
        self.activations(image).pop().expect("a network has layers")
    }

    /// The probability of each class for an image.
    ///
    /// # Panics
    /// As [`Network::logits`].
    #[must_use]
    pub fn probabilities(&self, image: &[f64]) -> Vec<f64> {
        let logits = self.logits(image);
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = logits.iter().map(|logit| (logit - max).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    }

    /// What each layer makes of the image.
    pub(crate) fn activations(&self, image: &[f64]) -> Vec<Vec<f64>> {
        let side = self.architecture.side;
        assert_eq!(image.len(), side * side * 3, "an image of the network's side");
        let (classifier, layers) = self.layers.split_last().expect("a network has layers");
        let mut made = Vec::new();
        let mut numbers = image.to_vec();
        for weights in layers {
            numbers = weights.apply(&numbers);
            numbers.iter_mut().for_each(|number| *number = number.clamp(0.0, ACTIVATION_MAX));
            made.push(numbers.clone());
        }
        let means = means(&numbers, classifier.layer.n_in);
        made.push(classifier.apply(&means));
        made
    }
}

impl Weights {
    fn apply(&self, input: &[f64]) -> Vec<f64> {
        let side_after = self.layer.side_after();
        let mut output = Vec::with_capacity(side_after * side_after * self.layer.n_out);
        for y in 0..side_after {
            for x in 0..side_after {
                output.extend(self.pixel(input, y, x));
            }
        }
        output
    }

    /// All channels of one pixel of the output.
    fn pixel(&self, input: &[f64], y: usize, x: usize) -> Vec<f64> {
        let (n_in, n_out) = (self.layer.n_in, self.layer.n_out);
        let mut sums: Vec<f64> = self.bias.iter().copied().map(f64::from).collect();
        for (place, (y, x)) in self.window(y, x).into_iter().enumerate() {
            let Some(pixel) = self.input_pixel(input, y, x) else { continue };
            for (channel, number) in pixel.iter().enumerate() {
                if self.layer.kind == Kind::Depthwise {
                    sums[channel] += number * f64::from(self.weights[place * n_in + channel]);
                    continue;
                }
                let row = &self.weights[(place * n_in + channel) * n_out..][..n_out];
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += number * f64::from(*weight);
                }
            }
        }
        sums
    }

    /// The places under the window at an output pixel; some may lie outside.
    fn window(&self, y: usize, x: usize) -> Vec<(isize, isize)> {
        let before = self.layer.padding().0.cast_signed();
        let first = |at: usize| (at * self.layer.stride).cast_signed() - before;
        let size = self.layer.window_side().cast_signed();
        let places = (0..size).flat_map(|row| (0..size).map(move |column| (row, column)));
        places.map(|(row, column)| (first(y) + row, first(x) + column)).collect()
    }

    fn input_pixel<'a>(&self, input: &'a [f64], y: isize, x: isize) -> Option<&'a [f64]> {
        let (side, n_in) = (self.layer.side, self.layer.n_in);
        let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        (y < side && x < side).then(|| &input[(y * side + x) * n_in..][..n_in])
    }
}

/// The mean of each channel over all pixels.
fn means(numbers: &[f64], n_channels: usize) -> Vec<f64> {
    let n_pixels = (numbers.len() / n_channels) as f64;
    let of = |channel| numbers.iter().skip(channel).step_by(n_channels).sum::<f64>() / n_pixels;
    (0..n_channels).map(of).collect()
}
