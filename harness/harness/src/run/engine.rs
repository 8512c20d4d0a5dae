//! One run: every planned trial, on disk before the next begins.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use targets::{
    artifact::Artifact,
    gc::{self, Mode},
    label::RunLabel,
    ledger::{Contents, Destination, Ledger},
    reaper::{self, Reaper},
    registry::Registry,
    role::Program,
    target::Target,
};

use super::{
    Interrupt,
    plan::{Planned, plan},
    trial::{Ended, Shared},
    unused::unused_roles,
};
use crate::{
    backends::{first_shortfall, target_named},
    baseline,
    claim::{Judged, Tally},
    dataset::{Cache, digest_file},
    experiment::{AnyExperiment, System},
    fault::{Fault, Outcome, is_away, is_disk_full, is_for_want_of_the_place},
    profile::{Environment, Profile, RoleOverride},
    progress::Progress,
    report::{Findings, publish},
    run_dir::{Machine, Manifest, Provenance, RunDir, TrialStatus, write_json},
    snapshot,
};

/// What to run.
pub(crate) struct Request {
    /// The system.
    pub system: System,
    /// The experiment.
    pub experiment: &'static dyn AnyExperiment,
    /// Its resolved profile.
    pub profile: Profile,
    /// The environment.
    pub environment: Environment,
    /// `--set`, as typed.
    pub overrides: Vec<String>,
    /// `--points`, as typed.
    pub points: Vec<String>,
    /// Where results go.
    pub results: PathBuf,
    /// The run to continue, if any.
    pub resume: Option<RunDir>,
    /// The command line, for the manifest.
    pub command: Vec<String>,
}

/// A run that came to its end or was interrupted.
pub(crate) struct Finished {
    /// Its directory.
    pub dir: RunDir,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found; `None` if it was interrupted.
    pub findings: Option<Findings>,
}

/// Carries out a run: plan, data, trials, report, snapshot.
///
/// # Errors
/// A usage error, a shortfall of the environment, a full disk among them, or a
/// failure of the harness itself. Failing trials are an outcome, not an error.
pub(crate) async fn carry_out(
    request: &Request,
    interrupt: &Interrupt,
) -> anyhow::Result<Finished> {
    begin_or_continue(request, interrupt).await.map_err(|error| {
        if !is_disk_full(&error) {
            return error;
        }
        Fault::unavailable(format!(
            "{error:#}\n(hint: make room, then continue with --resume RUN; \
             `cargo xtask status` lists the runs)"
        ))
    })
}

async fn begin_or_continue(request: &Request, interrupt: &Interrupt) -> anyhow::Result<Finished> {
    let target = target_named(&request.environment.target, &request.environment.settings())?;
    if let Some(lacking) = first_shortfall(target.as_ref()).await {
        return Err(Fault::unavailable(lacking));
    }
    let environment = request.environment.with_users_variables()?;
    let planned = plan(request.experiment, &request.profile, &request.points)?;
    let data = request.experiment.ready_data(&request.profile.params, &Cache::of_user()?)?;
    let (dir, label) = match &request.resume {
        Some(dir) => (dir.clone(), continue_run(dir, request).await?),
        None => begin_run(request, data.clone()).await?,
    };
    let registry = Registry::of_user()?;
    let ledger = if dir.ledger().exists() {
        Ledger::reopen(&dir.ledger(), &registry)?
    } else {
        Ledger::create(&dir.ledger(), &label, Destination::of(target.as_ref()), &registry)?
    };
    let reaper = reaper::start(&ledger)?;
    let progress = Progress::start(&dir.log(), planned.len())?;
    progress.say(&format!("run {}", dir.root().display()));
    let shared = Shared {
        experiment: request.experiment,
        binary: request.system.binary.as_ref(),
        target: target.as_ref(),
        profile: &request.profile,
        environment: &environment,
        data: &data,
        label: &label,
        ledger: &ledger,
        interrupt,
    };
    let trials = run_trials(&shared, &dir, &planned, &progress).await;
    let trials = match trials {
        Ok(trials) => trials,
        Err(error) => {
            // Where the place is gone nothing can be removed: the ledger stays open.
            if !is_for_want_of_the_place(&error) {
                clear_away(target.as_ref(), &ledger).await?;
                if let Err(left) = end(&ledger, reaper).await {
                    progress.say(&format!("{left:#}"));
                }
            }
            let error = cut_off(error, &dir);
            progress.finish(&format!("Exiting: {error:#}"));
            return Err(error);
        }
    };
    end(&ledger, reaper).await?;
    conclude(request, dir, trials, &progress)
}

