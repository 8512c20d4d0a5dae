//! The controller: it connects clients, the scheduler and workers. First models are
//! loaded, then inferences served.

mod config;
mod loading;
mod mail;
mod process;
mod recording;
mod serving;
mod workers;

pub use config::Config;
pub use process::{Controller, Ended, Stopper};
pub use recording::{Replayed, replay};
