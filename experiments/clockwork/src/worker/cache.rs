//! The pages of a GPU's memory that hold weights, and whose they are.

use crate::message::{ActionStatus, ModelId};

/// Which models' weights are on a GPU. It counts pages: which page holds what does
/// not matter, as all are alike and none is shared.
#[derive(Debug)]
pub(super) struct WeightsCache {
    n_pages: u32,
    n_free_pages: u32,
    models: Vec<Entry>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// Counts loads and evictions, so that what lasts notices them.
    version: u32,
    n_pages: u32,
    is_usable: bool,
}

impl WeightsCache {
    pub(super) fn new(n_pages: u32, n_models: usize) -> Self {
        Self { n_pages, n_free_pages: n_pages, models: vec![Entry::default(); n_models] }
    }

    pub(super) fn n_free_pages(&self) -> u32 {
        self.n_free_pages
    }

    /// Takes pages for weights that are about to be copied, and gives the version
    /// with which the copy ends; nothing if there are too few. Pages that the model
    /// had are given back before.
    pub(super) fn begin_load(&mut self, model: ModelId, n_pages: u32) -> Option<u32> {
        self.release(model);
        if self.n_free_pages < n_pages {
            return None;
        }
        self.n_free_pages -= n_pages;
        let entry = &mut self.models[model.index()];
        entry.n_pages = n_pages;
        Some(entry.version)
    }

    /// Makes weights usable that were copied, unless something happened to them since
    /// the beginning. Those that could not be copied give their pages back.
    ///
    /// # Errors
    /// If the weights are not usable thereby.
    pub(super) fn end_load(
        &mut self,
        model: ModelId,
        version: u32,
        copied: Result<(), ActionStatus>,
    ) -> Result<(), ActionStatus> {
        let entry = &mut self.models[model.index()];
        if entry.version != version {
            return Err(ActionStatus::LoadConcurrentModification);
        }
        if copied.is_ok() {
            entry.is_usable = true;
        } else {
            self.release(model);
        }
        copied
    }

    /// The version of weights that can be executed with.
    pub(super) fn usable(&self, model: ModelId) -> Option<u32> {
        let entry = self.models.get(model.index())?;
        entry.is_usable.then_some(entry.version)
    }

    /// Gives the model's pages back. Whether it had usable weights.
    pub(super) fn evict(&mut self, model: ModelId) -> bool {
        let was_usable = self.models[model.index()].is_usable;
        self.release(model);
        was_usable
    }

    pub(super) fn clear(&mut self) {
        for index in 0..self.models.len() as u32 {
            self.release(ModelId(index));
        }
    }

    fn release(&mut self, model: ModelId) {
        let entry = &mut self.models[model.index()];
        self.n_free_pages += entry.n_pages;
        debug_assert!(self.n_free_pages <= self.n_pages, "no page is given back twice");
        *entry = Entry { version: entry.version.wrapping_add(1), ..Entry::default() };
    }
}
