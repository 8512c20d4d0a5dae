//! Removing what dead runs have left, by their ledgers and their labels.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    audit::{Attribution, Listing},
    catalog,
    label::RunLabel,
    ledger::{Contents, Header, Ledger, Resource},
    registry::{Registered, Registry},
    settings::Settings,
    target::Target,
    wait::{self, Interval},
};

/// How long a child that a killed driver has just forked may hold the ledger.
const EXEC: Duration = Duration::from_secs(5);

/// Listings after each of which something labelled may still be found.
const MAX_ROUNDS: usize = 10;

/// Whether to act or only to say what would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Remove.
    Remove,
    /// Only report.
    DryRun,
}

/// What was found and done, run by run.
#[derive(Debug, Default)]
pub struct Report {
    /// One per run of the registry, or the one that was asked for.
    pub runs: Vec<RunReport>,
}

/// What was found and done about one run.
#[derive(Debug)]
pub struct RunReport {
    /// The run.
    pub label: RunLabel,
    /// Its ledger.
    pub ledger: PathBuf,
    /// Its state.
    pub state: RunState,
    /// What was removed, or would be in a dry run.
    pub removed: Vec<Resource>,
    /// What is still there, each with the reason.
    pub left: Vec<(Resource, String)>,
}

/// Whether a run can have left something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Its driver lives: nothing is touched.
    Alive,
    /// Its driver is dead.
    Dead,
    /// Its ledger cannot be read, for this reason; what carries its label is
    /// removed, from every target.
    NoLedger(String),
}

/// Cleans up after every run of the registry whose driver is dead, on every
/// target that is compiled in.
///
/// # Errors
/// If the registry cannot be read. What fails about one run is in the report,
/// and does not keep the others from being cleaned.
pub async fn gc(registry: &Registry, mode: Mode) -> anyhow::Result<Report> {
    let mut report = Report::default();
    for registered in registry.runs()? {
        let sweep = Sweep { registry, mode, registered };
        let run = sweep.run().await.unwrap_or_else(|error| sweep.failed(&error));
        report.runs.push(run);
    }
    Ok(report)
}

/// Cleans up after the run of one ledger if its driver is dead.
///
/// # Errors
/// If the ledger cannot be read or written.
pub async fn gc_ledger(
    ledger: &Path,
    registry: &Registry,
    mode: Mode,
) -> anyhow::Result<RunReport> {
    let header = Contents::read(ledger)?.header().clone();
    let registered =
        Registered { label: header.run, ledger: ledger.to_owned(), driver: header.driver };
    Sweep { registry, mode, registered }.run().await
}

/// Removes what an audit has found, and says so in the ledger; returns what
/// resists, with the reason.
pub async fn remove_all(
    target: &dyn Target,
    ledger: &Ledger,
    resources: &[Resource],
) -> Vec<(Resource, String)> {
    let mut left = Vec::new();
    for resource in resources {
        let removed = target.remove(ledger.label(), resource).await;
        if let Err(error) = removed.and_then(|()| ledger.removed(resource)) {
            left.push((resource.clone(), format!("{error:#}")));
        }
    }
    left
}

/// The cleaning of one run.
struct Sweep<'a> {
    registry: &'a Registry,
    mode: Mode,
    registered: Registered,
}

