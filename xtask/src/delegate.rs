//! Handing a command to the binary that can carry it out, built on demand.

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use xshell::{Cmd, Shell, cmd};

use crate::{
    features::{self, LIGHTEST, value_of},
    flags::Passed,
    inventory::{self, Owned},
    own_package::unsaid,
};

/// The first argument that makes a system's test binary a driver.
const DRIVER_FLAG: &str = "--driver";

/// Options that take a value: what follows one of them is no name.
const WITH_VALUE: [&str; 17] = [
    "--profile",
    "--env",
    "--set",
    "--points",
    "--trials",
    "--seed",
    "--resume",
    "--from",
    "--to",
    "--sha256",
    "--key",
    "--lead-in",
    "--leadin",
    "--duration",
    "--bucket",
    "--bucketsize",
    "--out",
];

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

/// `exp` and `plan`: to each system that has some of the named experiments.
pub(crate) fn to_system(command: &str, passed: &Passed) -> anyhow::Result<ExitCode> {
    if let Some(run) = value_of("--resume", &passed.args) {
        return become_driver(&Driver::of_run(Path::new(run))?, command, &passed.args);
    }
    let target = features::of_experiments(&passed.args);
    let driver_of = |system| Driver { system, target: target.clone(), more: None };
    let shares = shares(&passed.args, "experiment", &inventory::owned_experiments()?)?;
    to_each(shares, command, driver_of)
}

/// To one system in our place, to several in turn; the worst exit code is ours.
fn to_each(
    mut shares: Vec<Share>,
    command: &str,
    driver_of: impl Fn(String) -> Driver,
) -> anyhow::Result<ExitCode> {
    let last = shares.pop().context("there is no experiment in this checkout")?;
    if shares.is_empty() {
        return become_driver(&driver_of(last.system), command, &last.args);
    }
    shares.push(last);
    let mut worst = 0;
    for Share { system, args } in shares {
        let mut driver = driver_of(system).command(command, &args)?;
        let status = driver.status().context("run the driver")?;
        // A driver that a signal killed reports no code: nothing more should run.
        let code = status.code().map_or(TERMINATED, |code| code as u8);
        worst = worse_of(worst, code);
        if code >= INTERRUPTED {
            break;
        }
    }
    Ok(ExitCode::from(worst))
}

/// What one system is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Share {
    system: String,
    args: Vec<String>,
}

/// Splits what was typed among the systems: the options go to each, a name only
/// to the system that has it. Without names every system gets its share.
fn shares(args: &[String], what: &str, known: &[Owned]) -> anyhow::Result<Vec<Share>> {
    let is_name = names(args);
    let mut shares: Vec<Share> = Vec::new();
    for system in known.iter().map(|owned| &owned.system) {
        if shares.iter().all(|share| share.system != *system) {
            shares.push(Share { system: system.clone(), args: Vec::new() });
        }
    }
    let mut asked = Vec::new();
    for (arg, is_name) in args.iter().zip(&is_name) {
        let owner = if *is_name { Some(owner_of(arg, what, known)?) } else { None };
        asked.extend(owner);
        for share in &mut shares {
            if owner.is_none_or(|owner| owner == share.system) {
                share.args.push(arg.clone());
            }
        }
    }
    shares.retain(|share| asked.is_empty() || asked.contains(&share.system.as_str()));
    Ok(shares)
}

fn owner_of<'a>(name: &str, what: &str, known: &'a [Owned]) -> anyhow::Result<&'a str> {
    let Some(found) = known.iter().find(|owned| owned.name == name) else {
        let all: Vec<_> = known.iter().map(|owned| owned.name.as_str()).collect();
        bail!(Usage(unknown(name, what, &all)));
    };
    Ok(&found.system)
}

/// Which arguments are names, and not options or their values.
fn names(args: &[String]) -> Vec<bool> {
    let before = std::iter::once("").chain(args.iter().map(String::as_str));
    args.iter()
        .zip(before)
        .map(|(arg, before)| !arg.starts_with('-') && !WITH_VALUE.contains(&before))
        .collect()
}

/// The exit code of a driver that SIGINT interrupted, and of one that SIGTERM did.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;
/// Exit codes by severity, as the drivers rank them.
const BY_SEVERITY: [u8; 7] = [0, 1, 4, 3, 2, INTERRUPTED, TERMINATED];

fn worse_of(one: u8, other: u8) -> u8 {
    // A code that is not among them is a crash, and worse than all that are.
    let rank = |code| BY_SEVERITY.iter().position(|known| *known == code).unwrap_or(usize::MAX);
    if rank(other) > rank(one) { other } else { one }
}

