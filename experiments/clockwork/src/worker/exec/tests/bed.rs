//! Networks of few numbers, and the tensors that they are made of.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::worker::exec::{
    architecture::{Architecture, Block},
    image::Image,
    source::{Generated, Source},
};

/// An odd number of rows comes to each kind of layer.
pub(super) const BASIC: Architecture = Architecture {
    name: "tiny",
    side: 18,
    n_classes: 5,
    block: Block::Basic,
    n_blocks: &[1, 2, 1],
    width: 4,
};

pub(super) const BOTTLENECK: Architecture =
    Architecture { block: Block::Bottleneck, n_blocks: &[2, 2], ..BASIC };

/// Shapes and numbers, by name.
pub(super) type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A network's random weights, and the tensors that were asked for to make them.
pub(super) fn generated(architecture: Architecture, seed: u64) -> (Image, Tensors) {
    let mut source = Noting { source: Generated::new(seed), tensors: Tensors::new() };
    let image = Image::from_source(architecture, &mut source).unwrap();
    (image, source.tensors)
}

struct Noting {
    source: Generated,
    tensors: Tensors,
}

impl Source for Noting {
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let numbers = self.source.tensor(name, shape)?;
        let earlier = self.tensors.insert(name.to_owned(), (shape.to_vec(), numbers.clone()));
        assert_eq!(earlier, None, "{name} is asked for twice");
        Ok(numbers)
    }
}

/// An input whose numbers are all different.
pub(super) fn input(architecture: &Architecture, which: usize) -> Vec<f32> {
    let n = 3 * architecture.side * architecture.side;
    (0..n).map(|index| ((index + 1_000 * which) as f32 * 0.37).sin()).collect()
}

pub(super) fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
