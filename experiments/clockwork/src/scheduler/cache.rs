//! Which models' weights a GPU holds, as the controller has decided it.

use crate::message::ModelId;

/// Whether a model is on a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Residence {
    Absent,
    Loading,
    Loaded,
}

#[derive(Debug, Clone)]
struct Slot {
    last_used: u64,
    n_in_flight: u32,
    /// Where it is among those that are held.
    place: usize,
}

/// One GPU's pages and the models on them. Pages are taken when a LOAD is decided,
/// and given back when an EVICT is.
#[derive(Debug)]
pub(super) struct Cache {
    n_free_pages: u32,
    /// Apart from all else, as it is looked up far more often.
    residences: Vec<Residence>,
    slots: Vec<Slot>,
    held: Vec<ModelId>,
    n_uses: u64,
}

impl Cache {
    pub(super) fn new(n_pages: u32, n_models: usize) -> Self {
        let slot = Slot { last_used: 0, n_in_flight: 0, place: usize::MAX };
        Self {
            n_free_pages: n_pages,
            residences: vec![Residence::Absent; n_models],
            slots: vec![slot; n_models],
            held: Vec::new(),
            n_uses: 0,
        }
    }

    pub(super) fn n_free_pages(&self) -> u32 {
        self.n_free_pages
    }

    pub(super) fn is_loaded(&self, model: ModelId) -> bool {
        self.residences[model.index()] == Residence::Loaded
    }

    /// The models that are loaded, or are being loaded.
    pub(super) fn held(&self) -> &[ModelId] {
        &self.held
    }

    /// Whether it is loaded, or is being loaded.
    pub(super) fn holds(&self, model: ModelId) -> bool {
        self.residences[model.index()] != Residence::Absent
    }

    /// When it was last used here; later is more.
    pub(super) fn last_used(&self, model: ModelId) -> u64 {
        self.slots[model.index()].last_used
    }

    /// Notes that it was used.
    pub(super) fn touch(&mut self, model: ModelId) {
        self.n_uses += 1;
        self.slots[model.index()].last_used = self.n_uses;
    }

    /// Counts the executions that the GPU was told to make and has not answered.
    pub(super) fn change_in_flight(&mut self, model: ModelId, change: i32) {
        let slot = &mut self.slots[model.index()];
        slot.n_in_flight = slot.n_in_flight.strict_add_signed(change);
    }

    pub(super) fn begin_load(&mut self, model: ModelId, n_pages: u32) {
        self.n_free_pages -= n_pages;
        self.residences[model.index()] = Residence::Loading;
        let slot = &mut self.slots[model.index()];
        slot.place = self.held.len();
        self.held.push(model);
        self.touch(model);
    }

    pub(super) fn finish_load(&mut self, model: ModelId) {
        self.residences[model.index()] = Residence::Loaded;
        self.touch(model);
    }

    /// Gives the pages back, because of an EVICT or of a LOAD that failed.
    pub(super) fn release(&mut self, model: ModelId, n_pages: u32) {
        self.n_free_pages += n_pages;
        self.residences[model.index()] = Residence::Absent;
        let slot = &mut self.slots[model.index()];
        let place = std::mem::replace(&mut slot.place, usize::MAX);
        self.held.swap_remove(place);
        if let Some(moved) = self.held.get(place) {
            self.slots[moved.index()].place = place;
        }
    }

    /// Which model should go: of those with the least worth the least recently used.
    /// None that has no worth given, or is being loaded. None that is being executed
    /// either: the original's would, if all others are wanted too, and fail.
    pub(super) fn victim<W: Ord>(&self, worth: impl Fn(ModelId) -> Option<W>) -> Option<ModelId> {
        let slot = |model: &ModelId| &self.slots[model.index()];
        let idle = self
            .held
            .iter()
            .copied()
            .filter(|model| self.is_loaded(*model) && slot(model).n_in_flight == 0);
        let ranked = idle.filter_map(|model| Some((worth(model)?, slot(&model).last_used, model)));
        ranked.min().map(|(_, _, model)| model)
    }

    /// Executions that were not answered, of any model.
    #[cfg(test)]
    pub(super) fn n_in_flight(&self) -> u32 {
        self.slots.iter().map(|slot| slot.n_in_flight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(n_models: u32) -> Cache {
        let mut cache = Cache::new(100, 10);
        for model in (0..n_models).map(ModelId) {
            cache.begin_load(model, 7);
            cache.finish_load(model);
        }
        cache
    }

    #[test]
    fn pages_are_taken_at_the_decision_and_come_back() {
        let mut cache = holding(3);
        assert_eq!(cache.n_free_pages(), 79);
        cache.begin_load(ModelId(5), 9);
        assert!(cache.holds(ModelId(5)) && !cache.is_loaded(ModelId(5)));
        cache.release(ModelId(5), 9);
        cache.release(ModelId(0), 7);
        assert_eq!((cache.n_free_pages(), cache.holds(ModelId(0))), (86, false));
        assert!(cache.is_loaded(ModelId(1)) && cache.is_loaded(ModelId(2)));
    }

    #[test]
    fn the_least_recently_used_goes_first_and_the_wanted_last() {
        let mut cache = holding(3);
        cache.touch(ModelId(0));
        assert_eq!(cache.victim(|_| Some(false)), Some(ModelId(1)));
        assert_eq!(cache.victim(|model| Some(model == ModelId(1))), Some(ModelId(2)));
        assert_eq!(cache.victim(|_| Some(true)), Some(ModelId(1)));
        assert_eq!(cache.victim(|model| (model == ModelId(0)).then_some(0)), Some(ModelId(0)));
        assert_eq!(cache.victim(|_| None::<u8>), None);
    }

    #[test]
    fn what_is_being_loaded_or_executed_stays() {
        let mut cache = holding(1);
        cache.begin_load(ModelId(5), 9);
        cache.change_in_flight(ModelId(0), 1);
        assert_eq!(cache.victim(|_| Some(false)), None);
        cache.change_in_flight(ModelId(0), -1);
        assert_eq!(cache.victim(|_| Some(false)), Some(ModelId(0)));
    }
}