/// `report`: to the system whose run it is, or that knows what else it is.
pub(crate) fn to_owner_of_run(passed: &Passed) -> anyhow::Result<ExitCode> {
    let is_name = names(&passed.args);
    let run = passed.args.iter().zip(is_name).find_map(|(arg, is_name)| is_name.then_some(arg));
    let driver = match run.map(Path::new) {
        Some(dir) if dir.is_dir() && !dir.join("manifest.json").exists() => Driver::knowing(dir)?,
        Some(run) => Driver::of_run(run)?,
        None => Driver::any()?,
    };
    become_driver(&driver, "report", &passed.args)
}

/// `data`: to the system whose data set it is, or whose experiment; to all if
/// neither is named.
pub(crate) fn to_data_owner(passed: &Passed) -> anyhow::Result<ExitCode> {
    let more = features::of_data(&passed.args);
    let driver_of = |system| Driver { system, target: LIGHTEST.to_owned(), more };
    let (what, known) = match passed.args.first().map(String::as_str) {
        Some("generate") => ("experiment", inventory::owned_experiments()?),
        Some("list" | "prepare" | "verify" | "upload" | "download") => {
            ("data set", inventory::data_sets()?)
        }
        // Any of them knows what can be said about all other words.
        _ => return become_driver(&Driver::any()?, "data", &passed.args),
    };
    let (verb, rest) = passed.args.split_at(1);
    let mut shares = shares(rest, what, &known)?;
    for share in &mut shares {
        share.args.splice(..0, verb.iter().cloned());
    }
    // An unnamed experiment is missing in each of them: one says so.
    shares.truncate(if rest.is_empty() && what == "experiment" { 1 } else { shares.len() });
    to_each(shares, "data", driver_of)
}

/// `doctor` and `status`: to the harness's own binary.
pub(crate) fn to_housekeeping(command: &str, passed: &Passed) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    Err(replace_with(housekeeping(&shell, LIGHTEST, command, &passed.args).into()))
}

/// `gc`: to the same binary, built for every target on which something may be
/// left. It says itself which those are: it knows where runs are registered.
pub(crate) fn to_garbage_collector(passed: &Passed) -> anyhow::Result<ExitCode> {
    let shell = Shell::new()?;
    let asking = housekeeping(&shell, LIGHTEST, "gc-features", &passed.args);
    // Where it does not answer, the command itself will say what is wrong.
    let needed = asking.quiet().ignore_stderr().read().unwrap_or_default();
    let features = [LIGHTEST, needed.trim()].join(",");
    Err(replace_with(housekeeping(&shell, &features, "gc", &passed.args).into()))
}

fn housekeeping<'a>(shell: &'a Shell, features: &str, command: &str, args: &[String]) -> Cmd<'a> {
    let manifest = inventory::root().join("Cargo.toml");
    let command = cmd!(
        shell,
        "cargo run --quiet --manifest-path {manifest} --package harness --features {features}
         --bin reprise -- {command}"
    );
    unsaid(command).args(args)
}

fn unknown(name: &str, what: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 2)
        .min();
    match near {
        Some((_, near)) => format!("no {what} `{name}`\n(hint: did you mean `{near}`?)"),
        None => format!("no {what} `{name}`\n(hint: there is {})", known.join(", ")),
    }
}

/// What carries a command out: a system's test binary, built for a target.
struct Driver {
    system: String,
    target: String,
    /// Another feature that the command needs.
    more: Option<&'static str>,
}

impl Driver {
    /// The one of the system whose run it is, for the target that it is on.
    fn of_run(run: &Path) -> anyhow::Result<Self> {
        let manifest = run.join("manifest.json");
        let text = std::fs::read_to_string(&manifest).map_err(|error| {
            let run = run.display();
            Usage(format!("{run} is no run directory: cannot read its manifest: {error}"))
        })?;
        let manifest: Value =
            serde_json::from_str(&text).with_context(|| format!("parse {}", manifest.display()))?;
        let system = manifest["system"].as_str().context("the manifest names no system")?;
        Ok(Self { system: system.to_owned(), target: features::of_run(&manifest), more: None })
    }

    /// The one of the system that knows a directory which is no run's.
    fn knowing(dir: &Path) -> anyhow::Result<Self> {
        for system in inventory::readers_of_foreign_runs()? {
            let driver = Self { system, target: LIGHTEST.to_owned(), more: None };
            let asked = [dir.display().to_string()];
            let status = driver.command("knows", &asked)?.status().context("ask the driver")?;
            if status.success() {
                return Ok(driver);
            }
        }
        bail!(Usage(format!(
            "{} is neither a run's directory nor what another tool wrote of a system here\n\
             (hint: `cargo xtask status` lists the runs; another tool's files must have the names \
             that it gives them)",
            dir.display()
        )))
    }

