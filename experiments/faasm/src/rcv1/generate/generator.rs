//! Draws documents, one after the other.

use super::{random::Random, vocabulary::Vocabulary};
use crate::rcv1::{Document, Documents, N_FEATURES};

/// The number of features of a real document is about log-normal, with this mean and deviation of its logarithm.
const LOG_LEN_MEAN: f64 = 4.13;
const LOG_LEN_DEVIATION: f64 = 0.64;
const MIN_LEN: f64 = 5.0;
const MAX_LEN: f64 = 1200.0;
/// That a word, once used, is used again. Real weights vary as much as this makes them.
const REPEAT_PROBABILITY: f64 = 0.5;
/// The share of positive labels among the 781,265 real documents.
const POSITIVE_SHARE: f64 = 0.474;
/// How strongly a document prefers the features of its side, in the median and as deviation of the logarithm, and the
/// deviation of the noise that is added to its margin before the label is taken. Together they make a sequential
/// training's loss on 1,000 documents fall as it falls on 1,000 real ones.
const LEAN_MEDIAN: f64 = 0.45;
const LOG_LEAN_DEVIATION: f64 = 1.6;
const LABEL_NOISE: f64 = 0.9;

/// An endless source of documents with RCV1's shape, the same for the same seed: log-normal lengths, power-law
/// features, unit-length TF-IDF weights, and labels by a hidden hyperplane, with noise.
pub struct Generator {
    random: Random,
    vocabulary: Vocabulary,
    /// The document's features with their weights.
    pairs: Vec<(u32, f64)>,
    /// Whether the document has a feature.
    has: Vec<bool>,
}

impl Generator {
    /// The documents of a seed, from the first.
    pub fn new(seed: u64) -> Generator {
        let mut random = Random::new(seed);
        let vocabulary = Vocabulary::new(&mut random);
        Generator { random, vocabulary, pairs: Vec::new(), has: vec![false; N_FEATURES as usize] }
    }

    /// The next `n_documents` documents.
    pub fn documents(&mut self, n_documents: usize) -> Documents {
        let mut documents = Documents::new(N_FEATURES);
        for _ in 0..n_documents {
            self.draw_pairs();
            self.normalise();
            let label = self.draw_label();
            let (features, weights): (Vec<u32>, Vec<f64>) = self.pairs.drain(..).unzip();
            documents.push(Document { label, features: &features, weights: &weights });
        }
        documents
    }

    fn draw_pairs(&mut self) {
        let log_len = LOG_LEN_MEAN + LOG_LEN_DEVIATION * self.random.normal();
        let len = log_len.exp().round().clamp(MIN_LEN, MAX_LEN) as usize;
        let lean = self.draw_lean();
        while self.pairs.len() < len {
            let index = self.vocabulary.draw(&mut self.random);
            let feature = self.vocabulary.feature(index);
            let is_liked = self.random.chance(logistic(2.0 * lean * feature.opinion));
            if is_liked && !self.has[index] {
                self.has[index] = true;
                let weight = self.draw_term_weight() * feature.rarity;
                self.pairs.push((index as u32, weight));
            }
        }
        self.pairs.sort_unstable_by_key(|(index, _)| *index);
        for (index, _) in &self.pairs {
            self.has[*index as usize] = false;
        }
    }

    /// Positive for a document that is about what positive documents are about.
    fn draw_lean(&mut self) -> f64 {
        let side = if self.random.chance(POSITIVE_SHARE) { 1.0 } else { -1.0 };
        side * LEAN_MEDIAN * (LOG_LEAN_DEVIATION * self.random.normal()).exp()
    }

    /// The logarithmic term frequency of TF-IDF.
    fn draw_term_weight(&mut self) -> f64 {
        let mut n_uses = 1;
        while self.random.chance(REPEAT_PROBABILITY) {
            n_uses += 1;
        }
        1.0 + f64::from(n_uses).ln()
    }

    fn normalise(&mut self) {
        let norm = self.pairs.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        for (_, weight) in &mut self.pairs {
            *weight /= norm;
        }
    }

    fn draw_label(&mut self) -> f64 {
        let opinion = |index: u32| self.vocabulary.feature(index as usize).opinion;
        let margin: f64 = self.pairs.iter().map(|(index, weight)| opinion(*index) * weight).sum();
        if margin + LABEL_NOISE * self.random.normal() > 0.0 { 1.0 } else { -1.0 }
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rcv1::Reference;

    fn check(what: &str, value: f64, expected: std::ops::Range<f64>) {
        assert!(expected.contains(&value), "{what}: {value} is not in {expected:?}");
    }

    #[test]
    fn a_seed_means_the_same_documents_in_whatever_portions() {
        let whole = Generator::new(1).documents(30);
        let mut generator = Generator::new(1);
        let mut portions = generator.documents(10);
        for document in generator.documents(20).iter() {
            portions.push(document);
        }
        assert_eq!(portions, whole);
        assert_ne!(Generator::new(2).documents(30), whole);
    }

    #[test]
    fn documents_have_about_76_features_spread_as_in_rcv1() {
        let documents = Generator::new(3).documents(5000);
        let lens: Vec<f64> = documents.iter().map(|one| one.features.len() as f64).collect();
        let mean = lens.iter().sum::<f64>() / 5000.0;
        let variance = lens.iter().map(|len| (len - mean).powi(2)).sum::<f64>() / 5000.0;
        check("mean", mean, 73.0..79.0);
        check("deviation", variance.sqrt(), 48.0..60.0);
    }

    #[test]
    fn a_thousand_documents_have_as_many_features_as_real_ones() {
        let mut counts = Generator::new(3).documents(1000).feature_counts();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // Real: 9,738 features, of which 4,476 occur once, and 7.1 % of the documents have the 200th.
        check("vocabulary", counts.iter().filter(|n| **n > 0).count() as f64, 9200.0..11_200.0);
        check("once", counts.iter().filter(|n| **n == 1).count() as f64, 4200.0..6200.0);
        check("rank 200", f64::from(counts[199]) / 1000.0, 0.06..0.09);
    }

    #[test]
    fn documents_have_unit_length_and_both_labels() {
        let documents = Generator::new(3).documents(2000);
        for document in documents.iter() {
            let norm: f64 = document.weights.iter().map(|weight| weight * weight).sum();
            assert!((norm - 1.0).abs() < 1e-9);
        }
        let n_positive = documents.iter().filter(|document| document.label == 1.0).count();
        check("positive share", n_positive as f64 / 2000.0, 0.43..0.54);
    }

    #[test]
    fn the_loss_falls_as_on_real_documents() {
        let documents = Generator::new(3).documents(1000);
        let losses = Reference { n_epochs: 20, n_workers: 1, seed: 1 }.losses(&documents);
        // Real: 0.796, 0.437 and 0.287.
        check("first", losses[0], 0.74..0.86);
        check("sixth", losses[5], 0.39..0.49);
        check("last", losses[19], 0.25..0.33);
    }
}