/// Removes what a run that failed between its trials has left.
async fn clear_away(target: &dyn Target, ledger: &Ledger) -> anyhow::Result<()> {
    let mut outstanding = Contents::read(ledger.path())?.outstanding;
    outstanding.reverse();
    gc::remove_all(target, ledger, &outstanding).await;
    Ok(())
}

/// Closes the ledger of a run that has left nothing.
async fn end(ledger: &Ledger, reaper: Reaper) -> anyhow::Result<()> {
    ledger.close()?;
    reaper.dismiss().await
}

/// The error of a run that cannot go on although its code is right: everything
/// up to here is kept, and the ledger stays open.
fn cut_off(error: anyhow::Error, dir: &RunDir) -> anyhow::Error {
    if is_away(&error) {
        error.context(format!("{} is cut off, and can be resumed", dir.root().display()))
    } else {
        error
    }
}

/// Readies what all trials share, and enters it in the manifest.
async fn prepare(shared: &Shared<'_>, dir: &RunDir, progress: &Progress) -> anyhow::Result<()> {
    let own = Program::Own { binary: shared.binary.into(), args: vec![] };
    let others = shared.environment.roles.values().map(RoleOverride::program);
    let programs: Vec<Program> = std::iter::once(own).chain(others).collect();
    let artifacts = shared.target.prepare(&programs, shared.ledger).await.map_err(|error| {
        if is_for_want_of_the_place(&error) || error.is::<Fault>() {
            return error;
        }
        Fault::unavailable(format!("{error:#}"))
    })?;
    for Artifact { kind, name, digest } in &artifacts {
        progress.say(&format!("{kind} {name} {digest}"));
    }
    write_json(&dir.manifest(), &Manifest { artifacts, ..dir.read_manifest()? })
}

/// How the trials went, all of them together.
#[derive(Clone, Copy)]
enum Trials {
    AllCount,
    SomeFailed(usize),
    Interrupted(super::Signal),
}

async fn run_trials(
    shared: &Shared<'_>,
    dir: &RunDir,
    planned: &[Planned],
    progress: &Progress,
) -> anyhow::Result<Trials> {
    prepare(shared, dir, progress).await?;
    let mut pace = Pace::default();
    let mut n_failed = 0;
    for (i, trial) in planned.iter().enumerate() {
        progress.now(&trial.point.to_string(), pace.remaining(&planned[i..]));
        match run_until_it_counts(shared, dir, trial, progress, &mut pace).await? {
            Repeated::Counts => {}
            Repeated::Exhausted => n_failed += 1,
            Repeated::Interrupted(signal) => {
                progress.say("interrupted; everything is torn down");
                return Ok(Trials::Interrupted(signal));
            }
        }
        progress.done_one();
    }
    Ok(if n_failed == 0 { Trials::AllCount } else { Trials::SomeFailed(n_failed) })
}

enum Repeated {
    Counts,
    Exhausted,
    Interrupted(super::Signal),
}

/// Repeats a trial up to the profile's `retries`. Attempts that an earlier
/// part of the run made count too, so that `--resume` goes on exactly there.
async fn run_until_it_counts(
    shared: &Shared<'_>,
    dir: &RunDir,
    planned: &Planned,
    progress: &Progress,
    pace: &mut Pace,
) -> anyhow::Result<Repeated> {
    let earlier = dir.attempts(&planned.point, planned.trial)?;
    if earlier.iter().any(|(_, attempt)| attempt.counts()) {
        return Ok(Repeated::Counts);
    }
    for _ in earlier.len() as u32..=shared.profile.retries {
        let attempt_dir = dir.next_attempt(&planned.point, planned.trial)?;
        let attempt = match shared.attempt(planned, &attempt_dir).await? {
            Ended::Interrupted(signal) => return Ok(Repeated::Interrupted(signal)),
            Ended::Closed(attempt) => attempt,
        };
        pace.took(planned, Duration::from_secs_f64(attempt.duration_s));
        let name = format!("{} #{}", planned.point, planned.trial);
        match &attempt.status {
            TrialStatus::Completed => {
                progress.say(&format!("{name}: {:.1} s, {}", attempt.duration_s, attempt.validity));
            }
            TrialStatus::Failed(why) => {
                progress.say(&format!("{name}: failed: {why}"));
                progress.say(&format!("{name}: its files are in {}", attempt_dir.display()));
            }
        }
        if attempt.counts() {
            return Ok(Repeated::Counts);
        }
    }
    Ok(Repeated::Exhausted)
}

/// Corrects the experiment's guesses by what trials really took.
#[derive(Default)]
struct Pace {
    expected: Duration,
    actual: Duration,
}

impl Pace {
    fn took(&mut self, planned: &Planned, actual: Duration) {
        self.expected += planned.expected;
        self.actual += actual;
    }

