//! What another tool wrote is reported on without a run, and without a verdict.

use std::fs;

use crate::support::Site;

/// A directory with a number for each of ten seconds.
fn seconds(site: &Site) -> String {
    let dir = site.path("theirs");
    fs::create_dir_all(&dir).unwrap();
    let lines: String = (1..=10).map(|second| format!("{second}\n")).collect();
    fs::write(dir.join("seconds.txt"), lines).unwrap();
    dir.display().to_string()
}

#[test]
fn a_report_shows_the_stretch_that_is_asked_for() {
    let site = Site::new();
    let (dir, out) = (seconds(&site), site.path("out"));
    let to = out.display().to_string();
    let stretch = ["--leadin", "2", "--duration", "6s", "--bucketsize", "2", "--out", &to];
    let answer = site.driver(&[&["report", &dir], &stretch[..]].concat()).expect_code(0);
    insta::assert_snapshot!(site.redact(&answer.stdout), @"report: [site]/out/report.html");
    let report = fs::read_to_string(out.join("report.md")).unwrap();
    insta::assert_snapshot!(site.redact(&report), @r"
    # toy: seconds of toys

    This report is on seconds of toys in `[site]/theirs`. The first 2 s are left out; it shows the 6 s after that, in steps of 2 s.

    Nothing is known of the machines and the build that this was measured with, nor of trials that did not come to an end: no claim of the paper is judged.

    ## all

    | Seconds | Buckets |
    | --: | --: |
    | 6 | 3 |

    ![Work](<all/1-work.svg>)

    *Work* ([PDF](<all/1-work.pdf>))

    - `all/work.tsv`: data
    ");
    for name in ["report.html", "all/1-work.svg", "all/1-work.pdf", "all/work.tsv"] {
        assert!(out.join(name).is_file(), "{name}");
    }
}

#[test]
fn all_of_it_is_shown_in_a_folder_beside_it_if_nothing_else_is_said() {
    let site = Site::new();
    let dir = seconds(&site);
    site.driver(&["report", &dir, "--lead-in", "0", "--duration", "-1"]).expect_code(0);
    let report = fs::read_to_string(site.path("theirs/report/report.md")).unwrap();
    assert!(report.contains("| 10 | 1 |"), "{report}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let site = Site::new();
    let dir = seconds(&site);
    let refusal = |args: &[&str]| {
        let answer = site.driver(&[&["report", &*dir], args].concat()).expect_code(2);
        site.redact(&answer.stderr)
    };
    insta::assert_snapshot!(refusal(&[]), @r"
    error: nothing is left
    (hint: a shorter --lead-in)
    ");
    insta::assert_snapshot!(refusal(&["--bucket", "0"]), @"error: --bucket and --duration must be longer than nothing");
    insta::assert_snapshot!(refusal(&["--bucket", "soon"]), @r"
    error: invalid value 'soon' for '--bucket <LENGTH>': `soon` is no length of time: expected such as 600, 600s or 2h

    For more information, try '--help'.
    ");
}

#[test]
fn a_system_is_asked_whether_it_knows_a_directory() {
    let site = Site::new();
    let dir = seconds(&site);
    site.driver(&["knows", &dir]).expect_code(0);
    site.driver(&["knows", &site.path("cache").display().to_string()]).expect_code(2);
}
