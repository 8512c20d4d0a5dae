//! What a command can end in, and its exit code.

use std::{io, process::ExitCode};

use targets::target;

/// A failure of a kind that a script would want to tell apart.
///
/// Everything else that goes wrong is an `anyhow::Error` without one of these
/// in its chain and counts as [`Outcome::TrialFailed`].
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// What was typed cannot be carried out: an unknown name, key or value.
    #[error("{0}")]
    Usage(String),
    /// The machine or the environment lacks something.
    #[error("{0}")]
    Unavailable(String),
}

impl Fault {
    /// A usage error as `anyhow::Error`.
    pub fn usage(text: impl Into<String>) -> anyhow::Error {
        Self::Usage(text.into()).into()
    }

    /// A shortfall of the environment as `anyhow::Error`.
    pub fn unavailable(text: impl Into<String>) -> anyhow::Error {
        Self::Unavailable(text.into()).into()
    }
}

/// How a command ended; the order is that of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All as expected; inconclusive and not exercised claims included.
    AsExpected,
    /// A claim is refuted, or the results differ from the accepted ones.
    Differs,
    /// A trial failed or stayed invalid.
    TrialFailed,
    /// The environment lacks something.
    Unavailable,
    /// What was typed makes no sense.
    Usage,
    /// Interrupted by SIGINT, after cleaning up.
    Interrupted,
    /// Terminated by SIGTERM, after cleaning up.
    Terminated,
}

impl Outcome {
    /// The documented exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Differs => 1,
            Self::Usage => 2,
            Self::Unavailable => 3,
            Self::TrialFailed => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The outcome of a command that ended with this error.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<Fault>() {
            Some(Fault::Usage(_)) => Self::Usage,
            Some(Fault::Unavailable(_)) => Self::Unavailable,
            None if is_for_want_of_the_place(error) => Self::Unavailable,
            None => Self::TrialFailed,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// Whether the place of the run is the reason: its disk takes no more, or where
/// instances run went away. Then no further trial could do better.
pub(crate) fn is_for_want_of_the_place(error: &anyhow::Error) -> bool {
    is_disk_full(error) || is_away(error)
}

/// Whether the place where instances run went away.
pub(crate) fn is_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.is::<target::Unavailable>())
        || error.is::<target::Unavailable>()
}

/// Whether something could not be written because the disk takes no more.
pub(crate) fn is_disk_full(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let kinds = error.chain().filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.into_iter().any(|kind| matches!(kind, FileTooLarge | QuotaExceeded | StorageFull))
}

/// The known name nearest to a mistyped one, if any is near.
#[must_use]
pub(crate) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(typed.len()) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The second line of an error about an unknown name.
#[must_use]
pub(crate) fn hint<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(typed, known.clone()) {
        Some(name) => format!("(hint: did you mean `{name}`?)"),
        None => {
            let known: Vec<_> = known.into_iter().collect();
            format!("(hint: there is {})", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_nearest(typed: &str, expected: Option<&str>) {
        assert_eq!(nearest(typed, ["sgd", "matrices", "tf-lat"]), expected);
    }

    #[test]
    fn a_slip_of_the_fingers_finds_its_name() {
        check_nearest("sdg", Some("sgd"));
        check_nearest("matrix", Some("matrices"));
    }

    #[test]
    fn a_different_word_finds_nothing() {
        check_nearest("throughput", None);
    }

    #[test]
    fn a_fault_keeps_its_exit_code_under_context() {
        let error = Fault::usage("no such thing").context("read the profile");
        assert_eq!(Outcome::of(&error).code(), 2);
        assert_eq!(Outcome::of(&anyhow::anyhow!("broken")).code(), 4);
    }

    #[test]
    fn a_full_disk_is_a_lack_of_the_environment() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Outcome::of(&anyhow::Error::from(full).context("write a file")).code(), 3);
        let other = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(Outcome::of(&other.into()).code(), 4);
    }

    #[test]
    fn a_target_that_went_away_is_a_lack_of_the_environment() {
        let away = anyhow::Error::new(target::Unavailable("no daemon".into()));
        assert_eq!(Outcome::of(&away.context("start a worker").context("trial 1")).code(), 3);
        let context = anyhow::anyhow!("refused").context(target::Unavailable("no daemon".into()));
        assert_eq!(Outcome::of(&context).code(), 3);
    }
}
