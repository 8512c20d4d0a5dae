//! Where collected logs lie, and all that is in them.

use std::path::{Path, PathBuf};

use super::{error::LogError, read::read};
use crate::{
    telemetry::{ActionRow, Aggregate, RequestRow},
    time::Nanos,
};

/// The two logs of one controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFiles {
    /// Its requests.
    pub requests: PathBuf,
    /// Its actions.
    pub actions: PathBuf,
}

impl LogFiles {
    /// The names that a controller gives to the logs that it writes.
    #[must_use]
    pub fn written(folder: &Path) -> Self {
        let path = |kind| folder.join(format!("clockwork_{kind}_log.tsv"));
        Self { requests: path("request"), actions: path("action") }
    }

    /// The names that the original's scripts give to the logs of configuration
    /// `index`, counted from 1, when they collect them.
    #[must_use]
    pub fn of(folder: &Path, index: u32) -> Self {
        let path = |kind| folder.join(format!("file=controller_{index}_{kind}.tsv"));
        Self { requests: path("request"), actions: path("action") }
    }

    /// The same, compressed.
    #[must_use]
    pub fn compressed(&self) -> Self {
        let compressed = |path: &Path| path.with_added_extension("gz");
        Self { requests: compressed(&self.requests), actions: compressed(&self.actions) }
    }

    /// These, or where they are not there, the same compressed; nothing if one of them is
    /// there in neither form.
    fn existing(self) -> Option<Self> {
        let compressed = self.compressed();
        let requests = first_file([self.requests, compressed.requests])?;
        let actions = first_file([self.actions, compressed.actions])?;
        Some(Self { requests, actions })
    }

    /// The time from which both logs have rows, where a window over them begins;
    /// nothing if one has none.
    ///
    /// # Errors
    /// As [`read`].
    pub fn start(&self) -> Result<Option<Nanos>, LogError> {
        let (mut request, mut action) = (None, None);
        let earlier = |first: &mut Option<Nanos>, t: Nanos| {
            *first = Some(first.map_or(t, |first| first.min(t)));
        };
        read(&self.requests, |row: RequestRow| earlier(&mut request, row.t))?;
        read(&self.actions, |row: ActionRow| earlier(&mut action, row.t))?;
        Ok(request.zip(action).map(|(request, action)| request.max(action)))
    }

    /// Takes every row into an aggregate.
    ///
    /// # Errors
    /// As [`read`].
    pub fn aggregate(&self, aggregate: &mut Aggregate) -> Result<(), LogError> {
        read(&self.requests, |row: RequestRow| aggregate.request(&row))?;
        read(&self.actions, |row: ActionRow| aggregate.action(&row))?;
        Ok(())
    }
}

/// All logs in a folder, each with a name: those that were [`collected`], such as
/// `controller_1`, or else those that a controller wrote there itself, as `clockwork`.
#[must_use]
pub fn named(folder: &Path) -> Vec<(String, LogFiles)> {
    let collected = collected(folder).into_iter();
    let mut all: Vec<_> =
        (1..).zip(collected).map(|(index, logs)| (format!("controller_{index}"), logs)).collect();
    if all.is_empty() {
        let path = |kind| folder.join(format!("clockwork_{kind}_log.tsv"));
        let plain = LogFiles { requests: path("request"), actions: path("action") };
        all.extend(plain.existing().map(|logs| ("clockwork".to_owned(), logs)));
    }
    all
}

/// The logs collected in a folder: those of 1, 2 and so on, while both exist. Each
/// may be compressed, with `.gz` at its name's end.
#[must_use]
pub fn collected(folder: &Path) -> Vec<LogFiles> {
    (1..).map_while(|index| LogFiles::of(folder, index).existing()).collect()
}

fn first_file(paths: [PathBuf; 2]) -> Option<PathBuf> {
    paths.into_iter().find(|path| path.is_file())
}
