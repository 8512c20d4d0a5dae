//! The accepted results, as a reviewed snapshot that noise does not change.
//!
//! A snapshot is a text of one line per fact. Before it is compared, every
//! line whose fact did not really change is replaced by the stored one: an
//! interval that overlaps the accepted one is the same result. What is left
//! over is a shift, and `cargo insta review` shows it.

use std::{collections::BTreeMap, fmt, io::ErrorKind, path::Path};

use anyhow::Context as _;
use stats::Interval;

use crate::{
    analysis::{Basis, Measure},
    claim::{Judged, Verdict},
    report::Findings,
    run::Request,
};

/// By this share of itself each end of an interval is moved outwards, in what
/// is accepted and in what is found: a probe more or less changes the bytes on
/// a socket. So results are news once a gap of twice this share lies between.
const SLACK: f64 = 0.05;

/// Whether a run is what its profile says, without `--set` or `--points`: only
/// such runs compare with one another.
#[must_use]
pub(crate) fn is_whole(request: &Request) -> bool {
    request.overrides.is_empty() && request.points.is_empty()
}

/// Whether a run has a snapshot: a whole one in its target's plain environment.
#[must_use]
pub(crate) fn applies(request: &Request) -> bool {
    is_whole(request) && environment_name(request) == request.environment.target
}

/// Compares findings with the accepted ones. A difference is written beside
/// the snapshot as `.snap.new`, unless INSTA_UPDATE says otherwise.
///
/// # Errors
/// If the stored snapshot cannot be read.
pub(crate) fn agrees(request: &Request, findings: &Findings) -> anyhow::Result<bool> {
    let dir = Path::new(request.system.package_dir).join("tests/experiments/snapshots");
    let name = name(request);
    let found = Facts::of(&findings.judged, &findings.analysis.measures);
    matches_stored(&dir, &name, &found)
}

/// What results are kept under: experiment, profile and environment, which has
/// its target's name if it is the plain one.
#[must_use]
pub(crate) fn name(request: &Request) -> String {
    let environment = environment_name(request);
    format!("{}@{}-{environment}", request.experiment.name(), request.profile.name)
}

/// The name of an environment's file without folder and ending.
fn environment_name(request: &Request) -> String {
    let file = Path::new(&request.profile.env).file_stem().unwrap_or_default();
    file.to_string_lossy().into_owned()
}

/// Compares with the snapshot `name` in `dir`; false if it differs or is new.
fn matches_stored(dir: &Path, name: &str, found: &Facts) -> anyhow::Result<bool> {
    let stored = stored_text(&dir.join(format!("{name}.snap")))?;
    let text = match stored {
        Some(stored) => found.settled_on(&Facts::parse(&stored)).to_string(),
        None => found.to_string(),
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(dir);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    Ok(without_panic(|| settings.bind(|| insta::assert_snapshot!(name, text))))
}

/// Whether an assertion holds. insta shows the difference and then panics; here
/// a difference is an outcome, so the panic's own message would only puzzle.
fn without_panic(assertion: impl FnOnce()) -> bool {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let holds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(assertion)).is_ok();
    std::panic::set_hook(hook);
    holds
}

/// The text of a snapshot file, without its header; none if there is no file.
fn stored_text(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("read the accepted results in {}", path.display()));
        }
    };
    Ok(text.splitn(3, "---\n").nth(2).map(str::to_owned))
}

/// What a snapshot holds: verdicts by claim, accepted intervals by measure.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    verdicts: BTreeMap<String, String>,
    ratios: BTreeMap<String, Interval>,
}

impl Facts {
    /// The facts among findings that travel between machines.
    #[must_use]
    pub(crate) fn of(judged: &[Judged], measures: &BTreeMap<String, Measure>) -> Self {
        let verdicts = judged.iter().map(|one| (one.claim.id.clone(), one.verdict.word().into()));
        let ratios = measures
            .iter()
            .filter(|(_, measure)| measure.basis == Basis::Counted && measure.unit == "1")
            .filter_map(|(name, measure)| {
                measure.estimate.interval.map(|interval| (name.clone(), interval.widened(SLACK)))
            });
        Self { verdicts: verdicts.collect(), ratios: ratios.collect() }
    }

