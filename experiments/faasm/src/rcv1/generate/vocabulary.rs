//! The features of generated documents: how common each is, what it weighs, and for which label it speaks.

use super::{alias::AliasTable, random::Random};
use crate::rcv1::N_FEATURES;

/// Zipf and Mandelbrot's law: the feature of rank `r` is drawn with a probability proportional to
/// `(r + OFFSET)^-EXPONENT`. Of the pairs tried, this comes closest both to how many features 10 to 1,000 real documents
/// have together and to the frequencies of the most common 2,000.
const EXPONENT: f64 = 1.6;
const OFFSET: f64 = 130.0;
const MEAN_DRAWS_PER_DOCUMENT: f64 = 80.0;

pub(super) struct Vocabulary {
    draws: AliasTable,
    features: Vec<Feature>,
}

#[derive(Clone, Copy)]
pub(super) struct Feature {
    /// The inverse document frequency of TF-IDF, as a logarithm.
    pub(super) rarity: f64,
    /// Its weight in the hyperplane between the labels.
    pub(super) opinion: f64,
}

impl Vocabulary {
    pub(super) fn new(random: &mut Random) -> Vocabulary {
        let probabilities = probabilities_in_order_of_appearance(random);
        let feature = |probability: &f64| {
            let share_of_documents = -f64::exp_m1(-probability * MEAN_DRAWS_PER_DOCUMENT);
            Feature { rarity: -share_of_documents.ln(), opinion: random.normal() }
        };
        let features = probabilities.iter().map(feature).collect();
        Vocabulary { draws: AliasTable::new(&probabilities), features }
    }

    /// Draws a feature by its probability.
    pub(super) fn draw(&self, random: &mut Random) -> usize {
        self.draws.draw(random)
    }

    pub(super) fn feature(&self, index: usize) -> Feature {
        self.features[index]
    }
}

/// RCV1 numbers its features roughly in the order in which they first appeared, so that the common ones lie close
/// together, which decides how long the runs of changed weights are. A feature first appears after an exponential time.
fn probabilities_in_order_of_appearance(random: &mut Random) -> Vec<f64> {
    let weights = (1..=N_FEATURES).map(|rank| (f64::from(rank) + OFFSET).powf(-EXPONENT));
    let total: f64 = weights.clone().sum();
    let mut appearances: Vec<(f64, f64)> =
        weights.map(|weight| (-random.uniform().ln() / weight, weight / total)).collect();
    appearances.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
    appearances.into_iter().map(|(_, probability)| probability).collect()
}
