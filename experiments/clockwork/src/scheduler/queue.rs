//! The requests of one model that wait, first come, first served.

use std::collections::VecDeque;

use crate::{message::Request, time::Nanos};

/// A request that waits for its execution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) arrival: Nanos,
    /// When its execution must be complete.
    pub(super) deadline: Nanos,
    /// When its answer was promised.
    pub(super) response_deadline: Nanos,
    /// What it adds to its model's demand for execution and for weights.
    pub(super) exec_demand: Nanos,
    pub(super) load_demand: Nanos,
    /// On how many GPUs the model was loaded when it came.
    pub(super) arrival_count: u32,
}

/// The queue. Requests are numbered as they come, without gaps.
#[derive(Debug, Default)]
pub(super) struct Queue {
    first: u64,
    /// Nothing is where a request has left out of turn.
    places: VecDeque<Option<Waiting>>,
    n_waiting: usize,
}

impl Queue {
    /// Adds a request and returns its number.
    pub(super) fn push(&mut self, waiting: Waiting) -> u64 {
        self.places.push_back(Some(waiting));
        self.n_waiting += 1;
        self.first + self.places.len() as u64 - 1
    }

    pub(super) fn len(&self) -> usize {
        self.n_waiting
    }

    /// The request of this number, if it still waits.
    pub(super) fn get(&self, number: u64) -> Option<&Waiting> {
        let place = number.checked_sub(self.first)?;
        self.places.get(usize::try_from(place).ok()?)?.as_ref()
    }

    /// How many came with this number or later.
    pub(super) fn n_from(&self, number: u64) -> u64 {
        (self.first + self.places.len() as u64).saturating_sub(number)
    }

    /// The first request and its number.
    pub(super) fn front(&self) -> Option<(u64, &Waiting)> {
        // The first place is never empty.
        self.places.front()?.as_ref().map(|waiting| (self.first, waiting))
    }

    pub(super) fn pop_front(&mut self) -> Option<Waiting> {
        let waiting = self.places.pop_front()?;
        self.first += 1;
        self.n_waiting -= 1;
        self.drop_empty_places();
        waiting
    }

    /// Takes out the request of this number, wherever it is.
    pub(super) fn remove(&mut self, number: u64) -> Option<Waiting> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let waiting = self.places.get_mut(place)?.take()?;
        self.n_waiting -= 1;
        self.drop_empty_places();
        Some(waiting)
    }

    /// Who waits with their numbers, in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Waiting)> {
        let numbered = self.places.iter().enumerate();
        numbered.filter_map(|(at, place)| Some((self.first + at as u64, place.as_ref()?)))
    }

    fn drop_empty_places(&mut self) {
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ModelId;

    fn queue_of(n_requests: u64) -> Queue {
        let mut queue = Queue::default();
        for id in 0..n_requests {
            let request = Request { id, user_id: 0, model: ModelId(0), slo_factor: 0.0 };
            let waiting = Waiting {
                request,
                arrival: 0,
                deadline: 0,
                response_deadline: 0,
                exec_demand: 0,
                load_demand: 0,
                arrival_count: 0,
            };
            assert_eq!(queue.push(waiting), id);
        }
        queue
    }

    #[test]
    fn requests_leave_in_the_order_of_their_coming() {
        let mut queue = queue_of(3);
        let ids: Vec<_> =
            std::iter::from_fn(|| queue.pop_front()).map(|one| one.request.id).collect();
        assert_eq!(ids, [0, 1, 2]);
        assert_eq!(queue.push(queue_of(1).pop_front().unwrap()), 3);
    }

    #[test]
    fn one_that_left_out_of_turn_is_passed_over() {
        let mut queue = queue_of(4);
        assert!(queue.remove(1).is_some() && queue.remove(1).is_none());
        assert_eq!((queue.len(), queue.n_from(1)), (3, 3));
        assert_eq!(queue.pop_front().map(|one| one.request.id), Some(0));
        assert_eq!(queue.front().map(|(number, _)| number), Some(2));
        assert!(queue.get(1).is_none() && queue.get(3).is_some());
    }
}