    fn parse(text: &str) -> Self {
        let mut facts = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("claim"), Some(id)) => {
                    let verdict = words.collect::<Vec<_>>().join(" ");
                    facts.verdicts.insert(id.to_owned(), verdict);
                }
                (Some("ratio"), Some(name)) => {
                    let mut bound = || words.find_map(|word| word.parse::<f64>().ok());
                    if let (Some(low), Some(high)) = (bound(), bound()) {
                        let interval = Interval { low, high, confidence: 0.95 };
                        facts.ratios.insert(name.to_owned(), interval);
                    }
                }
                _ => {}
            }
        }
        facts
    }

    /// These facts, each replaced by the stored one where nothing really changed.
    #[must_use]
    fn settled_on(&self, stored: &Self) -> Self {
        let mut settled = self.clone();
        for (name, interval) in &mut settled.ratios {
            if let Some(accepted) = stored.ratios.get(name).filter(|old| old.overlaps(interval)) {
                *interval = *accepted;
            }
        }
        for (id, verdict) in &mut settled.verdicts {
            if let Some(accepted) = stored.verdicts.get(id).filter(|old| may_stand(old, verdict)) {
                verdict.clone_from(accepted);
            }
        }
        settled
    }
}

/// Whether the accepted verdict stands although this run says `found`. What a
/// machine lacks is no result, and an interval that straddles the bound does
/// not contradict one that did not; only a refutation, or its end, is news.
fn may_stand(accepted: &str, found: &str) -> bool {
    let refuted = Verdict::Refuted.word();
    (accepted == refuted) == (found == refuted)
}

impl fmt::Display for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, verdict) in &self.verdicts {
            writeln!(formatter, "claim {id} {verdict}")?;
        }
        for (name, Interval { low, high, .. }) in &self.ratios {
            writeln!(formatter, "ratio {name} {} to {}", digits(*low), digits(*high))?;
        }
        Ok(())
    }
}

/// Four decimals, or of a small number four digits: rounded to zero it would
/// never be found again.
fn digits(bound: f64) -> String {
    let is_small = bound != 0.0 && bound.abs() < 0.01;
    if is_small { format!("{bound:.3e}") } else { format!("{bound:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(verdict: &str, low: f64, high: f64) -> Facts {
        Facts {
            verdicts: [("c1".to_owned(), verdict.to_owned())].into(),
            ratios: [("ratio@workers=2".to_owned(), Interval { low, high, confidence: 0.95 })]
                .into(),
        }
    }

    #[track_caller]
    fn check(found: &Facts, accepted: &Facts, same: bool) {
        assert_eq!(found.settled_on(accepted) == *accepted, same);
    }

    #[test]
    fn facts_survive_their_text() {
        let facts = facts("not exercised", 0.5, 0.75);
        assert_eq!(Facts::parse(&facts.to_string()), facts);
    }

    #[test]
    fn a_small_ratio_is_found_again() {
        let small = facts("reproduced", 2.0e-5, 3.0e-5);
        let accepted = Facts::parse(&small.to_string());
        assert_eq!(accepted, small);
        assert_eq!(facts("reproduced", 2.9e-5, 4.0e-5).settled_on(&accepted), accepted);
    }

    #[test]
    fn accepted_results_that_cannot_be_read_are_an_error_and_none_is_none() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(stored_text(&dir.path().join("none.snap")).unwrap(), None);
        let error = stored_text(dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("read the accepted results in "), "{error}");
    }

    #[test]
    fn an_overlapping_interval_is_the_same_result() {
        check(&facts("reproduced", 0.6, 0.8), &facts("reproduced", 0.5, 0.7), true);
    }

    #[test]
    fn a_shifted_interval_is_news() {
        check(&facts("reproduced", 0.8, 0.9), &facts("reproduced", 0.5, 0.7), false);
    }

    #[test]
    fn what_this_machine_lacks_is_no_news() {
        check(&facts("not exercised", 0.5, 0.7), &facts("reproduced", 0.5, 0.7), true);
        check(&facts("inconclusive", 0.5, 0.7), &facts("not exercised", 0.5, 0.7), true);
    }

    #[test]
    fn a_refutation_and_its_end_are_news() {
        check(&facts("refuted", 0.5, 0.7), &facts("reproduced", 0.5, 0.7), false);
        check(&facts("reproduced", 0.5, 0.7), &facts("refuted", 0.5, 0.7), false);
    }
}