    fn remaining(&self, rest: &[Planned]) -> Duration {
        let expected: Duration = rest.iter().map(|trial| trial.expected).sum();
        if self.expected.is_zero() {
            return expected;
        }
        expected.mul_f64(self.actual.as_secs_f64() / self.expected.as_secs_f64())
    }
}

async fn begin_run(
    request: &Request,
    data: Vec<crate::dataset::DataUsed>,
) -> anyhow::Result<(RunDir, RunLabel)> {
    let label = RunLabel::from_bits(entropy());
    let dir =
        RunDir::create(&request.results, request.experiment.name(), &request.profile.name, &label)?;
    let manifest = Manifest {
        schema: 1,
        label: label.clone(),
        system: request.system.name.into(),
        experiment: request.experiment.name().into(),
        command: request.command.clone(),
        started: jiff::Timestamp::now(),
        profile: request.profile.clone(),
        overrides: request.overrides.clone(),
        points: request.points.clone(),
        environment: request.environment.clone(),
        machine: Machine::here(),
        provenance: Provenance::gather(request.system.binary.as_ref(), &dir.dirty_patch()).await?,
        data,
        artifacts: vec![],
    };
    write_json(&dir.manifest(), &manifest)?;
    Ok((dir, label))
}

/// Cleans up what the interrupted part of a run left, and checks that the
/// rest would be measured with the same binary.
async fn continue_run(dir: &RunDir, request: &Request) -> anyhow::Result<RunLabel> {
    let manifest = dir.read_manifest()?;
    if digest_file(request.system.binary.as_ref())? != manifest.provenance.binary_sha256 {
        return Err(Fault::usage(format!(
            "the binary changed since {} began\n\
             (hint: start a new run, or check out {} and build again)",
            dir.root().display(),
            manifest.provenance.git_revision.as_deref().unwrap_or("the earlier code"),
        )));
    }
    if Contents::read(&dir.ledger()).is_ok() {
        gc::gc_ledger(&dir.ledger(), &Registry::of_user()?, Mode::Remove).await?;
    } else if dir.ledger().exists() {
        // A driver that was killed before its ledger had a first line has
        // created nothing.
        std::fs::remove_file(dir.ledger())
            .with_context(|| format!("remove {}", dir.ledger().display()))?;
    }
    Ok(manifest.label)
}

fn conclude(
    request: &Request,
    dir: RunDir,
    trials: Trials,
    progress: &Progress,
) -> anyhow::Result<Finished> {
    if let Trials::Interrupted(signal) = trials {
        progress.finish(&format!(
            "Exiting: interrupted (resume with --resume {})",
            dir.root().display()
        ));
        return Ok(Finished { dir, outcome: signal.outcome(), findings: None });
    }
    let attempts = dir.stored_attempts()?;
    let usage = attempts.into_iter().flat_map(|(_, attempt)| attempt.usage);
    let started = usage.map(|usage| usage.role).collect();
    for role in unused_roles(&request.profile, &request.environment, &started) {
        progress.say(&format!(
            "no instance of the role `{role}` ran, so its limits or its replacement had no effect"
        ));
    }
    let findings = publish(&dir, request.experiment, &request.system)?;
    let tally = Tally::of(&findings.judged);
    let mut outcome = Outcome::AsExpected;
    for judged in findings.judged.iter().filter(|judged| judged.agrees_unexpectedly()) {
        progress.say(&format!(
            "`{}` agrees with the paper: its deviation note can go",
            judged.claim.id
        ));
        outcome = Outcome::Differs;
    }
    if findings.judged.iter().any(Judged::is_refuted) {
        outcome = Outcome::Differs;
    }
    if snapshot::is_whole(request) {
        let (name, measures) = (snapshot::name(request), &findings.analysis.measures);
        for line in baseline::compare(&request.results, &name, &Machine::here(), measures)? {
            progress.say(&line);
        }
    }
    if snapshot::applies(request) && !snapshot::agrees(request, &findings)? {
        progress.say("the results differ from the accepted ones (hint: `cargo insta review`)");
        outcome = outcome.max(Outcome::Differs);
    }
    if let Trials::SomeFailed(n) = trials {
        progress.say(&format!("{n} of the trials failed or stayed invalid"));
        outcome = outcome.max(Outcome::TrialFailed);
    }
    progress.finish(&format!("Exiting: {tally}"));
    Ok(Finished { dir, outcome, findings: Some(findings) })
}

/// Bits for a run's label. A label must differ between runs, also of one seed,
/// so this is the one random choice that no seed determines.
fn entropy() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(jiff::Timestamp::now().as_nanosecond())
}
