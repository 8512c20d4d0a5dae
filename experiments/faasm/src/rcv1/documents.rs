//! Labelled sparse documents, held one after the other.

/// One document: features in ascending order, each with its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Document<'a> {
    /// +1 or -1.
    pub label: f64,
    /// Zero-based, strictly ascending.
    pub features: &'a [u32],
    /// As many as `features`.
    pub weights: &'a [f64],
}

impl Document<'_> {
    /// The weighted sum of the document's features.
    pub fn dot(&self, weights: &[f64]) -> f64 {
        self.features.iter().zip(self.weights).map(|(row, x)| weights[*row as usize] * x).sum()
    }
}

/// Documents over a fixed number of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Documents {
    n_features: u32,
    labels: Vec<f64>,
    starts: Vec<usize>,
    features: Vec<u32>,
    weights: Vec<f64>,
}

impl Documents {
    /// No documents yet.
    pub fn new(n_features: u32) -> Documents {
        Documents {
            n_features,
            labels: Vec::new(),
            starts: vec![0],
            features: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Appends a document, whose features must be as `Document` says.
    pub fn push(&mut self, document: Document<'_>) {
        assert!(document.label == 1.0 || document.label == -1.0);
        assert_eq!(document.features.len(), document.weights.len());
        assert!(document.features.is_sorted_by(|a, b| a < b));
        assert!(document.features.last().is_none_or(|last| *last < self.n_features));
        self.labels.push(document.label);
        self.features.extend_from_slice(document.features);
        self.weights.extend_from_slice(document.weights);
        self.starts.push(self.features.len());
    }

    /// The number of documents.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The number of features that a document could have.
    pub fn n_features(&self) -> u32 {
        self.n_features
    }

    /// The number of features that all documents have together: the non-zeros of the matrix.
    pub fn n_values(&self) -> usize {
        self.features.len()
    }

    /// The document at `index`, which must be below `len`.
    pub fn get(&self, index: usize) -> Document<'_> {
        let values = self.starts[index]..self.starts[index + 1];
        Document {
            label: self.labels[index],
            features: &self.features[values.clone()],
            weights: &self.weights[values],
        }
    }

    /// All documents in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Document<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// In how many documents each feature occurs.
    pub fn feature_counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.n_features as usize];
        for feature in &self.features {
            counts[*feature as usize] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Documents {
        let mut documents = Documents::new(5);
        documents.push(Document { label: 1.0, features: &[0, 4], weights: &[0.5, 2.0] });
        documents.push(Document { label: -1.0, features: &[4], weights: &[1.0] });
        documents
    }

    #[test]
    fn documents_come_back_in_order() {
        let documents = two();
        assert_eq!((documents.len(), documents.n_values()), (2, 3));
        let labels: Vec<f64> = documents.iter().map(|document| document.label).collect();
        assert_eq!(labels, [1.0, -1.0]);
        assert_eq!(documents.get(1).features, [4]);
    }

    #[test]
    fn counts_are_of_documents_per_feature() {
        assert_eq!(two().feature_counts(), [1, 0, 0, 0, 2]);
    }

    #[test]
    fn the_dot_product_takes_the_documents_features_only() {
        assert_eq!(two().get(0).dot(&[1.0, 9.0, 9.0, 9.0, 3.0]), 6.5);
    }

    #[test]
    #[should_panic(expected = "is_sorted_by")]
    fn a_feature_may_not_come_twice() {
        let document = Document { label: 1.0, features: &[3, 3], weights: &[1.0, 1.0] };
        Documents::new(5).push(document);
    }
}
