//! The entry point of a system's test binary: a libtest-compatible runner for
//! `cargo test` and nextest, and the driver for `cargo xtask`.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{
    backends,
    driver::{self, DRIVER_FLAG},
    experiment::{AnyExperiment, System},
    fault::Outcome,
};

/// Runs a system's experiments as tests, or as `cargo xtask` asks.
///
/// Trials are named `experiment::target`. What cannot run here is listed as
/// ignored, with the reason and the command to type.
#[must_use]
pub fn main(system: System) -> ExitCode {
    targets::helper::run_if_asked();
    #[cfg(feature = "local")]
    if let Err(error) = targets::local::become_subreaper() {
        eprintln!("orphans of roles will not be found: {error:#}");
    }
    let mut args = std::env::args();
    if args.nth(1).as_deref() == Some(DRIVER_FLAG) {
        return driver::main(system, args).into();
    }
    let mut arguments = Arguments::from_args();
    // Experiments measure: two at once would measure each other.
    arguments.test_threads = Some(1);
    let trials = trials(system, &Listing::here(&arguments));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(system: System, listing: &Listing) -> Vec<Trial> {
    let mut trials = Vec::new();
    for target in backends::NAMES {
        let obstacle = obstacle(system, target);
        trials.extend(system.experiments.iter().map(|&experiment| {
            let name = format!("{}::{target}", experiment.name());
            match &obstacle {
                None => Trial::test(name, move || run_as_test(system, experiment, target)),
                Some(reason) => listing.ignored(name, reason.clone()),
            }
        }));
    }
    trials
}

/// Why nothing can run on a target, and what mends it, on one line.
fn obstacle(system: System, target: &str) -> Option<String> {
    let Some(backend) = backends::compiled_in(target) else {
        return Some(format!(
            "needs the feature `{target}` (hint: cargo test -p {} --features {target})",
            system.name
        ));
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Some(format!("cannot ask the target `{target}`: {error}")),
    };
    let lacking = runtime.block_on(backends::first_shortfall(backend.as_ref()))?;
    Some(format!("needs {}", lacking.replace('\n', " ")))
}

/// How a trial that cannot run here is shown as ignored with its reason.
///
/// nextest asks for a listing first and shows no message of an ignored test,
/// so there the reason goes to standard error; `cargo test` prints the message.
struct Listing {
    flags_only: bool,
    forced: bool,
}

impl Listing {
    fn here(arguments: &Arguments) -> Self {
        Self {
            flags_only: arguments.list || std::env::var_os("NEXTEST").is_some(),
            forced: arguments.ignored || arguments.include_ignored,
        }
    }

    fn ignored(&self, name: String, reason: String) -> Trial {
        if self.flags_only {
            eprintln!("{name} is ignored: {reason}");
        }
        if self.flags_only || self.forced {
            // Without the flag `--ignored` would pass it over; forced, it fails.
            return Trial::test(name, move || Err(Failed::from(reason))).with_ignored_flag(true);
        }
        Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
    }
}

fn run_as_test(
    system: System,
    experiment: &'static dyn AnyExperiment,
    target: &str,
) -> Result<(), Failed> {
    let profile = std::env::var("REPRISE_PROFILE").unwrap_or_else(|_| "smoke".into());
    let finished = driver::run_one(system, experiment, &profile, target)
        .map_err(|error| Failed::from(format!("{error:#}")))?;
    match finished.outcome {
        Outcome::AsExpected => Ok(()),
        _ => Err(Failed::from(format!(
            "{}\nreport: {}",
            finished.findings.map(|findings| findings.claims_text()).unwrap_or_default(),
            finished.dir.report_markdown().display()
        ))),
    }
}
