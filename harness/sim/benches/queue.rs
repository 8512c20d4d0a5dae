//! How many events a second the queue takes and puts in, by how many it holds.
//!
//! The classic hold model: each event that is taken puts in another one, a random
//! time later. Beside it the same on the standard library's heap of plain pairs,
//! which neither keeps ties in order nor a clock: what our order costs.

use std::{cmp::Reverse, collections::BinaryHeap, hint::black_box, time::Instant};

use rand::RngExt as _;
use rand_pcg::Pcg64Mcg;
use sim::EventQueue;

const N_EVENTS: u64 = 4_000_000;

fn main() {
    for n_held in [100, 10_000, 1_000_000] {
        let (queue, pairs) = (hold(n_held), hold_pairs(n_held));
        eprintln!(
            "queue, {n_held} held: {:.2} million events/s ({:.2} of a heap of pairs)",
            queue / 1e6,
            queue / pairs
        );
    }
}

fn hold(n_held: u32) -> f64 {
    let mut random = Pcg64Mcg::new(7);
    let mut queue = EventQueue::new();
    (0..n_held).for_each(|event| queue.at(random.random_range(0..1_000_000), event));
    rate(|| {
        let (now, event) = queue.next().expect("each event has a successor");
        queue.at(now + random.random_range(0..1_000_000), event);
        event
    })
}

fn hold_pairs(n_held: u32) -> f64 {
    let mut random = Pcg64Mcg::new(7);
    let mut heap = BinaryHeap::new();
    (0..n_held).for_each(|event| heap.push(Reverse((random.random_range(0..1_000_000), event))));
    rate(|| {
        let Reverse((now, event)) = heap.pop().expect("each event has a successor");
        heap.push(Reverse((now + random.random_range(0..1_000_000_u64), event)));
        event
    })
}

/// Events per second.
fn rate(mut hold_one: impl FnMut() -> u32) -> f64 {
    let began = Instant::now();
    for _ in 0..N_EVENTS {
        black_box(hold_one());
    }
    N_EVENTS as f64 / began.elapsed().as_secs_f64()
}
