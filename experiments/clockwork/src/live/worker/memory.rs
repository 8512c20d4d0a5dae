//! The models in a worker's memory.

use std::sync::Arc;

use crate::{
    message::ActionStatus,
    models::{Deployment, Variety},
    wire::{ActionFailed, LoadFromDisk, ModelReady},
    worker::CacheSize,
};

/// How much memory a worker has for weights, and what it can bring there.
#[derive(Debug, Clone)]
pub struct HostMemory {
    /// All varieties that it knows.
    pub varieties: Arc<[Variety]>,
    /// For the weights of all instances.
    pub bytes: u64,
    /// Of each of its GPUs.
    pub cache: CacheSize,
}

/// What is there.
#[derive(Debug)]
pub(super) struct Models {
    memory: HostMemory,
    deployment: Deployment,
    n_bytes: u64,
}

impl Models {
    pub(super) fn none(memory: HostMemory) -> Self {
        Self { memory, deployment: Deployment::default(), n_bytes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.deployment.len()
    }

    /// What is there, for the GPUs.
    pub(super) fn deployment(&self) -> Arc<Deployment> {
        Arc::new(self.deployment.clone())
    }

    /// Brings copies of a variety into memory. Instances whose numbers were given
    /// before are replaced: another worker could not bring them into its own.
    ///
    /// # Errors
    /// If the variety is not known, a GPU could never hold it, or the memory is full.
    pub(super) fn load(&mut self, order: &LoadFromDisk) -> Result<ModelReady, ActionFailed> {
        let refusal = |status: ActionStatus, message| ActionFailed {
            id: order.id,
            status: status.code(),
            message,
            ..ActionFailed::default()
        };
        self.forget_from(order.first_model_id);
        if self.deployment.len() != order.first_model_id as usize {
            let message = format!("{} models are here", self.deployment.len());
            return Err(refusal(ActionStatus::UnknownModel, message));
        }
        let known = self.memory.varieties.iter().find(|variety| variety.name == order.path);
        let Some(variety) = known else {
            let message = format!("no variety is called `{}`", order.path);
            return Err(refusal(ActionStatus::UnknownModel, message));
        };
        self.check_room(variety, order.n_copies)
            .map_err(|message| refusal(ActionStatus::LoadInsufficientCache, message))?;
        self.n_bytes += variety.weights_bytes * u64::from(order.n_copies);
        self.deployment.add(variety.clone(), order.n_copies);
        Ok(ModelReady::of(order.id, variety, self.memory.cache.page_bytes))
    }

    fn check_room(&self, variety: &Variety, n_copies: u32) -> Result<(), String> {
        let CacheSize { page_bytes, n_pages } = self.memory.cache;
        let needs = variety.n_pages(page_bytes);
        if needs > n_pages {
            return Err(format!(
                "`{}` has {needs} pages of weights, but a GPU holds {n_pages}",
                variety.name
            ));
        }
        let wants = variety.weights_bytes.saturating_mul(u64::from(n_copies));
        let free = self.memory.bytes - self.n_bytes;
        if wants > free {
            return Err(format!(
                "{n_copies} copies of `{}` have {wants} bytes of weights, but of {} bytes of \
                 memory {free} are free\n(hint: ask for fewer models, or give workers more with \
                 --host-memory-bytes)",
                variety.name, self.memory.bytes
            ));
        }
        Ok(())
    }

    fn forget_from(&mut self, model_id: u32) {
        self.deployment.truncate(model_id as usize);
        let bytes = |model| self.deployment.variety(model).weights_bytes;
        self.n_bytes = self.deployment.models().map(bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::models::Catalogue;

    fn models(n_pages: u32, bytes: u64) -> Models {
        let cache = CacheSize { n_pages, ..CacheSize::V100_32GB };
        let varieties = Catalogue::published().deployed().cloned().collect();
        Models::none(HostMemory { varieties, bytes, cache })
    }

    fn order(path: &str, first_model_id: u32, n_copies: u32) -> LoadFromDisk {
        LoadFromDisk { id: 1, first_model_id, path: path.to_owned(), n_copies }
    }

    #[test]
    fn a_model_in_memory_says_its_sizes_and_times() {
        let mut models = models(1376, 1 << 30);
        let ready = models.load(&order("resnet50_v2", 0, 3)).unwrap();
        assert_eq!((ready.n_pages, ready.load, ready.input_bytes), (7, 8_320_000, 602_112));
        assert_eq!(models.len(), 3);
    }

    #[test]
    fn numbers_that_are_given_again_are_replaced() {
        let mut models = models(1376, 250_000_000);
        models.load(&order("resnet50_v2", 0, 2)).unwrap();
        models.load(&order("resnet18_v2", 1, 1)).unwrap();
        let deployment = models.deployment();
        let names = deployment.models().map(|model| deployment.variety(model).name.clone());
        assert_eq!(names.collect::<Vec<_>>(), ["resnet50_v2", "resnet18_v2"]);
        assert_eq!(models.n_bytes, 102_200_000 + 46_700_000);
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_the_reason() {
        let refusal = |order: &LoadFromDisk| models(6, 90_000_000).load(order).unwrap_err().message;
        assert_snapshot!(refusal(&order("alexnet", 0, 1)), @"no variety is called `alexnet`");
        assert_snapshot!(refusal(&order("resnet50_v2", 0, 1)),
            @"`resnet50_v2` has 7 pages of weights, but a GPU holds 6");
        assert_snapshot!(refusal(&order("resnet18_v2", 0, 2)), @"
        2 copies of `resnet18_v2` have 93400000 bytes of weights, but of 90000000 bytes of memory 90000000 are free
        (hint: ask for fewer models, or give workers more with --host-memory-bytes)
        ");
        assert_snapshot!(refusal(&order("resnet18_v2", 3, 1)), @"0 models are here");
    }
}