    /// Any one, for what all can do.
    fn any() -> anyhow::Result<Self> {
        let mut systems = inventory::systems()?.into_iter();
        let system = systems.next().context("there is no system in this checkout")?;
        Ok(Self { system, target: LIGHTEST.to_owned(), more: None })
    }

    /// The command line, once the binary is built.
    fn command(&self, command: &str, args: &[String]) -> anyhow::Result<Command> {
        let binary = self.build()?;
        let shell = Shell::new()?;
        Ok(cmd!(shell, "{binary} {DRIVER_FLAG} {command}").args(args).into())
    }

    /// Builds the binary as `cargo test --features TARGET` does, so that both
    /// share artifacts, and returns its path.
    fn build(&self) -> anyhow::Result<PathBuf> {
        let Self { system, target, more } = self;
        let target = features::known_to(system, target);
        let features: Vec<&str> = std::iter::once(target).chain(*more).collect();
        let features = features.join(",");
        let shell = Shell::new()?;
        let manifest = inventory::root().join("Cargo.toml");
        let building = cmd!(
            shell,
            "cargo test --quiet --no-run --manifest-path {manifest} --package {system}
             --features {features} --test experiments --message-format json-render-diagnostics"
        );
        let messages = unsaid(building)
            .quiet()
            .read()
            .with_context(|| format!("build the experiments of {system} for {target}"))?;
        messages
            .lines()
            .filter_map(executable)
            .next_back()
            .with_context(|| format!("cargo built no test binary `experiments` for {system}"))
    }
}

fn become_driver(driver: &Driver, command: &str, args: &[String]) -> anyhow::Result<ExitCode> {
    Err(replace_with(driver.command(command, args)?))
}

/// Signals then reach the command itself, and its exit code is ours.
fn replace_with(mut command: Command) -> anyhow::Error {
    let error: io::Error = command.exec();
    anyhow::Error::new(error).context(format!("start {:?}", command.get_program()))
}

fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_experiments = message["target"]["name"] == "experiments";
    is_experiments.then(|| message["executable"].as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Owned> {
        [("sgd", "one"), ("matrices", "one"), ("latency", "two")]
            .map(|(name, system)| Owned { name: name.into(), system: system.into() })
            .into()
    }

    #[track_caller]
    fn check_shares(typed: &str, expected: &[(&str, &str)]) {
        let args: Vec<_> = typed.split_whitespace().map(str::to_owned).collect();
        let shares = shares(&args, "experiment", &known()).unwrap();
        let found: Vec<_> =
            shares.iter().map(|share| (share.system.as_str(), share.args.join(" "))).collect();
        let expected: Vec<_> =
            expected.iter().map(|(system, args)| (*system, (*args).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_name_may_stand_before_or_after_the_options() {
        check_shares("sgd --profile smoke", &[("one", "sgd --profile smoke")]);
        check_shares("--profile smoke sgd", &[("one", "--profile smoke sgd")]);
    }

    #[test]
    fn a_length_of_time_is_no_directory() {
        let typed = ["--bucket", "60s", "theirs", "--duration", "-1"].map(str::to_owned);
        assert_eq!(names(&typed), [false, false, true, false, false]);
    }

    #[test]
    fn without_a_name_every_system_gets_the_options() {
        let args = "--all --profile=smoke";
        check_shares(args, &[("one", args), ("two", args)]);
    }

    #[test]
    fn each_system_gets_its_own_names_alone() {
        check_shares(
            "latency --trials 3 sgd",
            &[("one", "--trials 3 sgd"), ("two", "latency --trials 3")],
        );
    }

    #[test]
    fn an_unknown_name_is_a_usage_error() {
        let error = shares(&["sdg".to_owned()], "experiment", &known()).unwrap_err();
        assert_eq!(exit_code_of(&error), 2);
    }

    #[test]
    fn the_worst_system_decides_the_exit_code() {
        assert_eq!(worse_of(0, 1), 1);
        assert_eq!(worse_of(4, 1), 4);
        assert_eq!(worse_of(4, 3), 3);
        assert_eq!(worse_of(2, 101), 101);
    }

    #[test]
    fn a_slip_of_the_fingers_gets_its_hint() {
        let text = unknown("sdg", "experiment", &["sgd", "matrices"]);
        assert_eq!(text, "no experiment `sdg`\n(hint: did you mean `sgd`?)");
    }
}