impl Sweep<'_> {
    async fn run(&self) -> anyhow::Result<RunReport> {
        let contents = Contents::read(&self.registered.ledger);
        let driver = contents.as_ref().map_or(&self.registered.driver, |it| &it.header().driver);
        let mut report = self.report(RunState::Alive);
        if driver.is_alive()? {
            return Ok(report);
        }
        match contents {
            Ok(contents) => self.by_ledger(&contents, &mut report).await?,
            Err(error) => {
                report.state = RunState::NoLedger(format!("{error:#}"));
                for target in catalog::all(&Settings::default()) {
                    self.by_label(target.as_ref(), &mut report).await;
                }
            }
        }
        let is_clean = report.left.is_empty() && report.state != RunState::Alive;
        if self.mode == Mode::Remove && is_clean {
            self.registry.leave(&self.registered.label)?;
        }
        Ok(report)
    }

    async fn by_ledger(&self, contents: &Contents, report: &mut RunReport) -> anyhow::Result<()> {
        if contents.ended {
            report.state = RunState::Dead;
            return Ok(());
        }
        let Header { target: wanted, settings, .. } = contents.header();
        let targets = catalog::all(&understood(settings)?);
        let Some(target) = targets.into_iter().find(|target| target.name() == wanted) else {
            report.state = RunState::Dead;
            let reason = format!("this build has no target `{wanted}`");
            let left = contents.outstanding.iter().map(|it| (it.clone(), reason.clone()));
            report.left.extend(left);
            return Ok(());
        };
        match self.mode {
            Mode::DryRun => {
                report.state = RunState::Dead;
                report.removed.extend(contents.outstanding.iter().cloned());
                let found = self.labelled(target.as_ref()).await?;
                report.removed.extend(found.into_iter().filter(|it| !contents.knows(it)));
            }
            Mode::Remove => {
                let Some(ledger) = self.adopt().await? else { return Ok(()) };
                report.state = RunState::Dead;
                let noted = self.remove_outstanding(target.as_ref(), &ledger, report).await;
                self.by_label(target.as_ref(), report).await;
                noted?;
                if report.left.is_empty() {
                    ledger.close()?;
                }
            }
        }
        Ok(())
    }

    /// Takes the dead driver's ledger over. A child that the driver forked just
    /// before its death holds it until it has become its program.
    async fn adopt(&self) -> anyhow::Result<Option<Ledger>> {
        let Registered { label, ledger: path, .. } = &self.registered;
        let adopted = Mutex::new(Ok(None));
        let is_settled = || async {
            let mut adopted = adopted.lock().await;
            *adopted = Ledger::lock(path, label, self.registry);
            !matches!(*adopted, Ok(None))
        };
        // Still held after that, it has a new driver: nothing to clean.
        let _ = wait::until("the ledger", EXEC, Interval::BACKING_OFF, is_settled).await;
        adopted.into_inner()
    }

    /// Removes what the ledger knows, the newest first, so that processes go
    /// before the directories they write to. It is read again here, because
    /// only now is nobody writing to it. On a full disk that it cannot write to,
    /// everything is removed all the same.
    async fn remove_outstanding(
        &self,
        target: &dyn Target,
        ledger: &Ledger,
        report: &mut RunReport,
    ) -> anyhow::Result<()> {
        let outstanding = Contents::read(ledger.path())?.outstanding;
        target.settle(&outstanding).await;
        let mut noted = Ok(());
        for resource in outstanding.into_iter().rev() {
            match target.remove(&self.registered.label, &resource).await {
                Ok(()) => {
                    noted = noted.and(ledger.removed(&resource));
                    report.removed.push(resource);
                }
                Err(error) => report.left.push((resource, format!("{error:#}"))),
            }
        }
        noted
    }

    /// Removes what carries the label, whether or not a ledger knows it, until
    /// a listing shows nothing.
    async fn by_label(&self, target: &dyn Target, report: &mut RunReport) {
        for round in 1..=MAX_ROUNDS {
            let found = match self.labelled(target).await {
                Ok(found) if found.is_empty() => return,
                Ok(found) => found,
                Err(error) => {
                    let listing = Resource::new("listing", target.name());
                    report.left.push((listing, format!("{error:#}")));
                    return;
                }
            };
            for resource in found {
                let outcome = match self.mode {
                    Mode::Remove => target.remove(&self.registered.label, &resource).await,
                    Mode::DryRun => Ok(()),
                };
                match outcome {
                    Ok(()) => report.removed.push(resource),
                    Err(error) if round == MAX_ROUNDS => {
                        report.left.push((resource, format!("{error:#}")));
                    }
                    Err(_) => {}
                }
            }
            if self.mode == Mode::DryRun {
                return;
            }
        }
    }

    async fn labelled(&self, target: &dyn Target) -> anyhow::Result<Vec<Resource>> {
        target.settle(&[]).await;
        let Listing { entries } = target
            .listing(&self.registered.label)
            .await
            .with_context(|| format!("list what exists on {}", target.name()))?;
        let labelled = entries.into_values().filter(|it| it.attribution == Attribution::Labelled);
        Ok(labelled.map(|entry| entry.resource).collect())
    }

    fn failed(&self, error: &anyhow::Error) -> RunReport {
        let ledger = Resource::new("ledger", self.registered.ledger.display().to_string());
        RunReport { left: vec![(ledger, format!("{error:#}"))], ..self.report(RunState::Dead) }
    }

    fn report(&self, state: RunState) -> RunReport {
        let Registered { label, ledger, .. } = self.registered.clone();
        RunReport { label, ledger, state, removed: vec![], left: vec![] }
    }
}

/// The settings of a ledger's header, which another version may have written.
fn understood(settings: &Value) -> anyhow::Result<Settings> {
    if settings.is_null() {
        return Ok(Settings::default());
    }
    serde_json::from_value(settings.clone())
        .context("read the target's settings in the ledger (hint: use the checkout that wrote it)")
}

impl Contents {
    fn knows(&self, resource: &Resource) -> bool {
        self.outstanding.iter().any(|it| it.kind == resource.kind && it.name == resource.name)
    }
}

impl Report {
    /// Whether nothing is left of any dead run.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.runs.iter().all(|run| run.left.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runs.is_empty() {
            return writeln!(formatter, "no run has left anything");
        }
        self.runs.iter().try_for_each(|run| write!(formatter, "{run}"))
    }
}

impl fmt::Display for RunReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            RunState::Alive => "its driver lives, nothing touched".to_owned(),
            RunState::Dead => format!("{} removed, {} left", self.removed.len(), self.left.len()),
            RunState::NoLedger(reason) => format!(
                "{} removed by label alone, {} left ({reason})",
                self.removed.len(),
                self.left.len()
            ),
        };
        writeln!(formatter, "run {}: {state}", self.label)?;
        for resource in &self.removed {
            writeln!(formatter, "  removed {} {}", resource.kind, resource.name)?;
        }
        for (resource, reason) in &self.left {
            writeln!(formatter, "  left {} {}: {reason}", resource.kind, resource.name)?;
        }
        Ok(())
    }
}
