//! Events in order of their time, and the clock that moves from one to the next.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A virtual clock that begins at 0, and what is to happen when.
///
/// Events come out in order of their times, those of one time in the order in
/// which they were put in, so a simulation is the same each time it is run. The
/// clock moves only when an event is taken, and never backwards.
#[derive(Debug, Clone)]
pub struct EventQueue<E> {
    now_ns: u64,
    n_inserted: u64,
    heap: BinaryHeap<Entry<E>>,
}

impl<E> EventQueue<E> {
    /// A clock at 0 for which nothing is to happen.
    #[must_use]
    pub fn new() -> EventQueue<E> {
        EventQueue { now_ns: 0, n_inserted: 0, heap: BinaryHeap::new() }
    }

    /// Lets `event` happen at `time_ns`, which may be now: then it comes after all
    /// that is to happen now already.
    ///
    /// # Panics
    /// If that time is past: an event before its cause is an error of the simulation.
    pub fn at(&mut self, time_ns: u64, event: E) {
        assert!(
            time_ns >= self.now_ns,
            "an event at {time_ns} ns was put in when the clock was at {} ns",
            self.now_ns
        );
        self.heap.push(Entry { time_ns, sequence: self.n_inserted, event });
        self.n_inserted += 1;
    }

    /// Takes the next event and moves the clock to its time, which is returned too.
    #[expect(
        clippy::should_implement_trait,
        reason = "events are put in while others are taken, which no `for` loop allows"
    )]
    pub fn next(&mut self) -> Option<(u64, E)> {
        let entry = self.heap.pop()?;
        self.now_ns = entry.time_ns;
        Some((entry.time_ns, entry.event))
    }

    /// When the next event is to happen.
    #[must_use]
    pub fn peek_time(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.time_ns)
    }

    /// The time of the event that was taken last; 0 before the first.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// How many events are still to happen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is left to happen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Clone)]
struct Entry<E> {
    time_ns: u64,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    fn key(&self) -> (u64, u64) {
        (self.time_ns, self.sequence)
    }
}

/// The earlier one is the greater, as the heap gives out its greatest.
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;
    use rand_pcg::Pcg64;

    use super::*;

    fn drained(mut queue: EventQueue<u32>) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| queue.next()).collect()
    }

    #[test]
    fn events_come_in_order_of_their_times() {
        let mut queue = EventQueue::new();
        for time in [5, 1, 4] {
            queue.at(time, time as u32);
        }
        assert_eq!((queue.peek_time(), queue.len()), (Some(1), 3));
        assert_eq!(drained(queue), [(1, 1), (4, 4), (5, 5)]);
    }

    #[test]
    fn events_of_one_time_come_in_the_order_of_their_insertion() {
        let mut queue = EventQueue::new();
        for event in 0..100 {
            queue.at(7, event);
        }
        let events: Vec<u32> = drained(queue).into_iter().map(|(_, event)| event).collect();
        assert!(events.into_iter().eq(0..100));
    }

    #[test]
    fn random_events_come_as_a_stable_sort_has_them() {
        let mut random = Pcg64::new(7, 0);
        let mut events: Vec<(u64, u32)> =
            (0..10_000).map(|nth| (random.random_range(0..500), nth)).collect();
        let mut queue = EventQueue::default();
        events.iter().for_each(|(time, nth)| queue.at(*time, *nth));
        events.sort_by_key(|(time, _)| *time);
        assert_eq!(drained(queue), events);
    }

    #[test]
    fn the_clock_moves_when_an_event_is_taken_and_not_before() {
        let mut queue = EventQueue::new();
        queue.at(3, ());
        assert_eq!(queue.now_ns(), 0);
        assert_eq!(queue.next(), Some((3, ())));
        assert_eq!((queue.now_ns(), queue.is_empty()), (3, true));
        assert_eq!(queue.next(), None);
        assert_eq!(queue.now_ns(), 3);
    }

    #[test]
    fn an_event_may_cause_one_at_its_own_time_which_comes_last() {
        let mut queue = EventQueue::new();
        queue.at(3, "cause");
        queue.at(3, "other");
        queue.next();
        queue.at(3, "effect");
        assert_eq!(queue.next(), Some((3, "other")));
        assert_eq!(queue.next(), Some((3, "effect")));
    }

    #[test]
    #[should_panic(expected = "an event at 4 ns was put in when the clock was at 5 ns")]
    fn an_event_of_the_past_is_refused() {
        let mut queue = EventQueue::new();
        queue.at(5, ());
        queue.next();
        queue.at(4, ());
    }
}
