//! Which model instances a workload needs.

use crate::message::ModelId;

/// Copies of model varieties. The instances are numbered from 0: first all copies of
/// the first variety, then those of the second, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instances {
    /// The variety's name, and how many copies of it there are.
    pub varieties: Vec<(String, u32)>,
}

impl Instances {
    /// Copies of one variety.
    #[must_use]
    pub fn of(variety: &str, n_copies: u32) -> Instances {
        Instances { varieties: vec![(variety.to_owned(), n_copies)] }
    }

    /// The same number of copies of each variety, in the order of their names' bytes:
    /// that of the original, which keeps them in a sorted map.
    #[must_use]
    pub fn of_each(varieties: &[String], n_copies: u32) -> Instances {
        let mut varieties: Vec<_> = varieties.iter().map(|name| (name.clone(), n_copies)).collect();
        varieties.sort();
        Instances { varieties }
    }

    /// Names and copies, as [`crate::models::Deployment::new`] takes them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.varieties.iter().map(|(name, n_copies)| (name.as_str(), *n_copies))
    }

    /// How many instances there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.varieties.iter().map(|(_, n_copies)| n_copies).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All instances.
    pub fn models(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.len()).map(ModelId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varieties_are_in_the_order_of_their_names() {
        let names = ["resnet50_v2", "resnet101_v2", "dla34"].map(String::from);
        let instances = Instances::of_each(&names, 2);
        let found: Vec<_> = instances.iter().collect();
        assert_eq!(found, [("dla34", 2), ("resnet101_v2", 2), ("resnet50_v2", 2)]);
        assert_eq!((instances.len(), instances.models().last()), (6, Some(ModelId(5))));
    }
}
