//! Where roles look for the trace that a workload replays.

use std::{
    fs::File,
    path::Path,
    process::{Command, Output},
};

use clockwork::{
    roles::Observed,
    telemetry::Totals,
    trace::{Generator, Shape},
};

/// Whoever sends the requests; there is no controller at the client's address.
const ROLES: [&[&str]; 2] =
    [&["simulate", "--duration-s=5", "--out=/nowhere"], &["client", "127.0.0.1:1"]];

/// Runs a role on the busiest function of a day, in this environment.
#[expect(clippy::disallowed_methods, reason = "a test of the binary, not of a run")]
fn clockwork(args: &[&str], trace_dir: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockwork"));
    command.args(args).arg("azure_single").env_remove("AZURE_TRACE_DIR");
    command.envs(trace_dir.map(|dir| ("AZURE_TRACE_DIR", dir)));
    command.output().expect("the binary was just built")
}

fn refusal(args: &[&str], trace_dir: Option<&Path>) -> String {
    let output = clockwork(args, trace_dir);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("an error is text")
}

/// Generates a day as the trace's first.
fn write_day(dir: &Path) {
    let generator = Generator::new(&Shape { functions: 50, rate: 50.0, seed: 3 });
    let file = File::create(dir.join("invocations_per_function_md.anon.d01.csv"));
    generator
        .expect("there are such days")
        .write(file.expect("the directory is there"))
        .expect("it has room");
}

#[test]
fn a_day_is_found_where_the_environment_says() {
    let dir = tempfile::tempdir().unwrap();
    write_day(dir.path());
    let totals = |args: &[&str], trace_dir| -> Totals {
        let out = tempfile::tempdir().unwrap();
        let to = out.path().display().to_string();
        let output =
            clockwork(&[&["simulate", "--duration-s=5", "--out", &to], args].concat(), trace_dir);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read(out.path().join("observed.json")).unwrap();
        serde_json::from_slice::<Observed>(&text).unwrap().totals
    };
    let by_environment = totals(&[], Some(dir.path()));
    assert!(by_environment.requests > 0);
    let flag = format!("--trace-dir={}", dir.path().display());
    assert_eq!(totals(&[&flag], None), by_environment);
    // What is typed outranks it.
    assert_eq!(totals(&[&flag], Some(Path::new("/nowhere"))), by_environment);
    let client = refusal(ROLES[1], Some(dir.path()));
    assert!(client.starts_with("clockwork: connect to the controller"), "{client}");
}

#[test]
fn where_no_day_is_there_is_said_which_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    for role in ROLES {
        let text = refusal(role, Some(dir.path()));
        let text = text.replace(&dir.path().display().to_string(), "[dir]");
        insta::allow_duplicates!(insta::assert_snapshot!(text, @"
        clockwork: workload `azure_single`: neither [dir]/invocations_per_function_md.svls.anon.d01.csv nor [dir]/invocations_per_function_md.anon.d01.csv exists
        (hint: unpack azurefunctions-dataset2019.tar.xz there)
        "));
        insta::allow_duplicates!(insta::assert_snapshot!(refusal(role, None), @"
        clockwork: workload `azure_single`: there is no trace
        (hint: --trace-dir DIR)
        "));
    }
}
