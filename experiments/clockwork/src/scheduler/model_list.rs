//! Models of which something is true, in no order.

use crate::message::ModelId;

const NOWHERE: usize = usize::MAX;

/// A list of models that are added and removed in constant time.
#[derive(Debug)]
pub(super) struct ModelList {
    members: Vec<ModelId>,
    /// Where each model is among them.
    places: Vec<usize>,
}

impl ModelList {
    /// Nothing of so many.
    pub(super) fn none_of(n_models: usize) -> Self {
        Self { members: Vec::new(), places: vec![NOWHERE; n_models] }
    }

    pub(super) fn models(&self) -> &[ModelId] {
        &self.members
    }

    pub(super) fn contains(&self, model: ModelId) -> bool {
        self.places[model.index()] != NOWHERE
    }

    /// Adds the model or removes it, if it is not so already.
    pub(super) fn set(&mut self, model: ModelId, is_member: bool) {
        match (is_member, self.contains(model)) {
            (true, false) => {
                self.places[model.index()] = self.members.len();
                self.members.push(model);
            }
            (false, true) => {
                let place = std::mem::replace(&mut self.places[model.index()], NOWHERE);
                self.members.swap_remove(place);
                if let Some(moved) = self.members.get(place) {
                    self.places[moved.index()] = place;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_what_was_added_and_not_removed() {
        let mut list = ModelList::none_of(4);
        [0, 1, 2, 3, 1].into_iter().for_each(|model| list.set(ModelId(model), true));
        [1, 3, 3].into_iter().for_each(|model| list.set(ModelId(model), false));
        let mut models: Vec<_> = list.models().iter().map(|model| model.0).collect();
        models.sort_unstable();
        assert_eq!(models, [0, 2]);
        assert!(list.contains(ModelId(2)) && !list.contains(ModelId(3)));
    }
}
