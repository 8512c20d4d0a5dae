//! What the experiments of a system refuse before anything runs, and what they
//! tell who typed it.

use tempfile::TempDir;
use workspace_tests::root;

use crate::xtask::{Answer, xtask_in};

/// What `exp` says on these overrides; it must be a usage error, and nothing may have run.
#[track_caller]
fn refusal(experiment: &str, set: &str) -> String {
    let results = TempDir::new().unwrap();
    let place = results.path().to_str().unwrap();
    let environment = [("REPRISE_RESULTS_DIR", place), ("REPRISE_CACHE_DIR", place)];
    let args = ["exp", experiment, "--profile", "smoke", "--set", set];
    let Answer { exit_code, stdout, stderr } = xtask_in(&environment, &args);
    assert_eq!((exit_code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(!results.path().join(experiment).exists(), "a run has begun");
    stderr.replace(root().to_str().unwrap(), "[workspace]")
}

#[test]
fn settings_of_python_are_refused_because_there_is_none() {
    insta::assert_snapshot!(refusal("matrices", "python-codegen=on"), @"
    error: --set python-codegen: the guests are Rust where the original ran CPython and NumPy, so no setting of Python's has an effect
    (hint: leave it out)
    ");
    insta::assert_snapshot!(refusal("matrices", "python-preload=on"), @"
    error: --set python-preload: the guests are Rust where the original ran CPython and NumPy, so no setting of Python's has an effect
    (hint: leave it out)
    ");
}

#[test]
fn a_size_that_the_splits_do_not_divide_is_refused_with_one_that_they_do() {
    insta::assert_snapshot!(refusal("matrices", "sizes=[102]"), @"
    error: a matrix of size 102 cannot be split 2 times: 4 does not divide 102
    (hint: take 104)
    ");
}

#[test]
fn a_value_of_a_wrong_type_is_refused_with_its_key() {
    insta::assert_snapshot!(refusal("matrices", "splits=two"), @r#"error: --set splits: invalid type: string "two", expected u32"#);
}

#[test]
fn what_is_no_model_is_refused_with_how_it_begins() {
    insta::assert_snapshot!(refusal("tf-lat", "model=README.md"), @r##"
    error: --set model=README.md: the model begins with "# Repris", and is neither TensorFlow Lite, ONNX nor flat
    (hint: pass a .tflite or .onnx file)
    "##);
}

#[test]
fn a_model_that_is_not_there_is_refused() {
    insta::assert_snapshot!(refusal("tf-lat", "model=/nowhere.tflite"), @"
    error: --set model=/nowhere.tflite: no such file
    (hint: a .tflite or .onnx file, or `generated`)
    ");
}

#[test]
fn no_data_of_an_unknown_set_is_moved() {
    for moving in [["upload", "--to"], ["download", "--from"]] {
        let [command, option] = moving;
        let args = ["data", command, "matrixes", option, "nobody@localhost:data"];
        let Answer { exit_code, stdout, stderr } = xtask_in(&[], &args);
        assert_eq!((exit_code, stdout.as_str()), (2, ""), "{stderr}");
        insta::allow_duplicates!(insta::assert_snapshot!(stderr, @"
        error: no data set `matrixes`
        (hint: did you mean `matrices`?)
        "));
    }
}
