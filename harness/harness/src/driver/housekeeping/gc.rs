//! `gc`: removing what killed runs left behind, and on request the caches.

use std::{collections::BTreeSet, path::PathBuf};

use clap::Args;
use targets::{
    catalog,
    gc::{self, Mode, Report},
    ledger::Contents,
    registry::Registry,
    settings::Settings,
};

use crate::{backends, driver::exp::print, fault::Outcome, run_dir::RunDir};

#[derive(Debug, Args)]
pub(super) struct GcArgs {
    /// A ledger or a run's directory; default: every run of this user
    path: Option<PathBuf>,
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Remove the images that runs share, too; the next run makes its own again
    #[arg(long, conflicts_with = "dry_run")]
    images: bool,
}

impl GcArgs {
    fn mode(&self) -> Mode {
        if self.dry_run { Mode::DryRun } else { Mode::Remove }
    }

    fn ledger(&self) -> anyhow::Result<Option<PathBuf>> {
        let Some(path) = &self.path else { return Ok(None) };
        Ok(Some(if path.is_dir() { RunDir::open(path)?.ledger() } else { path.clone() }))
    }
}

/// Cleans up and says what was done.
pub(super) fn collect(args: &GcArgs) -> anyhow::Result<Outcome> {
    let registry = Registry::of_user()?;
    let ledger = args.ledger()?;
    let (report, cleared) = tokio::runtime::Runtime::new()?.block_on(async {
        let report = match &ledger {
            Some(ledger) => {
                Report { runs: vec![gc::gc_ledger(ledger, &registry, args.mode()).await?] }
            }
            None => gc::gc(&registry, args.mode()).await?,
        };
        let cleared = if args.images { clear_caches().await? } else { String::new() };
        anyhow::Ok((report, cleared))
    })?;
    print(&format!("{report}{cleared}"));
    Ok(if report.is_clean() { Outcome::AsExpected } else { Outcome::TrialFailed })
}

/// Prints the features that [`collect`] needs with the same arguments.
pub(super) fn features(args: &GcArgs) -> anyhow::Result<Outcome> {
    let ledgers = match args.ledger()? {
        Some(ledger) => vec![ledger],
        None => Registry::of_user()?.runs()?.into_iter().map(|run| run.ledger).collect(),
    };
    let needed = if args.images { all() } else { targets_of(&ledgers) };
    print(&needed.into_iter().collect::<Vec<_>>().join(","));
    Ok(Outcome::AsExpected)
}

/// The targets on which the runs of these ledgers may have left something, as
/// far as this version knows them.
fn targets_of(ledgers: &[PathBuf]) -> BTreeSet<&'static str> {
    let mut targets = BTreeSet::new();
    for ledger in ledgers {
        match Contents::read(ledger) {
            Ok(contents) if contents.ended => {}
            Ok(contents) => {
                let wanted = &contents.header().target;
                targets.extend(backends::NAMES.into_iter().filter(|name| name == wanted));
            }
            // Without its ledger a run is looked for everywhere.
            Err(_) => targets.extend(backends::NAMES),
        }
    }
    targets
}

fn all() -> BTreeSet<&'static str> {
    backends::NAMES.into()
}

async fn clear_caches() -> anyhow::Result<String> {
    let mut text = String::new();
    for target in catalog::all(&Settings::default()) {
        let cleared = target.clear_cache().await?;
        for resource in cleared.removed {
            text += &format!("removed {} {}\n", resource.kind, resource.name);
        }
        for (resource, reason) in cleared.left {
            text += &format!("left {} {}: {reason}\n", resource.kind, resource.name);
        }
    }
    Ok(if text.is_empty() { "no image is kept\n".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use targets::{label::RunLabel, ledger::Ledger};

    use super::*;

    fn ledger(dir: &tempfile::TempDir, bits: u64, target: &str) -> Ledger {
        let path = dir.path().join(format!("{bits}.jsonl"));
        let registry = Registry::in_dir(dir.path());
        Ledger::create(&path, &RunLabel::from_bits(bits), target, &registry).unwrap()
    }

    fn targets(ledgers: &[&Ledger]) -> Vec<&'static str> {
        let paths: Vec<_> = ledgers.iter().map(|ledger| ledger.path().to_owned()).collect();
        targets_of(&paths).into_iter().collect()
    }

    #[test]
    fn the_targets_of_open_ledgers_are_needed() {
        let dir = tempfile::tempdir().unwrap();
        let (docker, local) = (ledger(&dir, 1, "docker"), ledger(&dir, 2, "local"));
        assert_eq!(targets(&[&local]), ["local"]);
        assert_eq!(targets(&[&local, &docker]), ["docker", "local"]);
        docker.close().unwrap();
        assert_eq!(targets(&[&local, &docker]), ["local"]);
        assert_eq!(targets(&[]), Vec::<&str>::new());
    }

    #[test]
    fn a_target_of_another_version_is_no_feature_of_this_one() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(targets(&[&ledger(&dir, 1, "balloon")]), Vec::<&str>::new());
    }

    #[test]
    fn a_ledger_that_cannot_be_read_needs_every_target() {
        let missing = [PathBuf::from("/no/such/ledger.jsonl")];
        assert_eq!(targets_of(&missing), all());
    }
}
