//! Sets of models, small enough to have one for each bucket.

use crate::message::ModelId;

/// A set of models, one bit each.
#[derive(Debug, Clone, Default)]
pub(super) struct ModelSet {
    words: Vec<u64>,
}

impl ModelSet {
    pub(super) fn insert(&mut self, model: ModelId) {
        let (word, bit) = (model.index() / 64, model.index() % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << bit;
    }

    /// Takes in those of another.
    pub(super) fn add(&mut self, other: &Self) {
        let len = self.words.len().max(other.words.len());
        self.words.resize(len, 0);
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}
