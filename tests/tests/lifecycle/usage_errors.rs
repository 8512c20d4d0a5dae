//! What is typed wrong is refused before anything runs, with what to do.

use crate::support::{STEADY, Site, steady};

#[track_caller]
fn refusal(site: &Site, args: &[&str]) -> String {
    let answer = site.driver(args).expect_code(2);
    assert!(site.runs().is_empty(), "a run has begun");
    site.redact(&answer.stderr)
}

/// The toy's profile with one text replaced.
fn changed(site: &Site, from: &str, to: &str) -> String {
    assert!(STEADY.contains(from));
    site.write("changed.toml", &STEADY.replace(from, to))
}

#[test]
fn an_unknown_experiment_is_refused_with_the_near_match() {
    let site = Site::new();
    insta::assert_snapshot!(refusal(&site, &["exp", "tyo", "--profile", &steady()]), @"
    error: no experiment `tyo`
    (hint: did you mean `toy`?)
    ");
}

#[test]
fn no_experiment_at_all_is_refused() {
    let site = Site::new();
    insta::assert_snapshot!(refusal(&site, &["exp"]), @"
    error: name an experiment or say --all
    (hint: `cargo xtask list`)
    ");
}

#[test]
fn an_unknown_key_of_a_profile_is_refused_with_line_and_column() {
    let site = Site::new();
    let profile = changed(&site, "retries", "retires");
    insta::assert_snapshot!(refusal(&site, &["exp", "toy", "--profile", &profile]), @"
    error: [site]/changed.toml: TOML parse error at line 4, column 1
      |
    4 | retires = 1
      | ^^^^^^^
    unknown key `retires`
    (hint: did you mean `retries`?)
    ");
}

#[test]
fn an_unknown_knob_is_refused_with_line_and_column() {
    let site = Site::new();
    let profile = changed(&site, "noise", "noize");
    insta::assert_snapshot!(refusal(&site, &["exp", "toy", "--profile", &profile]), @"
    error: [site]/changed.toml: TOML parse error at line 9, column 1
      |
    9 | noize = 0.02
      | ^^^^^
    unknown field `noize`, expected one of `toys`, `noise`, `slowdown`, `afflicted`, `behaviour`
    ");
}

#[test]
fn a_wrong_type_in_a_profile_is_refused_with_line_and_column() {
    let site = Site::new();
    let profile = changed(&site, "noise = 0.02", "noise = \"much\"");
    insta::assert_snapshot!(refusal(&site, &["exp", "toy", "--profile", &profile]), @r#"
    error: [site]/changed.toml: TOML parse error at line 9, column 9
      |
    9 | noise = "much"
      |         ^^^^^^
    invalid type: string "much", expected f64
    "#);
}

#[test]
fn an_unknown_profile_is_refused_with_the_near_match() {
    let site = Site::new();
    insta::assert_snapshot!(refusal(&site, &["exp", "toy", "--profile", "smok"]), @"
    error: no `smok` under fixtures/profiles, and no such file
    (hint: did you mean `smoke`?)
    ");
}

#[test]
fn an_unknown_environment_is_refused_with_the_near_match() {
    let site = Site::new();
    let args = ["exp", "toy", "--profile", &steady(), "--env", "locl"];
    insta::assert_snapshot!(refusal(&site, &args), @"
    error: no `locl` under fixtures/envs, and no such file
    (hint: did you mean `local`?)
    ");
}

#[test]
fn an_unknown_target_is_refused() {
    let site = Site::new();
    let env = site.write("moon.toml", "target = \"moon\"\n");
    let args = ["exp", "toy", "--profile", &steady(), "--env", &env];
    insta::assert_snapshot!(refusal(&site, &args), @"
    error: no target `moon`
    (hint: there is local, docker)
    ");
}

#[test]
fn a_role_without_a_command_is_refused() {
    let site = Site::new();
    let env = site.write("empty.toml", "target = \"local\"\n[roles.serve]\ncommand = []\n");
    let args = ["exp", "toy", "--profile", &steady(), "--env", &env];
    insta::assert_snapshot!(refusal(&site, &args), @"error: [site]/empty.toml: role `serve` has an empty command");
}

#[test]
fn a_malformed_override_is_refused() {
    let site = Site::new();
    let args = ["exp", "toy", "--profile", &steady(), "--set", "noise"];
    insta::assert_snapshot!(refusal(&site, &args), @"
    error: --set noise: not KEY=VALUE
    (hint: --set workers=[2,4])
    ");
}

#[test]
fn an_override_of_an_unknown_knob_is_refused() {
    let site = Site::new();
    let args = ["exp", "toy", "--profile", &steady(), "--set", "noize=0.1"];
    insta::assert_snapshot!(refusal(&site, &args), @"error: --set: unknown field `noize`, expected one of `toys`, `noise`, `slowdown`, `afflicted`, `behaviour`");
}

#[test]
fn an_override_that_makes_no_sense_is_refused() {
    let site = Site::new();
    let args = ["exp", "toy", "--profile", &steady(), "--set", "noise=-1.0"];
    insta::assert_snapshot!(refusal(&site, &args), @"error: noise = -1: it cannot be negative");
}

#[test]
fn points_that_match_nothing_are_refused() {
    let site = Site::new();
    let args = ["exp", "toy", "--profile", &steady(), "--points", "toy=green"];
    insta::assert_snapshot!(refusal(&site, &args), @"
    error: no point of `toy` matches toy=green
    (hint: `cargo xtask plan toy` lists the points)
    ");
}

#[test]
fn what_is_no_run_cannot_be_resumed() {
    let site = Site::new();
    let place = site.path("cache").display().to_string();
    insta::assert_snapshot!(refusal(&site, &["exp", "--resume", &place]), @"
    error: [site]/cache is no run directory: it has no manifest.json
    (hint: `cargo xtask status` lists the runs)
    ");
}

#[test]
fn a_resumed_run_takes_no_overrides() {
    let site = Site::new();
    let place = site.path("cache").display().to_string();
    let args = ["exp", "--resume", &place, "--set", "noise=0.1"];
    insta::assert_snapshot!(refusal(&site, &args), @"
    error: the argument '--resume <RUN>' cannot be used with '--set <KEY=VALUE>'

    Usage: cargo xtask exp --resume <RUN> [NAMES]...

    For more information, try '--help'.
    ");
}

#[test]
fn what_is_no_run_has_no_report() {
    let site = Site::new();
    let place = site.path("nowhere").display().to_string();
    insta::assert_snapshot!(refusal(&site, &["report", &place]), @"
    error: [site]/nowhere is no run directory: it has no manifest.json
    (hint: `cargo xtask status` lists the runs)
    ");
}
