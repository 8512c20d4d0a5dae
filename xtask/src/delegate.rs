//! Handing a command to the binary that can carry it out, built on demand.

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::{flags::Passed, inventory};

/// The first argument that makes a system's test binary a driver.
const DRIVER_FLAG: &str = "--driver";

/// Options of `exp` and `plan` that take a value: what follows one of them is
/// no experiment's name.
const WITH_VALUE: [&str; 7] =
    ["--profile", "--env", "--set", "--points", "--trials", "--seed", "--resume"];

/// What was typed makes no sense; exits 2.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The exit code of a command that ended with this error.
pub(crate) fn exit_code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() { 2 } else { 3 }
}

/// `exp` and `plan`: to the system that has the named experiments.
pub(crate) fn to_system(command: &str, passed: &Passed) -> anyhow::Result<ExitCode> {
    if let Some(run) = value_of("--resume", &passed.args) {
        return become_driver(&owner_of_run(Path::new(run))?, command, &passed.args);
    }
    let names = names(&passed.args);
    let mut systems = if names.is_empty() { inventory::systems()? } else { systems_of(&names)? };
    let last = systems.pop().context("there is no experiment in this checkout")?;
    for system in systems {
        let status = driver(&system, command, &passed.args)?.status().context("run the driver")?;
        if !status.success() {
            return Ok(ExitCode::from(status.code().map_or(4, |code| code as u8)));
        }
    }
    become_driver(&last, command, &passed.args)
}

/// `report`: to the system whose run it is.
pub(crate) fn to_owner_of_run(passed: &Passed) -> anyhow::Result<ExitCode> {
    let run = passed.args.iter().find(|arg| !arg.starts_with('-'));
    let system = match run {
        Some(run) => owner_of_run(Path::new(run))?,
        None => first_system()?,
    };
    become_driver(&system, "report", &passed.args)
}

/// `data`: every system knows its own data sets.
pub(crate) fn to_data_owner(passed: &Passed) -> anyhow::Result<ExitCode> {
    become_driver(&first_system()?, "data", &passed.args)
}

/// `gc`, `doctor`, `status`: to the harness's own binary.
pub(crate) fn to_housekeeping(command: &str, passed: &Passed) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    let manifest = inventory::root().join("Cargo.toml");
    let run = cmd!(
        shell,
        "cargo run --quiet --manifest-path {manifest} --package harness --features local
         --bin reprise -- {command}"
    )
    .args(&passed.args);
    Err(replace_with(run.into()))
}

fn first_system() -> anyhow::Result<String> {
    inventory::systems()?.into_iter().next().context("there is no system in this checkout")
}

fn names(args: &[String]) -> Vec<&str> {
    let before = std::iter::once("").chain(args.iter().map(String::as_str));
    args.iter()
        .zip(before)
        .filter(|(arg, before)| !arg.starts_with('-') && !WITH_VALUE.contains(before))
        .map(|(arg, _)| arg.as_str())
        .collect()
}

fn value_of<'a>(option: &str, args: &'a [String]) -> Option<&'a str> {
    let joined = format!("{option}=");
    args.iter()
        .find_map(|arg| arg.strip_prefix(&joined))
        .or_else(|| args.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].as_str()))
}

fn systems_of(names: &[&str]) -> anyhow::Result<Vec<String>> {
    let known = inventory::experiments()?;
    let mut systems = Vec::new();
    for name in names {
        let Some(found) = known.iter().find(|experiment| experiment.name == *name) else {
            let all: Vec<_> = known.iter().map(|experiment| experiment.name.as_str()).collect();
            bail!(Usage(unknown_experiment(name, &all)));
        };
        systems.push(found.system.clone());
    }
    systems.dedup();
    Ok(systems)
}

fn unknown_experiment(name: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 2)
        .min();
    match near {
        Some((_, near)) => format!("no experiment `{name}`\n(hint: did you mean `{near}`?)"),
        None => format!("no experiment `{name}`\n(hint: there is {})", known.join(", ")),
    }
}

fn owner_of_run(run: &Path) -> anyhow::Result<String> {
    let manifest = run.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).map_err(|error| {
        Usage(format!("{} is no run directory: cannot read its manifest: {error}", run.display()))
    })?;
    let manifest: Value =
        serde_json::from_str(&text).with_context(|| format!("parse {}", manifest.display()))?;
    let system = manifest["system"].as_str().context("the manifest names no system")?;
    Ok(system.to_owned())
}

fn become_driver(system: &str, command: &str, args: &[String]) -> anyhow::Result<ExitCode> {
    Err(replace_with(driver(system, command, args)?))
}

/// Signals then reach the command itself, and its exit code is ours.
fn replace_with(mut command: Command) -> anyhow::Error {
    let error: io::Error = command.exec();
    anyhow::Error::new(error).context(format!("start {:?}", command.get_program()))
}

fn driver(system: &str, command: &str, args: &[String]) -> anyhow::Result<Command> {
    let binary = build_driver(system)?;
    let shell = Shell::new()?;
    Ok(cmd!(shell, "{binary} {DRIVER_FLAG} {command}").args(args).into())
}

/// Builds a system's test binary with the features that `cargo test` uses, so
/// that both share artifacts, and returns its path.
fn build_driver(system: &str) -> anyhow::Result<PathBuf> {
    let shell = Shell::new()?;
    let manifest = inventory::root().join("Cargo.toml");
    let messages = cmd!(
        shell,
        "cargo test --quiet --no-run --manifest-path {manifest} --package {system}
         --features local --test experiments --message-format json-render-diagnostics"
    )
    .quiet()
    .read()
    .with_context(|| format!("build the experiments of {system}"))?;
    messages
        .lines()
        .filter_map(executable)
        .next_back()
        .with_context(|| format!("cargo built no test binary `experiments` for {system}"))
}

fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_experiments = message["target"]["name"] == "experiments";
    is_experiments.then(|| message["executable"].as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_names(args: &str, expected: &[&str]) {
        let args: Vec<_> = args.split_whitespace().map(str::to_owned).collect();
        assert_eq!(names(&args), expected);
    }

    #[test]
    fn names_stand_before_or_after_options() {
        check_names("sgd --profile smoke", &["sgd"]);
        check_names("--profile smoke sgd", &["sgd"]);
        check_names("--all --profile=smoke", &[]);
    }

    #[test]
    fn a_slip_of_the_fingers_gets_its_hint() {
        let text = unknown_experiment("sdg", &["sgd", "matrices"]);
        assert_eq!(text, "no experiment `sdg`\n(hint: did you mean `sgd`?)");
    }
}
