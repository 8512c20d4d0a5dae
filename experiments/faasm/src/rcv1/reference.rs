//! The training that the experiment's function must match, written straight from the paper's algorithm: one thread, no
//! shared memory, no unrolling. An oracle for tests, not a system under test.

use rand::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg64;

use super::{Document, Documents};

/// A sequential run: each epoch passes over the batches one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Passes over the documents.
    pub n_epochs: usize,
    /// Batches per epoch; a batch is shuffled in itself, and its error is taken when it ends.
    pub n_workers: usize,
    /// Of the shuffles.
    pub seed: u64,
}

impl Reference {
    /// The loss after each epoch, from zero weights.
    pub fn losses(&self, documents: &Documents) -> Vec<f64> {
        let counts = documents.feature_counts();
        let mut weights = vec![0.0; counts.len()];
        let mut random = Pcg64::seed_from_u64(self.seed);
        let batch_size = documents.len().div_ceil(self.n_workers);
        let starts: Vec<usize> = (0..documents.len()).step_by(batch_size).collect();
        let mut losses = Vec::new();
        for _ in 0..self.n_epochs {
            let mut error = 0.0;
            for start in shuffled(starts.clone(), &mut random) {
                // Upstream's end is exclusive and yet at most the last index: the last document is never used.
                let batch = start..(start + batch_size).min(documents.len() - 1);
                for index in shuffled(batch.clone().collect(), &mut random) {
                    update(&mut weights, &counts, documents.get(index));
                }
                error += batch.map(|index| hinge(&weights, documents.get(index))).sum::<f64>();
            }
            losses.push(error.sqrt() / (documents.len() as f64).sqrt());
        }
        losses
    }
}

/// One document's step down the gradient of the regularised hinge loss, with upstream's constants.
fn update(weights: &mut [f64], counts: &[u32], document: Document<'_>) {
    let learning_rate = f64::from(0.1_f32);
    let mu = 1.0;
    let margin = document.label * document.dot(weights);
    for (feature, x) in document.features.iter().zip(document.weights) {
        let feature = *feature as usize;
        if margin < 1.0 {
            weights[feature] += x * learning_rate * document.label;
        }
        weights[feature] *= 1.0 - learning_rate * mu / f64::from(counts[feature]);
    }
}

fn hinge(weights: &[f64], document: Document<'_>) -> f64 {
    (1.0 - document.label * document.dot(weights)).max(0.0)
}

fn shuffled(mut items: Vec<usize>, random: &mut Pcg64) -> Vec<usize> {
    for last in (1..items.len()).rev() {
        items.swap(last, (random.next_u64() % (last as u64 + 1)) as usize);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_changes_the_weights_of_its_documents_features_only() {
        let mut weights = vec![1.0, 2.0, 3.0, 4.0];
        let mut documents = Documents::new(4);
        documents.push(Document { label: -1.0, features: &[0, 2], weights: &[-3.2, 2.9] });
        documents.push(Document { label: 1.0, features: &[0, 1], weights: &[3.1, -1.5] });
        for document in documents.iter() {
            update(&mut weights, &[1; 4], document);
        }
        // By hand: margins of -5.5 and 0.6828, so that both documents pull, with a rate of 0.1.
        for (weight, expected) in weights.iter().zip([1.3482, 1.665, 2.439, 4.0]) {
            assert!((weight - expected).abs() < 1e-6, "{weights:?}");
        }
    }

    #[test]
    fn separable_documents_are_separated() {
        let mut documents = Documents::new(3);
        for _ in 0..50 {
            documents.push(Document { label: 1.0, features: &[0, 2], weights: &[0.9, 0.4] });
            documents.push(Document { label: -1.0, features: &[1, 2], weights: &[0.9, 0.4] });
        }
        let losses = Reference { n_epochs: 20, n_workers: 1, seed: 7 }.losses(&documents);
        assert!(losses[19] < 0.1, "{losses:?}");
    }

    #[test]
    fn workers_share_the_documents_between_them() {
        let mut documents = Documents::new(1);
        for _ in 0..10 {
            documents.push(Document { label: 1.0, features: &[0], weights: &[1.0] });
        }
        for n_workers in [1, 3, 4, 10] {
            let losses = Reference { n_epochs: 1, n_workers, seed: 1 }.losses(&documents);
            assert!(losses[0] > 0.0 && losses[0] < 1.0, "{n_workers}: {losses:?}");
        }
    }
}
