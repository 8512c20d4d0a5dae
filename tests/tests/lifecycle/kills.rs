//! SIGKILL of the driver at any moment: its reaper leaves nothing, spares what
//! only looks like the run's, and the run can be continued.

use std::{fs, path::PathBuf, time::Duration};

use rustix::process::Signal;

use crate::support::{Driver, Run, Site, SplitMix, WITHOUT_SNAPSHOT, eventually, pause};

const TOY: &str = env!("CARGO_BIN_EXE_toy");

/// A run of ten trials takes about this long.
const LIFE: Duration = Duration::from_millis(700);

const TRIALS: [&str; 2] = ["--trials", "5"];

/// Kills drivers at seeded random moments of their trials.
fn kill_at_random_moments(n: u32, seed: u64) {
    let mut moments = SplitMix(seed);
    for i in 0..n {
        let site = Site::new();
        let driver = site.start_exp(&[WITHOUT_SNAPSHOT, TRIALS].concat());
        eventually("the first trial", || !site.runs().iter().all(|it| it.attempts().is_empty()));
        let run = site.run();
        let mut decoys = Decoys::plant(&site, &run);
        let moment = moments.moment(LIFE);
        pause(moment);
        driver.signal(Signal::KILL);
        let code = driver.wait().code();
        let gone = eventually("the reaper", || site.leftovers(&run).is_empty());
        site.expect_nothing_left(&run);
        decoys.expect_unharmed();
        let n_before = run.results().len();
        site.resume(&run).expect_code(0);
        site.expect_all_results(&run, &TRIALS);
        eprintln!("kill {i} after {moment:?}: exit {code}, {n_before} results, gone in {gone:?}");
    }
}

/// Things that look like the run's and are not.
struct Decoys {
    processes: Vec<Driver>,
    directories: Vec<PathBuf>,
}

impl Decoys {
    fn plant(site: &Site, run: &Run) -> Self {
        let label = run.label();
        let variables = [
            format!("REPRISE_RUN={label}0"),
            format!("XREPRISE_RUN={label}"),
            "REPRISE_RUN=0123456789ab".to_owned(),
        ];
        let sleep = |variable: &String| site.start("env", [variable.as_str(), "sleep", "1000"]);
        let names = [format!("reprise-{label}0-t1"), "reprise-0123456789ab-t1".to_owned()];
        let directories = names.map(|name| site.path("tmp").join(name));
        directories.iter().for_each(|dir| fs::create_dir(dir).unwrap());
        Self { processes: variables.iter().map(sleep).collect(), directories: directories.into() }
    }

    #[track_caller]
    fn expect_unharmed(&mut self) {
        assert!(self.processes.iter_mut().all(Driver::is_running));
        assert!(self.directories.iter().all(|dir| dir.exists()));
    }
}

#[test]
fn a_driver_killed_at_10_random_moments_leaves_nothing_and_its_run_can_be_continued() {
    kill_at_random_moments(10, 7);
}

#[test]
#[ignore = "takes minutes; `-- --ignored --nocapture` prints a transcript"]
fn a_driver_killed_at_100_random_moments_leaves_nothing_and_its_run_can_be_continued() {
    kill_at_random_moments(100, 8);
}

#[test]
fn a_driver_killed_before_its_first_trial_leaves_nothing_and_its_run_can_be_continued() {
    let mut moments = SplitMix(9);
    for _ in 0..6 {
        let site = Site::new();
        let driver = site.start_exp(&[WITHOUT_SNAPSHOT, TRIALS].concat());
        pause(moments.moment(Duration::from_millis(200)));
        driver.signal(Signal::KILL);
        driver.wait();
        for run in site.runs() {
            eventually("the reaper", || site.leftovers(&run).is_empty());
            // Before the manifest is written nothing has begun.
            if run.path("manifest.json").exists() {
                site.resume(&run).expect_code(0);
                site.expect_all_results(&run, &TRIALS);
            }
        }
    }
}

#[test]
fn a_run_whose_driver_was_killed_before_the_ledgers_first_line_can_be_continued() {
    let site = Site::new();
    site.exp(&[WITHOUT_SNAPSHOT, TRIALS].concat()).expect_code(0);
    let run = site.run();
    let as_it_was_then = || fs::remove_dir_all(run.path("trials")).unwrap();
    as_it_was_then();
    fs::write(run.path("ledger.jsonl"), "").unwrap();
    site.resume(&run).expect_code(0);
    as_it_was_then();
    fs::remove_file(run.path("ledger.jsonl")).unwrap();
    site.resume(&run).expect_code(0);
    site.expect_all_results(&run, &TRIALS);
}

#[test]
fn a_run_that_is_killed_again_and_again_comes_to_its_end() {
    let site = Site::new();
    let mut moments = SplitMix(10);
    let first = site.start_exp(&[WITHOUT_SNAPSHOT, TRIALS].concat());
    eventually("the first trial", || !site.runs().iter().all(|it| it.attempts().is_empty()));
    first.signal(Signal::KILL);
    first.wait();
    let run = site.run();
    let root = run.root().display().to_string();
    for _ in 0..5 {
        let again = site.start(TOY, ["--driver", "exp", "--resume", &root]);
        pause(moments.moment(LIFE / 2));
        again.signal(Signal::KILL);
        again.wait();
    }
    eventually("the reaper", || site.leftovers(&run).is_empty());
    site.resume(&run).expect_code(0);
    site.expect_all_results(&run, &TRIALS);
}
