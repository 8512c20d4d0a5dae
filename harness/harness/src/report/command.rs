//! The command that a person would type to make a run again.

use crate::{driver::DRIVER_FLAG, run_dir::Manifest};

/// What was typed, if it came through the command line; otherwise, as in a
/// test, the command that makes the same run.
pub(super) fn command_to_type(manifest: &Manifest) -> String {
    let typed: Vec<_> = typed(manifest).cloned().collect();
    joined(if typed.is_empty() { same_run(manifest, &manifest.profile.name) } else { typed })
}

/// The command of the same run under the profile `profile`.
pub(super) fn command_under(manifest: &Manifest, profile: &str) -> String {
    joined(same_run(manifest, profile))
}

/// The command of the same run with so many trials of each point.
pub(super) fn command_with_trials(manifest: &Manifest, n_trials: usize) -> String {
    let mut words = same_run(manifest, &manifest.profile.name);
    words.extend(["--trials".into(), n_trials.to_string()]);
    joined(words)
}

/// What was typed after `cargo xtask`; nothing in a test.
fn typed(manifest: &Manifest) -> impl Iterator<Item = &String> {
    manifest.command.iter().skip_while(|word| *word != DRIVER_FLAG).skip(1)
}

fn same_run(manifest: &Manifest, profile: &str) -> Vec<String> {
    let mut words = ["exp", &manifest.experiment, "--profile", profile].map(str::to_owned).to_vec();
    if typed(manifest).any(|word| word == "--env" || word.starts_with("--env=")) {
        words.extend(["--env".into(), manifest.profile.env.clone()]);
    }
    let set = manifest.overrides.iter().filter(|set| !set.starts_with("trials="));
    words.extend(set.flat_map(|set| ["--set".into(), set.clone()]));
    words.extend(manifest.points.iter().flat_map(|points| ["--points".into(), points.clone()]));
    words
}

fn joined(words: Vec<String>) -> String {
    let words = ["cargo", "xtask"].map(str::to_owned).into_iter().chain(words);
    words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[track_caller]
    fn check(command: &[&str], expected: &str) {
        let mut manifest = samples::findings().manifest;
        manifest.command = command.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(command_to_type(&manifest), expected);
    }

    #[test]
    fn what_was_typed_is_repeated_and_quoted() {
        check(
            &["/t/experiments", "--driver", "exp", "toy", "--set", "sizes=[1,2]"],
            "cargo xtask exp toy --set 'sizes=[1,2]'",
        );
    }

    #[test]
    fn a_test_has_a_command_that_makes_the_same_run() {
        check(
            &["/t/experiments", "toy::local"],
            "cargo xtask exp toy --profile local --set 'sizes=[1, 2, 4]'",
        );
    }

    #[test]
    fn a_quote_survives_the_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
