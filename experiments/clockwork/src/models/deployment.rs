//! Which instances of which varieties exist in a run.

use anyhow::{Context, Result};

use super::{Catalogue, Variety};
use crate::message::ModelId;

/// The instances that a run serves. Those of a variety have consecutive numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployment {
    varieties: Vec<Variety>,
    /// For each instance, which of `varieties` it is.
    variety_of: Vec<u32>,
}

impl Deployment {
    /// Numbers the instances: first all copies of the first name, then those of
    /// the second, and so on.
    ///
    /// # Errors
    /// If the catalogue has no variety of a name.
    pub fn new<'a>(
        catalogue: &Catalogue,
        copies: impl IntoIterator<Item = (&'a str, u32)>,
    ) -> Result<Self> {
        let mut deployment = Self::default();
        for (name, n_copies) in copies {
            deployment.add(catalogue.by_name(name).context("deploy")?.clone(), n_copies);
        }
        Ok(deployment)
    }

    /// Adds copies of a variety, with the numbers that come next.
    pub fn add(&mut self, variety: Variety, n_copies: u32) {
        let index = self.varieties.len() as u32;
        self.varieties.push(variety);
        self.variety_of.extend((0..n_copies).map(|_| index));
    }

    /// Removes all but the first `n_models` instances.
    pub fn truncate(&mut self, n_models: usize) {
        self.variety_of.truncate(n_models);
        let n_varieties = self.variety_of.last().map_or(0, |last| *last as usize + 1);
        self.varieties.truncate(n_varieties);
    }

    /// Every variety that the published runs deploy, `n_copies` times.
    #[must_use]
    pub fn of_all(catalogue: &Catalogue, n_copies: u32) -> Self {
        let names = catalogue.deployed().map(|variety| (variety.name.as_str(), n_copies));
        Self::new(catalogue, names).expect("the names are the catalogue's own")
    }

    /// How many instances there are; they are numbered from 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.variety_of.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.variety_of.is_empty()
    }

    /// All instances, in order.
    pub fn models(&self) -> impl Iterator<Item = ModelId> + use<> {
        (0..self.variety_of.len() as u32).map(ModelId)
    }

    /// What an instance is of.
    ///
    /// # Panics
    /// If there is no such instance.
    #[must_use]
    pub fn variety(&self, model: ModelId) -> &Variety {
        self.get(model).unwrap_or_else(|| panic!("no instance {} is deployed", model.0))
    }

    /// What an instance is of, if it exists.
    #[must_use]
    pub fn get(&self, model: ModelId) -> Option<&Variety> {
        let index = self.variety_of.get(model.index())?;
        self.varieties.get(*index as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_variety_are_numbered_side_by_side() {
        let copies = [("resnet50_v2", 2), ("dla34", 1)];
        let deployment = Deployment::new(Catalogue::published(), copies).unwrap();
        let names = deployment.models().map(|model| deployment.variety(model).name.clone());
        assert_eq!(names.collect::<Vec<_>>(), ["resnet50_v2", "resnet50_v2", "dla34"]);
        assert_eq!(deployment.get(ModelId(3)), None);
    }

    #[test]
    fn the_published_deployment_has_4026_instances() {
        let deployment = Deployment::of_all(Catalogue::published(), 66);
        assert_eq!(deployment.len(), 4026);
        assert_eq!(deployment.variety(ModelId(66)).name, "cifar_wideresnet28_10");
    }

    #[test]
    fn an_unknown_variety_cannot_be_deployed() {
        assert!(Deployment::new(Catalogue::published(), [("alexnet", 1)]).is_err());
    }
}
