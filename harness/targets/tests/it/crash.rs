//! A driver is killed at random moments, and nothing is left.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};
use targets::{
    command::{Environment, Invocation},
    gc::{self, Mode},
    label::RunLabel,
    ledger::Contents,
    process::Incarnation,
    registry::Registry,
};

use crate::{
    gc::Innocent,
    support::{cgroups_with, eventually, fresh_label, processes_of, processes_with, test},
};

/// The driver's trials take about this long each.
const LIFE_MS: u64 = 400;

const SEED: u64 = 7;

/// Why a test does not run of itself.
const ON_REQUEST: &str = "on request: it takes a minute";

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_driver_killed_at_10_moments_is_cleaned_up_by_gc", || many(10, "alone")),
        test("a_driver_killed_at_10_moments_is_cleaned_up_by_its_reaper", || many(10, "reaped")),
        test("a_driver_killed_at_100_moments_is_cleaned_up_by_gc", || many(100, "alone"))
            .with_kind(ON_REQUEST)
            .with_ignored_flag(true),
        test("a_driver_killed_at_100_moments_is_cleaned_up_by_its_reaper", || many(100, "reaped"))
            .with_kind(ON_REQUEST)
            .with_ignored_flag(true),
    ]
}

async fn many(n_kills: u64, company: &'static str) -> anyhow::Result<()> {
    for i in 0..n_kills {
        let delay = Duration::from_micros(random(SEED, i) % (LIFE_MS * 1000));
        once(company, delay).await.with_context(|| format!("kill {i}, after {delay:?}"))?;
    }
    Ok(())
}

async fn once(company: &'static str, delay: Duration) -> anyhow::Result<()> {
    let root = tempfile::tempdir()?;
    let registry = Registry::in_dir(root.path());
    let driver = start_driver(root.path(), company)?;
    eventually("the driver", || registry.runs().is_ok_and(|runs| runs.len() == 1)).await?;
    let run = registry.runs()?.remove(0);
    let reaper = format!("REPRISE_REAPER={}", run.ledger.display());
    if company == "reaped" {
        eventually("the reaper", || !processes_with(&reaper).is_empty()).await?;
    }
    let decoys = Decoys::plant(root.path(), &run.label).await?;
    tokio::time::sleep(delay).await;
    kill(run.driver.pid)?;
    driver.await??;
    if company == "alone" {
        let report = gc::gc(&registry, Mode::Remove).await?;
        ensure!(report.is_clean(), "{report}");
    } else {
        eventually("the reaper's end", || processes_with(&reaper).is_empty()).await?;
        ensure!(registry.runs()?.is_empty(), "the run is still registered");
    }
    ensure_nothing_is_left(root.path(), &run.label, &run.ledger)?;
    decoys.ensure_unharmed()
}

fn start_driver(
    root: &Path,
    company: &'static str,
) -> anyhow::Result<tokio::task::JoinHandle<anyhow::Result<()>>> {
    let temp = root.join("tmp");
    std::fs::create_dir(&temp)?;
    let variables = [("TMPDIR".to_owned(), temp.into())];
    let invocation = Invocation {
        environment: Environment::Inherited(variables.into()),
        limit: Duration::from_secs(300),
        ..Invocation::new(std::env::current_exe()?, root)
    };
    let dir = root.display().to_string();
    let invocation = invocation.args(["toy", "driver", dir.as_str(), company]);
    Ok(tokio::spawn(async move {
        let finished = invocation.output().await?;
        let complaint = String::from_utf8_lossy(&finished.stderr).into_owned();
        ensure!(finished.status.code().is_none(), "the driver ended by itself: {complaint}");
        Ok(())
    }))
}

fn kill(pid: u32) -> anyhow::Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("a process id")?;
    kill_process(pid, Signal::KILL).context("kill the driver")
}

fn ensure_nothing_is_left(root: &Path, label: &RunLabel, ledger: &Path) -> anyhow::Result<()> {
    let processes = processes_of(label);
    ensure!(processes.is_empty(), "processes {processes:?} are left");
    let cgroups = cgroups_with(&format!("reprise-{label}-"));
    ensure!(cgroups.is_empty(), "control groups {cgroups:?} are left");
    let files: Vec<PathBuf> = std::fs::read_dir(root.join("tmp"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.display().to_string().contains(&format!("reprise-{label}-")))
        .collect();
    ensure!(files.is_empty(), "files {files:?} are left");
    let contents = Contents::read(ledger)?;
    ensure!(contents.ended && contents.outstanding.is_empty(), "{:?}", contents.outstanding);
    Ok(())
}

/// Things that look like the run's and are not.
struct Decoys {
    processes: Vec<(Innocent, Incarnation)>,
    directories: Vec<PathBuf>,
}

impl Decoys {
    async fn plant(root: &Path, label: &RunLabel) -> anyhow::Result<Self> {
        let other = fresh_label();
        let variables = [
            format!("REPRISE_RUN={other}"),
            format!("REPRISE_RUN={label}0"),
            format!("XREPRISE_RUN={label}"),
            format!("REPRISE_RUNS={label}"),
        ];
        let mut processes = Vec::new();
        for variable in &variables {
            let innocent = Innocent::start(variable).await?;
            let incarnation = Incarnation::of(innocent.pid)?.context("it runs")?;
            processes.push((innocent, incarnation));
        }
        let names = [format!("reprise-{other}-t1"), format!("reprise-{label}0-t1")];
        let directories: Vec<PathBuf> =
            names.iter().map(|name| root.join("tmp").join(name)).collect();
        directories.iter().try_for_each(std::fs::create_dir)?;
        Ok(Self { processes, directories })
    }

    fn ensure_unharmed(&self) -> anyhow::Result<()> {
        for (innocent, incarnation) in &self.processes {
            ensure!(incarnation.is_alive()?, "process {} was killed", innocent.pid);
        }
        for directory in &self.directories {
            ensure!(directory.exists(), "{} was removed", directory.display());
        }
        Ok(())
    }
}

/// The `i`-th number of a seeded sequence (SplitMix64).
fn random(seed: u64, i: u64) -> u64 {
    let mut bits = seed.wrapping_add((i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
