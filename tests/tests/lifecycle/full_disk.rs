//! Nothing can be written any more: a clear error, teardown, and a run that can
//! be continued.

use crate::support::{Answer, Site, WITHOUT_SNAPSHOT, eventually, steady};

const TOY: &str = env!("CARGO_BIN_EXE_toy");

/// A run whose files cannot grow beyond `n_blocks` of 512 bytes. Any user can
/// have that, and to a writer it is as final as a full disk.
fn run_with_files_of(site: &Site, n_blocks: u32) -> Answer {
    let script = format!("trap '' XFSZ; ulimit -f {n_blocks}; exec \"$@\"");
    let exp = ["-c", &script, "sh", TOY, "--driver", "exp", "toy", "--profile", &steady()];
    site.start("sh", exp.iter().chain(&WITHOUT_SNAPSHOT)).wait()
}

#[test]
fn a_disk_that_fills_up_in_a_trial_ends_the_run_with_a_clear_error() {
    let site = Site::new();
    let answer = run_with_files_of(&site, 10).expect_code(3);
    // Which write fails depends on the length of paths and process ids.
    let error = "/ledger.jsonl: File too large (os error 27)\n(hint: make room, then continue";
    assert!(answer.stderr.contains(error), "{}", answer.stderr);
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    eventually("the reaper", || site.leftovers(&site.run()).is_empty());
}

#[test]
fn a_disk_that_fills_up_at_any_write_leaves_nothing_and_the_run_can_be_continued() {
    for n_blocks in [4, 5, 6, 8, 10, 12, 14] {
        let site = Site::new();
        run_with_files_of(&site, n_blocks).expect_code(3);
        let run = site.run();
        eventually("the reaper", || site.leftovers(&run).is_empty());
        site.resume(&run).expect_code(0);
        site.expect_all_results(&run, &[]);
        site.expect_nothing_left(&run);
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_is_named_before_anything_is_created() {
    let site = Site::new();
    let answer = run_with_files_of(&site, 1).expect_code(3);
    insta::assert_snapshot!(site.redact(&answer.stderr), @"
    error: write [site]/results/toy/[run]/manifest.json: File too large (os error 27)
    (hint: make room, then continue with --resume RUN; `cargo xtask status` lists the runs)
    ");
    assert_eq!(site.leftovers(&site.run()), [""; 0]);
}

#[test]
#[ignore = "mounts a file system: needs root"]
fn a_run_on_a_small_file_system_is_continued_once_there_is_room() {
    let site = Site::new();
    // The mount is seen by this script alone, and gone with it.
    let script = format!(
        "mount -t tmpfs -o size=100k none results; {TOY} --driver exp toy --profile {} \
         --set slowdown=1.0; echo first $?; mount -o remount,size=10m results; \
         {TOY} --driver exp --resume results/toy/*; echo second $?; cp -r results/toy copy; \
         umount results; cp -r copy results/toy",
        steady()
    );
    let answer = site.start("unshare", ["--mount", "sh", "-c", &script]).wait().expect_code(0);
    assert!(answer.stdout.contains("first 3"), "{}\n{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("second 0"), "{}\n{}", answer.stdout, answer.stderr);
    assert!(answer.stderr.contains("No space left on device"), "{}", answer.stderr);
    let run = site.run();
    site.expect_all_results(&run, &[]);
    site.expect_nothing_left(&run);
}
