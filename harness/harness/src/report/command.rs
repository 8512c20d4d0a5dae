//! The command that a person would type to make a run again.

use crate::{driver::DRIVER_FLAG, run_dir::Manifest};

/// What was typed, if it came through the command line; otherwise, as in a
/// test, the command that makes the same run.
pub(super) fn command_to_type(manifest: &Manifest) -> String {
    let mut words = vec!["cargo".to_owned(), "xtask".to_owned()];
    let mut typed = manifest.command.iter().skip_while(|word| *word != DRIVER_FLAG).skip(1);
    match typed.next() {
        Some(first) => {
            words.push(first.clone());
            words.extend(typed.cloned());
        }
        None => words.extend(made_up(manifest)),
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn made_up(manifest: &Manifest) -> Vec<String> {
    let mut words: Vec<String> =
        vec!["exp".into(), manifest.experiment.clone(), "--profile".into()];
    words.push(manifest.profile.name.clone());
    for (flag, values) in [("--set", &manifest.overrides), ("--points", &manifest.points)] {
        words.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
    }
    words
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
