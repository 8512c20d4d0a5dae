//! The life of a run: plan, trials, validity, interruption.

mod conditions;
mod engine;
mod interrupt;
pub(crate) mod plan;
mod trial;
mod unused;
pub(crate) mod validity;

pub(crate) use engine::{Finished, Request, carry_out};
pub(crate) use interrupt::{Interrupt, Signal};
