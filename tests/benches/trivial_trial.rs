//! What a trivial trial costs beyond its own work, beside ReFrame's trivial
//! test in the same run. Prints the ratio; the goal is at most one half.
//!
//! Ours starts a server, sees it ready, runs a job, records, tears down and
//! audits; ReFrame runs `true` and checks its exit. Needs `reframe` on the PATH
//! or in `REFRAME` (`pip install reframe-hpc`); without it only ours is timed.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use criterion::Criterion;
use xshell::{Shell, cmd};

/// One process runs this many, so that its own start is shared by all.
const TRIALS: u32 = 20;

const REFRAME_TEST: &str = "\
import reframe as rfm
import reframe.utility.sanity as sn

@rfm.simple_test
class Trivial(rfm.RunOnlyRegressionTest):
    valid_systems = ['*']
    valid_prog_environs = ['*']
    executable = 'true'

    @sanity_function
    def ended_well(self):
        return sn.assert_eq(self.job.exitcode, 0)
";

fn main() -> anyhow::Result<()> {
    let site = tempfile::tempdir()?;
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let ours = timed(&mut criterion, "reprise", || run_toy(site.path(), TRIALS));
    let Some(reframe) = reframe() else {
        eprintln!("no reframe here: no ratio (hint: pip install reframe-hpc)");
        return Ok(());
    };
    std::fs::write(site.path().join("trivial.py"), REFRAME_TEST)?;
    let theirs = timed(&mut criterion, "reframe", || run_reframe(site.path(), &reframe, TRIALS));
    eprintln!(
        "a trivial trial: {:.0} ms, ReFrame's trivial test: {:.0} ms, ratio {:.2}",
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    Ok(())
}

/// Times `TRIALS` trials at once; returns the median time of one.
fn timed(criterion: &mut Criterion, name: &str, run: impl Fn() -> anyhow::Result<()>) -> Duration {
    let mut samples = Vec::new();
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|n_iterations| {
            let start = Instant::now();
            for _ in 0..n_iterations {
                run().expect("the program that is timed works");
            }
            let elapsed = start.elapsed();
            samples.push(elapsed / n_iterations as u32);
            elapsed
        });
    });
    samples.sort();
    samples[samples.len() / 2] / TRIALS
}

fn run_toy(site: &Path, n_trials: u32) -> anyhow::Result<()> {
    let shell = Shell::new()?;
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/steady.toml");
    let toy = env!("CARGO_BIN_EXE_toy");
    let trials = n_trials.to_string();
    for (variable, folder) in [
        ("REPRISE_RESULTS_DIR", "results"),
        ("REPRISE_CACHE_DIR", "cache"),
        ("REPRISE_STATE_DIR", "state"),
    ] {
        shell.set_var(variable, site.join(folder));
    }
    cmd!(shell, "{toy} --driver exp toy --profile {profile} --points toy=red --trials {trials}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .ignore_status()
        .run()?;
    Ok(())
}

fn reframe() -> Option<String> {
    let program = std::env::var("REFRAME").unwrap_or_else(|_| "reframe".into());
    let shell = Shell::new().ok()?;
    cmd!(shell, "{program} --version").quiet().ignore_stdout().run().ok()?;
    Some(program)
}

fn run_reframe(site: &Path, reframe: &str, n_tests: u32) -> anyhow::Result<()> {
    let shell = Shell::new()?;
    shell.change_dir(site);
    let repeat = n_tests.to_string();
    cmd!(shell, "{reframe} -c trivial.py -r --exec-policy=serial --repeat={repeat}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()?;
    Ok(())
}
