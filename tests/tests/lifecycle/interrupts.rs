//! Ctrl-C and SIGTERM at any moment: all is torn down first, and the run can
//! be continued.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Driver, Run, Site, SplitMix, WITHOUT_SNAPSHOT, eventually, pause};

/// A run of ten trials takes about this long.
const LIFE: Duration = Duration::from_millis(900);

/// The longest that teardown may take.
const GONE_WITHIN: Duration = Duration::from_secs(10);

const TRIALS: [&str; 2] = ["--trials", "5"];

/// Interrupts runs at seeded random moments, from the first instruction on.
#[track_caller]
fn check(n: u32, seed: u64, send: fn(&Driver), code: i32) {
    let mut moments = SplitMix(seed);
    for i in 0..n {
        let site = Site::new();
        let driver = site.start_exp(&[WITHOUT_SNAPSHOT, TRIALS].concat());
        let moment = moments.moment(LIFE);
        pause(moment);
        send(&driver);
        let sent = Instant::now();
        let answer = driver.wait();
        let took = sent.elapsed();
        eprintln!("signal {i} after {moment:?}: exit {} within {took:?}", answer.code());
        assert!(took < GONE_WITHIN, "it took {took:?}");
        // The signal may come when all is done.
        assert!([code, 0].contains(&answer.code()), "{}\n{}", answer.code(), answer.stderr);
        for run in site.runs() {
            assert_eq!(site.leftovers(&run), [""; 0]);
            check_continues(&site, &run);
        }
    }
}

#[track_caller]
fn check_continues(site: &Site, run: &Run) {
    // Before the manifest is written nothing has begun.
    if !run.path("manifest.json").exists() {
        return;
    }
    let n_before = run.results().len();
    site.resume(run).expect_code(0);
    assert!(run.results().len() >= n_before);
    site.expect_all_results(run, &TRIALS);
    site.expect_nothing_left(run);
}

#[test]
fn ctrl_c_at_random_moments_leaves_nothing_and_the_run_can_be_continued() {
    check(6, 1, |driver| driver.signal_group(Signal::INT), 130);
}

#[test]
fn sigterm_at_random_moments_leaves_nothing_and_the_run_can_be_continued() {
    check(6, 2, |driver| driver.signal(Signal::TERM), 143);
}

#[test]
fn an_impatient_second_ctrl_c_does_not_cut_the_teardown_short() {
    let twice = |driver: &Driver| {
        driver.signal_group(Signal::INT);
        driver.signal_group(Signal::INT);
    };
    check(2, 3, twice, 130);
}

#[test]
fn a_trial_that_hangs_can_be_interrupted() {
    let site = Site::new();
    let driver = site.start_exp(&["--points", "toy=red", "--set", "behaviour=job-hangs"]);
    let hangs = || {
        let of_job = |run: &Run| run.path("trials/toy=red/1/attempt-1/job-0.log").exists();
        site.runs().iter().any(of_job)
    };
    eventually("the job", hangs);
    driver.signal_group(Signal::INT);
    let answer = driver.wait().expect_code(130);
    let run = site.run();
    assert!(answer.stderr.contains("--resume"), "{}", answer.stderr);
    assert!(run.read("run.log").lines().last().unwrap().starts_with("Exiting: interrupted"));
    site.expect_nothing_left(&run);
}
