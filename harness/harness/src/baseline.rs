//! Earlier results of this machine: times compare only with themselves.
//!
//! The committed snapshot holds what travels between machines. Everything else
//! is kept per machine fingerprint beside the results. The first run on a
//! machine becomes its baseline; a later run says what shifted against it, and
//! adds what the baseline lacks.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use stats::{Estimate, shifted};

use crate::{
    analysis::{Basis, Measure},
    run_dir::{Machine, write_json},
};

/// The measures of one experiment, profile and target on one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    machine: Machine,
    measures: BTreeMap<String, Estimate>,
}

/// Compares with this machine's baseline, or makes one; returns lines to say.
///
/// # Errors
/// If a stored baseline cannot be read, or a new one not written.
pub(crate) fn compare(
    results: &Path,
    name: &str,
    machine: &Machine,
    measures: &BTreeMap<String, Measure>,
) -> anyhow::Result<Vec<String>> {
    let local: BTreeMap<_, _> = measures
        .iter()
        .filter(|(_, measure)| measure.basis != Basis::Counted)
        .map(|(name, measure)| (name.clone(), measure.estimate))
        .collect();
    let path = path(results, name, machine);
    let Some(mut baseline) = stored(&path)? else {
        keep(&path, &Baseline { machine: machine.clone(), measures: local })?;
        return Ok(vec!["no baseline for this machine: this run becomes it".into()]);
    };
    let lines = shifts(&baseline.measures, &local);
    let n_known = baseline.measures.len();
    for (name, estimate) in local {
        baseline.measures.entry(name).or_insert(estimate);
    }
    // An earlier run may have lacked a point, or the experiment a measure.
    if baseline.measures.len() > n_known {
        keep(&path, &baseline)?;
    }
    Ok(lines)
}

fn stored(path: &Path) -> anyhow::Result<Option<Baseline>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    let baseline = serde_json::from_slice(&text)
        .with_context(|| format!("parse {}\n(hint: remove it)", path.display()))?;
    Ok(Some(baseline))
}

fn keep(path: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    let dir = path.parent().expect("the file lies in a folder of its machine");
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    write_json(path, baseline)
}

fn path(results: &Path, name: &str, machine: &Machine) -> PathBuf {
    results.join("baselines").join(machine.fingerprint()).join(format!("{name}.json"))
}

fn shifts(old: &BTreeMap<String, Estimate>, new: &BTreeMap<String, Estimate>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, now) in new {
        let Some(before) = old.get(name) else { continue };
        if let (Some(was), Some(is)) = (&before.interval, &now.interval)
            && shifted(was, is)
        {
            lines.push(format!(
                "{name} shifted on this machine: {:.3} [{:.3}, {:.3}], was {:.3} [{:.3}, {:.3}]",
                now.value, is.low, is.high, before.value, was.low, was.high
            ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::mean;

    fn measures(samples: &[f64]) -> BTreeMap<String, Measure> {
        let estimate = mean(samples).unwrap();
        let measure = Measure { estimate, unit: "s".into(), basis: Basis::Timed };
        [("time".to_owned(), measure)].into()
    }

    fn machine() -> Machine {
        Machine { cpu: "a".into(), cores: 2, memory_bytes: 1, kernel: "6".into(), governor: None }
    }

    #[test]
    fn the_first_run_becomes_the_baseline_and_later_ones_say_what_shifted() {
        let dir = tempfile::tempdir().unwrap();
        let said = |samples: &[f64]| {
            compare(dir.path(), "toy@smoke-local", &machine(), &measures(samples)).unwrap()
        };
        assert_eq!(said(&[1.0, 1.01, 0.99]), ["no baseline for this machine: this run becomes it"]);
        assert!(said(&[1.0, 1.02, 0.98]).is_empty());
        let shift = said(&[1.2, 1.21, 1.19]);
        assert!(shift[0].starts_with("time shifted on this machine: 1.200 ["), "{shift:?}");
    }

    #[test]
    fn a_measure_that_the_baseline_lacks_is_added_and_compared_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let said = |measures: &BTreeMap<String, Measure>| {
            compare(dir.path(), "toy@smoke-local", &machine(), measures).unwrap()
        };
        said(&BTreeMap::new());
        assert!(said(&measures(&[1.0, 1.01, 0.99])).is_empty());
        assert_eq!(said(&measures(&[1.2, 1.21, 1.19])).len(), 1);
    }

    #[test]
    fn another_machine_has_a_baseline_of_its_own() {
        let other = Machine { cores: 4, ..machine() };
        assert_ne!(machine().fingerprint(), other.fingerprint());
    }
}
