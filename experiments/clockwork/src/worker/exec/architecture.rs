//! What a ResNet is made of.

use anyhow::{Context as _, Result};

/// A residual network as torchvision and GluonCV's `_v1b` have it: activations come
/// after sums, and a bottleneck has its stride in the 3x3 convolution. The table's
/// `_v1` (stride in the 1x1) and `_v2` (activations before) are other networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// Its variety's name in the published table.
    pub name: &'static str,
    /// The height and width of an input, which has three channels.
    pub side: usize,
    /// Classes that it tells apart.
    pub n_classes: usize,
    pub(super) block: Block,
    /// Blocks of each of its stages.
    pub(super) n_blocks: &'static [usize],
    /// Channels of the first stage's inner convolutions; each stage has twice those
    /// of the one before.
    pub(super) width: usize,
}

/// What a network repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// Two 3x3 convolutions.
    Basic,
    /// A 3x3 convolution between two 1x1, the second of which has four times the
    /// channels.
    Bottleneck,
}

/// A convolution, and the batch normalisation that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Convolution {
    /// Its name, as torchvision has it.
    pub(super) name: String,
    /// Its normalisation's name.
    pub(super) norm: String,
    pub(super) n_in: usize,
    pub(super) n_out: usize,
    /// The height and width of its kernel. Half of that is its padding.
    pub(super) kernel: usize,
    pub(super) stride: usize,
}

/// Convolutions one after another, and what its input passes to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Residual {
    pub(super) convolutions: Vec<Convolution>,
    /// Nothing if the input is added as it is.
    pub(super) shortcut: Option<Convolution>,
}

impl Architecture {
    /// All that there are, in byte-lexicographic order of their names.
    pub const ALL: [Self; 3] = [
        Self::imagenet("resnet18_v1b", Block::Basic, &[2, 2, 2, 2]),
        Self::imagenet("resnet34_v1b", Block::Basic, &[3, 4, 6, 3]),
        Self::imagenet("resnet50_v1b", Block::Bottleneck, &[3, 4, 6, 3]),
    ];

    const fn imagenet(name: &'static str, block: Block, n_blocks: &'static [usize]) -> Self {
        Self { name, side: 224, n_classes: 1000, block, n_blocks, width: 64 }
    }

    /// The network of that name.
    ///
    /// # Errors
    /// If it is none that can be executed.
    pub fn by_name(name: &str) -> Result<&'static Self> {
        const ALL: &[Architecture] = &Architecture::ALL;
        ALL.iter().find(|architecture| architecture.name == name).with_context(|| {
            let names = Self::ALL.map(|architecture| architecture.name).join(", ");
            format!("`{name}` cannot be executed here\n(hint: {names} can)")
        })
    }

    /// The bytes of an input: numbers of 32 bits, channel by channel, row by row.
    #[must_use]
    pub fn input_bytes(&self) -> usize {
        4 * 3 * self.side * self.side
    }

    /// The bytes of an output: a number of 32 bits for each class.
    #[must_use]
    pub fn output_bytes(&self) -> usize {
        4 * self.n_classes
    }

    /// Numbers that training chooses.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        let blocks = self.blocks();
        let convolutions =
            blocks.iter().flat_map(|block| block.convolutions.iter().chain(&block.shortcut));
        let convolutions = convolutions.map(|convolution| convolution.n_parameters());
        let classifier = (self.n_features() + 1) * self.n_classes;
        self.stem().n_parameters() + convolutions.sum::<usize>() + classifier
    }

    /// The convolution before the first block.
    pub(super) fn stem(&self) -> Convolution {
        let (name, norm) = ("conv1".to_owned(), "bn1".to_owned());
        Convolution { name, norm, n_in: 3, n_out: self.width, kernel: 7, stride: 2 }
    }

    /// The blocks, from first to last.
    pub(super) fn blocks(&self) -> Vec<Residual> {
        let mut n_in = self.width;
        let mut blocks = Vec::new();
        for (stage, n_blocks) in self.n_blocks.iter().enumerate() {
            for index in 0..*n_blocks {
                let name = format!("layer{}.{index}", stage + 1);
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                blocks.push(Residual::new(&name, self.block, n_in, self.width << stage, stride));
                n_in = (self.width << stage) * self.block.expansion();
            }
        }
        blocks
    }

    /// Channels of the last block.
    pub(super) fn n_features(&self) -> usize {
        (self.width << (self.n_blocks.len() - 1)) * self.block.expansion()
    }
}

impl Block {
    fn expansion(self) -> usize {
        match self {
            Self::Basic => 1,
            Self::Bottleneck => 4,
        }
    }
}

impl Residual {
    fn new(name: &str, block: Block, n_in: usize, width: usize, stride: usize) -> Self {
        let n_out = width * block.expansion();
        let inner = |index: usize, n_in, n_out, kernel, stride| Convolution {
            name: format!("{name}.conv{index}"),
            norm: format!("{name}.bn{index}"),
            n_in,
            n_out,
            kernel,
            stride,
        };
        let convolutions = match block {
            Block::Basic => vec![inner(1, n_in, width, 3, stride), inner(2, width, width, 3, 1)],
            Block::Bottleneck => vec![
                inner(1, n_in, width, 1, 1),
                inner(2, width, width, 3, stride),
                inner(3, width, n_out, 1, 1),
            ],
        };
        let shortcut = || Convolution {
            name: format!("{name}.downsample.0"),
            norm: format!("{name}.downsample.1"),
            n_in,
            n_out,
            kernel: 1,
            stride,
        };
        let shortcut = (stride > 1 || n_in != n_out).then(shortcut);
        Self { convolutions, shortcut }
    }
}

impl Convolution {
    pub(super) fn n_weights(&self) -> usize {
        self.n_out * self.n_in * self.kernel * self.kernel
    }

    fn n_parameters(&self) -> usize {
        self.n_weights() + 2 * self.n_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Catalogue;

    /// As torchvision's documentation has them.
    #[test]
    fn the_networks_have_the_published_numbers_of_parameters() {
        let n_parameters = Architecture::ALL.map(|architecture| architecture.n_parameters());
        assert_eq!(n_parameters, [11_689_512, 21_797_672, 25_557_032]);
    }

    #[test]
    fn inputs_and_outputs_are_those_of_the_table() {
        for architecture in Architecture::ALL {
            let published = Catalogue::published().by_name(architecture.name).unwrap();
            assert_eq!(architecture.input_bytes() as u64, published.input_bytes);
            assert_eq!(architecture.output_bytes() as u64, published.output_bytes);
        }
    }

    #[test]
    fn convolutions_have_torchvisions_names() {
        let blocks = Architecture::by_name("resnet50_v1b").unwrap().blocks();
        assert_eq!(blocks.len(), 16);
        let Residual { convolutions, shortcut } = &blocks[3];
        let names = convolutions.iter().chain(shortcut).map(|convolution| &convolution.name);
        insta::assert_snapshot!(
            names.cloned().collect::<Vec<_>>().join(" "),
            @"layer2.0.conv1 layer2.0.conv2 layer2.0.conv3 layer2.0.downsample.0"
        );
        assert_eq!(convolutions.iter().map(|c| c.stride).collect::<Vec<_>>(), [1, 2, 1]);
    }

    #[test]
    fn another_network_is_refused() {
        let error = Architecture::by_name("resnet50_v2").unwrap_err();
        insta::assert_snapshot!(error, @"
        `resnet50_v2` cannot be executed here
        (hint: resnet18_v1b, resnet34_v1b, resnet50_v1b can)
        ");
    }
}
