//! One network: its sizes, and its times on the published GPU.

use crate::time::Nanos;

/// A network, of which any number of instances can be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variety {
    /// Its name in the table.
    pub name: String,
    /// The size of its weights.
    pub weights_bytes: u64,
    /// The size of one input.
    pub input_bytes: u64,
    /// The size of one output.
    pub output_bytes: u64,
    /// How long its weights take from the host's memory to the GPU's.
    pub load: Nanos,
    /// How long it executes, for each batch size that it was compiled for. Not
    /// empty; batch sizes ascend.
    pub exec: Vec<(u32, Nanos)>,
    /// Whether the table's numbers were rounded, mostly to whole milliseconds.
    pub is_rounded: bool,
}

impl Variety {
    /// Pages that its weights occupy on a GPU.
    ///
    /// # Panics
    /// If they would not fit into 2³² pages.
    #[must_use]
    pub fn n_pages(&self, page_bytes: u64) -> u32 {
        let n_pages = self.weights_bytes.div_ceil(page_bytes);
        u32::try_from(n_pages).expect("pages are large enough for weights to have few")
    }

    /// How long it executes at a batch size that it was compiled for; nothing for
    /// others.
    #[must_use]
    pub fn exec_at(&self, batch_size: u32) -> Option<Nanos> {
        self.exec.iter().find(|(compiled, _)| *compiled == batch_size).map(|(_, exec)| *exec)
    }

    /// The batch size that a smaller batch is padded to: the least that it was
    /// compiled for. Nothing for empty batches and those above the largest.
    #[must_use]
    pub fn padded(&self, batch_size: u32) -> Option<u32> {
        let mut compiled = self.exec.iter().map(|(compiled, _)| *compiled);
        compiled.find(|compiled| (1..=*compiled).contains(&batch_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn variety(weights_bytes: u64) -> Variety {
        Variety {
            name: "v".to_owned(),
            weights_bytes,
            input_bytes: 1,
            output_bytes: 1,
            load: 1,
            exec: vec![(1, 10), (2, 15), (4, 25)],
            is_rounded: false,
        }
    }

    #[test]
    fn a_page_that_is_begun_is_taken() {
        assert_eq!(variety(16 * MIB).n_pages(16 * MIB), 1);
        assert_eq!(variety(16 * MIB + 1).n_pages(16 * MIB), 2);
    }

    #[test]
    fn only_compiled_batch_sizes_have_a_time() {
        assert_eq!(variety(1).exec_at(2), Some(15));
        assert_eq!(variety(1).exec_at(3), None);
    }

    #[test]
    fn a_batch_is_padded_to_the_next_compiled_size() {
        let padded = [0, 1, 2, 3, 4, 5].map(|batch_size| variety(1).padded(batch_size));
        assert_eq!(padded, [None, Some(1), Some(2), Some(4), Some(4), None]);
    }
}
