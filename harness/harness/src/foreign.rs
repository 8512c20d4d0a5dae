//! What another tool has written of a system, for a report like that of a run.

use std::{path::Path, time::Duration};

use crate::analysis::Analysis;

/// A kind of directory that another tool writes, and what is made of it.
pub trait ForeignRun: Send + Sync {
    /// What it is, such as `telemetry of a controller`.
    fn about(&self) -> &'static str;

    /// Whether a directory is one; looks at names of files, not into them.
    fn recognises(&self, dir: &Path) -> bool;

    /// What is in it, in the order in which it is shown.
    ///
    /// # Errors
    /// If a file is malformed, or nothing is left after the lead-in.
    fn analyse(&self, dir: &Path, stretch: &Stretch) -> anyhow::Result<Vec<ForeignPart>>;
}

/// The part of a directory's time that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// What is left out at the beginning.
    pub lead_in: Duration,
    /// How long what is looked at lasts; all there is if nothing is said.
    pub duration: Option<Duration>,
    /// One point of a figure over time; not 0.
    pub bucket: Duration,
}

/// Something of its own in such a directory, such as one configuration of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignPart {
    /// Names a folder.
    pub name: String,
    /// Its table and figures; measures are not shown, since no claim is judged.
    pub analysis: Analysis,
    /// Files with the data of the figures.
    pub files: Vec<DataFile>,
}

/// A file with data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub text: String,
}
