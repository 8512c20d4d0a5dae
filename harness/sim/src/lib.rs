//! A virtual clock and its queue of events, for cores that have no I/O of their own.
//!
//! ```
//! let mut queue = sim::EventQueue::new();
//! queue.at(30, "answer");
//! queue.at(10, "ask");
//! assert_eq!(queue.next(), Some((10, "ask")));
//! assert_eq!(queue.now_ns(), 10);
//! ```

mod queue;

pub use queue::EventQueue;
