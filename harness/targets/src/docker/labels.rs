//! The labels of what we make in a daemon, by which it is known for ours.

use std::collections::HashMap;

use crate::label::RunLabel;

/// Holds the run's label.
pub(crate) const RUN: &str = "io.github.reprise.run";

/// Holds the name of the instance, unique in the run, such as `t1-worker-0`.
pub(crate) const INSTANCE: &str = "io.github.reprise.instance";

/// Marks a cached image, which outlives runs; it holds the image's content key.
pub(crate) const CACHED_IMAGE: &str = "io.github.reprise.image";

/// What the daemon calls a set of labels.
pub(crate) type Labels = HashMap<String, String>;

/// The label of a run's resource.
pub(crate) fn of_run(label: &RunLabel) -> Labels {
    Labels::from([(RUN.to_owned(), label.to_string())])
}

/// Whose a resource with these labels is; `None` if it is no run's.
pub(crate) fn run(labels: Option<&Labels>) -> Option<RunLabel> {
    RunLabel::parse(labels?.get(RUN)?).ok()
}
