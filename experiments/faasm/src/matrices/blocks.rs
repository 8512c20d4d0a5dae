//! How matrices lie in files and in state: one value per block.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

/// The value that says how large the matrices are: two little-endian `i32`s,
/// size and splits.
const SHAPE: &str = "matrix_state";

/// The two factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// The left one.
    A,
    /// The right one.
    B,
}

/// Two square matrices, each cut into 2^splits by 2^splits blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Rows, and columns.
    size: usize,
    /// How often rows and columns are halved.
    splits: u32,
}

impl Layout {
    /// Matrices of `size` by `size`, halved `splits` times in each direction.
    ///
    /// # Errors
    /// If the size cannot be divided so often, or does not fit the layout.
    pub fn new(size: usize, splits: u32) -> anyhow::Result<Self> {
        ensure!(
            splits < 8,
            "`splits` = {splits} asks for {} multiplications (hint: the paper splits twice)",
            8_u128.pow(splits)
        );
        ensure!(
            size > 0 && i32::try_from(size).is_ok(),
            "a matrix of size {size} does not fit the layout, whose sizes have 31 bits"
        );
        let n_blocks = 1 << splits;
        ensure!(
            size.is_multiple_of(n_blocks),
            "a matrix of size {size} cannot be split {splits} times: {n_blocks} does not divide {size}\n\
             (hint: take {})",
            size.next_multiple_of(n_blocks)
        );
        Ok(Self { size, splits })
    }

    /// The layout of the matrices in a directory.
    ///
    /// # Errors
    /// If it holds none.
    pub fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(SHAPE);
        let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        let words: [u8; 8] = bytes
            .try_into()
            .map_err(|_| anyhow::anyhow!("{} has not two numbers", path.display()))?;
        let [size, splits] = [&words[..4], &words[4..]]
            .map(|word| i32::from_le_bytes(word.try_into().expect("each half has four bytes")));
        Self::new(usize::try_from(size)?, u32::try_from(splits)?)
            .with_context(|| format!("understand {}", path.display()))
    }

    pub(super) fn write(self, dir: &Path) -> anyhow::Result<()> {
        let size = i32::try_from(self.size).expect("`new` has checked it");
        let words = [size.to_le_bytes(), self.splits.cast_signed().to_le_bytes()];
        let path = dir.join(SHAPE);
        fs::write(&path, words.concat()).with_context(|| format!("write {}", path.display()))
    }

    /// Rows of each matrix.
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }

    /// Blocks of each matrix in one direction.
    pub(super) fn n_blocks(self) -> usize {
        1 << self.splits
    }

    /// Rows of each block.
    pub(super) fn block_size(self) -> usize {
        self.size / self.n_blocks()
    }

    /// The name of a block's file, and of its state: `mat_a_2_0_3`.
    pub(super) fn name(self, factor: Factor, row: usize, column: usize) -> String {
        let letter = match factor {
            Factor::A => 'a',
            Factor::B => 'b',
        };
        format!("mat_{letter}_{}_{row}_{column}", self.splits)
    }

    /// A whole matrix of a directory, row by row.
    ///
    /// # Errors
    /// If a block is missing or of another size.
    pub fn matrix(self, dir: &Path, factor: Factor) -> anyhow::Result<Vec<f32>> {
        let (n, n_block) = (self.size, self.block_size());
        let mut matrix = vec![0.0; n * n];
        for row in 0..self.n_blocks() {
            for column in 0..self.n_blocks() {
                let path = dir.join(self.name(factor, row, column));
                let block = read_floats(&path, n_block * n_block)?;
                for (i, part) in block.chunks_exact(n_block).enumerate() {
                    let at = (row * n_block + i) * n + column * n_block;
                    matrix[at..at + n_block].copy_from_slice(part);
                }
            }
        }
        Ok(matrix)
    }
}

fn read_floats(path: &Path, n_floats: usize) -> anyhow::Result<Vec<f32>> {
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    floats(&bytes, n_floats).with_context(|| format!("understand {}", path.display()))
}

/// Little-endian floats, exactly so many.
pub(super) fn floats(bytes: &[u8], n_floats: usize) -> anyhow::Result<Vec<f32>> {
    ensure!(
        bytes.len() == 4 * n_floats,
        "{} bytes instead of {} for {n_floats} floats",
        bytes.len(),
        4 * n_floats
    );
    let words = bytes.chunks_exact(4);
    Ok(words.map(|word| f32::from_le_bytes(word.try_into().expect("four bytes"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_the_splits_do_not_divide_is_refused() {
        assert_eq!(
            Layout::new(102, 2).unwrap_err().to_string(),
            "a matrix of size 102 cannot be split 2 times: 4 does not divide 102\n\
             (hint: take 104)"
        );
    }

    #[test]
    fn every_size_of_the_paper_is_divided_by_its_splits() {
        for size in [100, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000] {
            assert_eq!(Layout::new(size, 2).unwrap().block_size() * 4, size);
        }
    }
}
