//! One run's directory: the only place that knows its file names.

mod durable;
mod layout;
mod machine;
mod manifest;
mod trial_file;

pub(crate) use durable::{write_durably, write_json};
pub(crate) use layout::RunDir;
pub(crate) use machine::Machine;
pub(crate) use manifest::hex;
pub(crate) use manifest::{Manifest, Provenance};
pub(crate) use trial_file::{Attempt, TrialStatus};
