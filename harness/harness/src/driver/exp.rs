//! `exp` and `plan`: from what was typed to a run and its table.

use std::path::PathBuf;

use super::args::ExpArgs;
use crate::{
    claim::Verdict,
    experiment::{AnyExperiment, System},
    fault::{Fault, Outcome, hint},
    profile::{load_environment, load_profile, workspace_root},
    progress::rough,
    report::{Findings, claims_table, measures_table},
    run::{Finished, Interrupt, Request, carry_out, plan::plan},
    run_dir::RunDir,
};

/// Runs the named experiments one after the other and prints their tables.
pub(super) fn exp(system: System, args: &ExpArgs) -> anyhow::Result<Outcome> {
    let requests = requests(system, args)?;
    let runtime = tokio::runtime::Runtime::new()?;
    // One for all: a signal between two experiments counts too.
    let interrupt = runtime.block_on(async { Interrupt::listen() })?;
    let mut worst = Outcome::AsExpected;
    let mut all_findings = Vec::new();
    for request in &requests {
        let finished = runtime.block_on(carry_out(request, &interrupt))?;
        worst = worst.max(finished.outcome);
        match finished.findings {
            Some(findings) => {
                print_findings(&finished.dir, &findings);
                all_findings.push(findings);
            }
            None => {
                eprintln!(
                    "resume with: cargo xtask exp --resume {}",
                    finished.dir.root().display()
                );
                return Ok(worst);
            }
        }
    }
    print(&claims_table(&all_findings));
    if args.strict && all_findings.iter().any(is_open) {
        worst = worst.max(Outcome::Differs);
    }
    Ok(worst)
}

/// Prints the trials in order with a rough estimate, and runs nothing.
pub(super) fn plan_only(system: System, args: &ExpArgs) -> anyhow::Result<Outcome> {
    for request in requests(system, args)? {
        let planned = plan(request.experiment, &request.profile, &request.points)?;
        let total = planned.iter().map(|trial| trial.expected).sum();
        let mut text = format!(
            "{} on {}: {} trials, about {}\n",
            request.experiment.name(),
            request.environment.target,
            planned.len(),
            rough(total)
        );
        for trial in planned {
            text += &format!("  {} #{} (seed {})\n", trial.point, trial.trial, trial.seed);
        }
        print(&text);
    }
    Ok(Outcome::AsExpected)
}

/// One experiment under a profile on one target, as `cargo test` runs it: in the
/// profile's environment if that is of the target, else in the one named after
/// the target.
pub(crate) fn run_one(
    system: System,
    experiment: &'static dyn AnyExperiment,
    profile: &str,
    target: &str,
) -> anyhow::Result<Finished> {
    let mut request = request(system, experiment, profile, &Typed::default())?;
    if request.environment.target != target {
        let typed = Typed { env: Some(target.to_owned()), ..Typed::default() };
        request = self::request(system, experiment, profile, &typed)?;
    }
    tokio::runtime::Runtime::new()?.block_on(async {
        let interrupt = Interrupt::listen()?;
        carry_out(&request, &interrupt).await
    })
}

fn is_open(findings: &Findings) -> bool {
    findings.judged.iter().any(|judged| {
        matches!(judged.verdict, Verdict::Inconclusive { .. } | Verdict::NotExercised { .. })
    })
}

/// Changes to a profile that were typed.
#[derive(Default)]
struct Typed {
    env: Option<String>,
    set: Vec<String>,
    points: Vec<String>,
    resume: Option<RunDir>,
}

fn requests(system: System, args: &ExpArgs) -> anyhow::Result<Vec<Request>> {
    if let Some(run) = &args.resume {
        return Ok(vec![resumed(system, RunDir::open(run)?)?]);
    }
    let mut set = args.set.clone();
    set.extend(args.trials.map(|trials| format!("trials={trials}")));
    set.extend(args.seed.map(|seed| format!("seed={seed}")));
    named(system, args)?
        .into_iter()
        .map(|experiment| {
            let typed = Typed {
                env: args.env.clone(),
                set: set.clone(),
                points: args.points.clone(),
                resume: None,
            };
            request(system, experiment, &args.profile, &typed)
        })
        .collect()
}

/// The request of an interrupted run, as its manifest has it: not as today's
/// profile file would.
fn resumed(system: System, dir: RunDir) -> anyhow::Result<Request> {
    let manifest = dir.read_manifest()?;
    Ok(Request {
        system,
        experiment: find(system, &manifest.experiment)?,
        profile: manifest.profile,
        environment: manifest.environment,
        overrides: manifest.overrides,
        points: manifest.points,
        results: results_dir(),
        resume: Some(dir),
        command: manifest.command,
    })
}

fn request(
    system: System,
    experiment: &'static dyn AnyExperiment,
    profile: &str,
    typed: &Typed,
) -> anyhow::Result<Request> {
    let mut profile = load_profile(profile, experiment, system, &typed.set)?;
    if let Some(env) = &typed.env {
        profile.env.clone_from(env);
    }
    let environment = load_environment(&profile.env)?;
    Ok(Request {
        system,
        experiment,
        profile,
        environment,
        overrides: typed.set.clone(),
        points: typed.points.clone(),
        results: results_dir(),
        resume: typed.resume.clone(),
        command: std::env::args().collect(),
    })
}

fn named(system: System, args: &ExpArgs) -> anyhow::Result<Vec<&'static dyn AnyExperiment>> {
    if args.all {
        return Ok(system.experiments.to_vec());
    }
    if args.names.is_empty() {
        return Err(Fault::usage("name an experiment or say --all\n(hint: `cargo xtask list`)"));
    }
    args.names.iter().map(|name| find(system, name)).collect()
}

pub(super) fn find(system: System, name: &str) -> anyhow::Result<&'static dyn AnyExperiment> {
    let known = || system.experiments.iter().map(|experiment| experiment.name());
    system.experiments.iter().find(|experiment| experiment.name() == name).copied().ok_or_else(
        || {
            let known: Vec<_> = known().collect();
            Fault::usage(format!("no experiment `{name}`\n{}", hint(name, known)))
        },
    )
}

/// Where runs go: `$REPRISE_RESULTS_DIR`, else `results` in the checkout.
pub(super) fn results_dir() -> PathBuf {
    std::env::var_os("REPRISE_RESULTS_DIR")
        .map_or_else(|| workspace_root().join("results"), PathBuf::from)
}

fn print_findings(dir: &RunDir, findings: &Findings) {
    print(&measures_table(&findings.analysis.table));
    let mut paths = String::new();
    for path in findings.figure_paths(dir) {
        paths += &format!("figure: {}\n", path.display());
    }
    paths += &format!("report: {}\n", dir.report_html().display());
    print(&paths);
}

#[expect(clippy::print_stdout, reason = "the result of a command belongs on standard output")]
pub(super) fn print(text: &str) {
    println!("{}", text.trim_end());
}
