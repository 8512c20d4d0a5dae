//! A document while its line is read.

use super::{cursor::Word, error::Unexpected};
use crate::rcv1::{Document, Documents};

/// The label and the features that a grammar finds in a line; reused from line to line.
pub(super) struct Line {
    n_features: u32,
    label: f64,
    pairs: Vec<(u32, f64)>,
    largest: Option<u32>,
    features: Vec<u32>,
    weights: Vec<f64>,
}

impl Line {
    pub(super) fn new(n_features: u32) -> Line {
        Line {
            n_features,
            label: 0.0,
            pairs: Vec::new(),
            largest: None,
            features: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Begins a document. 0 counts as -1, as in files that were labelled for logistic regression.
    pub(super) fn begin(&mut self, label: Word<'_>) -> Result<(), Unexpected> {
        self.label = match label.number() {
            Some(1.0) => 1.0,
            Some(-1.0 | 0.0) => -1.0,
            _ => return Err(label.unexpected("a label: 1, -1, or 0 for -1")),
        };
        self.pairs.clear();
        self.largest = None;
        Ok(())
    }

    /// Adds a feature of a file that calls its first feature `first`.
    pub(super) fn add(
        &mut self,
        feature: Word<'_>,
        first: u32,
        weight: f64,
    ) -> Result<(), Unexpected> {
        let index = feature.integer().and_then(|number| number.checked_sub(first));
        let Some(index) = index.filter(|index| *index < self.n_features) else {
            let last = self.n_features - 1 + first;
            return Err(feature.unexpected(format!("a feature from {first} to {last}")));
        };
        let is_larger = self.largest.is_none_or(|largest| largest < index);
        if !is_larger && self.pairs.iter().any(|(other, _)| *other == index) {
            return Err(feature.unexpected("a feature that the document does not have yet"));
        }
        self.largest = self.largest.max(Some(index));
        self.pairs.push((index, weight));
        Ok(())
    }

    /// Appends the document, its features sorted.
    pub(super) fn finish(&mut self, documents: &mut Documents) {
        self.pairs.sort_unstable_by_key(|(index, _)| *index);
        self.features.clear();
        self.features.extend(self.pairs.iter().map(|(index, _)| *index));
        self.weights.clear();
        self.weights.extend(self.pairs.iter().map(|(_, weight)| *weight));
        documents.push(Document {
            label: self.label,
            features: &self.features,
            weights: &self.weights,
        });
    }
}
