//! What a guest may ask of its runtime, apart from how guests and hosts pass arguments.

mod context;
mod held_locks;
mod state;

pub use context::{Chain, Context, clock_ns};
