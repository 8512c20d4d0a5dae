//! SIGKILL of the driver at any moment: its reaper, or `gc`, leaves nothing and
//! spares what only looks like the run's, and the run can be continued.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use targets::{
    gc::{self, Mode},
    ledger::Ledger,
    registry::Registry,
};
use workspace_tests::{Trials, usable_target};

use crate::{
    bystanders::Bystanders,
    place::Place,
    support::{Driver, Run, Site, SplitMix, eventually, pause},
};

const TOY: &str = env!("CARGO_BIN_EXE_toy");

/// What happens to a run at a place.
type Case = fn(Place);

/// Adds the trials of one target.
pub(crate) fn add(target: &'static str, trials: &mut Trials) {
    let place = Place { target };
    let named = |what: &str| format!("{what}::{target}");
    let cases: [(&str, Case); 5] = [
        ("a_driver_killed_at_10_random_moments_leaves_nothing", |place| kill_often(place, 10, 7)),
        ("a_driver_killed_before_its_first_trial_leaves_nothing", kill_early),
        ("a_run_that_is_killed_again_and_again_comes_to_its_end", kill_again_and_again),
        ("a_run_killed_before_the_ledgers_first_line_can_be_continued", kill_before_ledger),
        ("gc_cleans_up_after_the_dead_and_spares_the_living", gc_after_kill),
    ];
    let many = "a_driver_killed_at_100_random_moments_leaves_nothing";
    if let Err(reason) = usable_target(target, "mishaps") {
        for name in cases.iter().map(|(what, _)| *what).chain([many]) {
            trials.add_impossible(named(name), reason.clone());
        }
        return;
    }
    for (what, case) in cases {
        trials.add_panicking(named(what), move || case(place));
    }
    let reason = "takes minutes (hint: -- --ignored killed_at_100; prints a transcript)";
    trials.add_on_request(named(many), reason, move || kill_often(place, 100, 8));
}

/// Kills drivers at seeded random moments of a run's life.
fn kill_often(place: Place, n: u32, seed: u64) {
    let life = place.life();
    eprintln!("an undisturbed run on {} lasts {life:?}", place.target);
    let mut moments = SplitMix(seed);
    for i in 0..n {
        let site = Site::new();
        let run = run_with_a_name(place, &site);
        let mut bystanders = Bystanders::plant(place, &site, &run);
        let driver = resume(&site, &run);
        let began = Instant::now();
        pause(moments.moment(life));
        let at = began.elapsed();
        driver.signal(Signal::KILL);
        let code = driver.wait().code();
        let gone = eventually("the reaper", || site.leftovers(&run).is_empty());
        site.expect_nothing_left(&run);
        bystanders.expect_unharmed();
        let n_before = run.results().len();
        site.resume(&run).expect_code(0);
        site.expect_all_results(&run, &place.trials());
        site.expect_nothing_left(&run);
        bystanders.expect_unharmed();
        eprintln!("kill {i} after {at:?}: exit {code}, {n_before} results, gone in {gone:?}");
    }
}

/// A run that has hardly begun. Its label is in the names of what is planted
/// before its next driver is started, so that planting does not disturb that.
fn run_with_a_name(place: Place, site: &Site) -> Run {
    let driver = place.start(site);
    eventually("the run", || site.runs().iter().any(has_manifest));
    driver.signal(Signal::KILL);
    driver.wait();
    let run = site.run();
    eventually("the reaper", || site.leftovers(&run).is_empty());
    run
}

fn resume(site: &Site, run: &Run) -> Driver {
    let root = run.root().display().to_string();
    site.start(TOY, ["--driver", "exp", "--resume", &root])
}

/// Before the manifest is written nothing has begun.
fn has_manifest(run: &Run) -> bool {
    run.path("manifest.json").exists()
}

fn kill_early(place: Place) {
    let mut moments = SplitMix(9);
    for _ in 0..6 {
        let site = Site::new();
        let driver = place.start(&site);
        pause(moments.moment(Duration::from_millis(200)));
        driver.signal(Signal::KILL);
        driver.wait();
        for run in site.runs() {
            eventually("the reaper", || site.leftovers(&run).is_empty());
            if has_manifest(&run) {
                site.resume(&run).expect_code(0);
                site.expect_all_results(&run, &place.trials());
            }
        }
    }
}

fn kill_again_and_again(place: Place) {
    let life = place.life();
    let site = Site::new();
    let mut moments = SplitMix(10);
    let run = run_with_a_name(place, &site);
    for _ in 0..6 {
        let again = resume(&site, &run);
        pause(moments.moment(life / 2));
        again.signal(Signal::KILL);
        again.wait();
    }
    eventually("the reaper", || site.leftovers(&run).is_empty());
    site.resume(&run).expect_code(0);
    site.expect_all_results(&run, &place.trials());
    site.expect_nothing_left(&run);
}

fn kill_before_ledger(place: Place) {
    let site = Site::new();
    place.run(&site).expect_code(0);
    let run = site.run();
    let as_it_was_then = || fs::remove_dir_all(run.path("trials")).unwrap();
    as_it_was_then();
    fs::write(run.path("ledger.jsonl"), "").unwrap();
    site.resume(&run).expect_code(0);
    as_it_was_then();
    fs::remove_file(run.path("ledger.jsonl")).unwrap();
    site.resume(&run).expect_code(0);
    site.expect_all_results(&run, &place.trials());
}

/// The reaper is killed with its driver, as a power cut would.
fn gc_after_kill(place: Place) {
    let life = place.life();
    let site = Site::new();
    let registry = Registry::in_dir(&site.path("state"));
    let alive = "fedcba987654".to_owned().try_into().unwrap();
    let ledger = site.path("alive.jsonl");
    let _alive = Ledger::create(&ledger, &alive, place.target, &registry).unwrap();
    let run = run_with_a_name(place, &site);
    let mut bystanders = Bystanders::plant(place, &site, &run);
    let driver = resume(&site, &run);
    pause(life / 2);
    reapers(&run).into_iter().for_each(|reaper| kill_process(reaper, Signal::KILL).unwrap());
    driver.signal(Signal::KILL);
    driver.wait();
    let report = Trials::block_on(gc::gc(&registry, Mode::Remove)).unwrap();
    assert!(report.is_clean(), "{report}");
    let told = report.to_string();
    assert!(told.contains("run fedcba987654: its driver lives, nothing touched"), "{told}");
    assert_eq!(site.leftovers(&run), [""; 0]);
    assert!(run.has_ended());
    bystanders.expect_unharmed();
    site.resume(&run).expect_code(0);
    site.expect_all_results(&run, &place.trials());
}

/// The reapers of a run.
fn reapers(run: &Run) -> Vec<Pid> {
    let variable = format!("REPRISE_REAPER={}", run.path("ledger.jsonl").display());
    let is_reaper = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|one| one == variable.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let pid = |process: PathBuf| Pid::from_raw(process.file_name()?.to_str()?.parse().ok()?);
    processes.filter(is_reaper).filter_map(pid).collect()
}
