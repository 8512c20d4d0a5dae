//! One run's directory: the only place that knows its file names.

mod durable;
mod hex;
mod layout;
mod machine;
mod manifest;
mod provenance;
mod trial_file;

pub(crate) use durable::{write_durably, write_json};
pub(crate) use hex::hex;
pub(crate) use layout::{DIRTY_PATCH, RunDir};
pub(crate) use machine::Machine;
pub(crate) use manifest::Manifest;
pub(crate) use provenance::Provenance;
pub(crate) use trial_file::{Attempt, TrialStatus};
