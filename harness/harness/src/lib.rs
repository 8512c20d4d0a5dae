//! The facade that an experiment imports: profiles, the runner, the run
//! directory, data sets, claims, the report.
//!
//! It knows no paper: experiments come in through [`main`], targets through
//! the environment, and they never meet elsewhere.

pub mod analysis;
mod backends;
mod baseline;
mod bed;
pub mod claim;
pub mod dataset;
mod driver;
pub mod estimate;
mod experiment;
mod fault;
mod foreign;
mod one_or_many;
mod profile;
mod progress;
mod report;
mod run;
mod run_dir;
mod runner;
mod snapshot;

pub use async_trait::async_trait;
pub use bed::{Bed, Role};
pub use driver::housekeeping;
pub use experiment::{AnyExperiment, Experiment, Measured, PointId, System};
pub use fault::{Fault, Outcome};
pub use foreign::{DataFile, ForeignPart, ForeignRun, Stretch};
pub use one_or_many::one_or_many;
pub use runner::main;
pub use stats;
pub use targets::{
    fault::{BitRate, Means},
    role::{Instance, Probe},
    usage::Usage,
};
