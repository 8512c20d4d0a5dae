//! MobileNet v1 as its paper's Table 1 has it (arXiv:1704.04861), for any size.

/// What a layer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A convolution with a 3×3 window.
    Window,
    /// One 3×3 window per channel.
    Depthwise,
    /// A convolution with a 1×1 window.
    Pointwise,
}

/// The shape of a layer. The outputs of all but the last are cut by ReLU6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// What it does.
    pub kind: Kind,
    /// The distance of its windows in pixels, 1 or 2.
    pub stride: usize,
    /// The side of the square that it reads, in pixels.
    pub side: usize,
    /// The channels that it reads.
    pub n_in: usize,
    /// The channels that it makes.
    pub n_out: usize,
}

/// A MobileNet v1: a window layer, thirteen pairs of a depthwise and a pointwise
/// one, the mean over all pixels, and a pointwise classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// The side of the square that it classifies, in pixels.
    pub side: usize,
    /// The channels of the first layer; all others are multiples.
    pub width: usize,
    /// The classes, the background among them.
    pub n_classes: usize,
}

/// The colours of a pixel.
pub(crate) const N_COLOURS: usize = 3;

/// Stride of the depthwise layer, and outputs of the pointwise one in widths.
const BLOCKS: [(usize, usize); 13] = [
    (1, 2),
    (2, 4),
    (1, 4),
    (2, 8),
    (1, 8),
    (2, 16),
    (1, 16),
    (1, 16),
    (1, 16),
    (1, 16),
    (1, 16),
    (2, 32),
    (1, 32),
];

/// The first layer, the pairs, and the classifier.
pub(crate) const N_LAYERS: usize = 2 * BLOCKS.len() + 2;

impl Layer {
    /// The side of the square that it makes, in pixels.
    #[must_use]
    pub fn side_after(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// The side of its window, in pixels.
    #[must_use]
    pub fn window_side(&self) -> usize {
        match self.kind {
            Kind::Window | Kind::Depthwise => 3,
            Kind::Pointwise => 1,
        }
    }

    /// How many zeros stand before and after each line and column of pixels,
    /// TensorFlow's SAME: as many as the last window needs, half of them,
    /// rounded down, before.
    #[must_use]
    pub fn padding(&self) -> (usize, usize) {
        let n_covered = (self.side_after() - 1) * self.stride + self.window_side();
        let n_zeros = n_covered.saturating_sub(self.side);
        (n_zeros / 2, n_zeros - n_zeros / 2)
    }

    /// How many weights it has, its bias not among them.
    #[must_use]
    pub fn n_weights(&self) -> usize {
        match self.kind {
            Kind::Window => 9 * self.n_in * self.n_out,
            Kind::Depthwise => 9 * self.n_out,
            Kind::Pointwise => self.n_in * self.n_out,
        }
    }
}

impl Architecture {
    /// MobileNet v1 1.0 224, with TensorFlow's 1,000 classes and background.
    pub const MOBILENET_V1: Self = Self { side: 224, width: 32, n_classes: 1001 };

    /// The layers from the image to the classes.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let (kind, stride) = (Kind::Window, 2);
        let (mut side, mut n_channels) = (self.side, self.width);
        let mut layers = vec![Layer { kind, stride, side, n_in: N_COLOURS, n_out: n_channels }];
        side = side.div_ceil(2);
        for (stride, widths) in BLOCKS {
            let (n_in, n_out) = (n_channels, widths * self.width);
            layers.push(Layer { kind: Kind::Depthwise, stride, side, n_in, n_out: n_in });
            side = side.div_ceil(stride);
            layers.push(Layer { kind: Kind::Pointwise, stride: 1, side, n_in, n_out });
            n_channels = n_out;
        }
        let (kind, n_out) = (Kind::Pointwise, self.n_classes);
        layers.push(Layer { kind, stride: 1, side: 1, n_in: n_channels, n_out });
        layers
    }

    /// Weights and biases, with normalisation folded into them.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.layers().iter().map(|layer| layer.n_weights() + layer.n_out).sum()
    }

    /// Multiplications with an addition of one forward pass.
    #[must_use]
    pub fn n_multiply_adds(&self) -> usize {
        let of = |layer: &Layer| layer.side_after().pow(2) * layer.n_weights();
        self.layers().iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "569 million mult-adds, 4.2 million parameters": the paper's Table 8.
    #[test]
    fn the_published_size_is_that_of_the_description() {
        let published = Architecture::MOBILENET_V1;
        assert_eq!((published.layers().len(), N_LAYERS), (28, 28));
        assert_eq!(published.n_parameters() / 100_000, 42);
        assert_eq!(published.n_multiply_adds() / 1_000_000, 568);
    }

    /// The file has 16,900,760 bytes, of which a few are not parameters.
    #[test]
    fn the_published_file_has_room_for_the_parameters_and_little_else() {
        let rest_bytes = 16_900_760 - 4 * Architecture::MOBILENET_V1.n_parameters();
        assert!(rest_bytes < 20_000, "{rest_bytes}");
    }

    #[test]
    fn the_square_shrinks_to_7_pixels() {
        let layers = Architecture::MOBILENET_V1.layers();
        assert_eq!((layers[1].side, layers[26].side_after(), layers[26].n_out), (112, 7, 1024));
    }
}
