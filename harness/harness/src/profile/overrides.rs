//! `--set KEY=VALUE`: one knob changed for one run.

use anyhow::Context as _;

use super::{ProfileFile, limits};
use crate::fault::Fault;

/// Applies overrides in order. `trials`, `retries`, `seed` and
/// `resources.ROLE.LIMIT` are the profile's own; every other key belongs to the
/// experiment's section, where the experiment's type refuses unknown ones.
///
/// # Errors
/// A usage error if an override is not `KEY=VALUE` or a value has a wrong type.
pub(crate) fn apply_overrides(file: &mut ProfileFile, overrides: &[String]) -> anyhow::Result<()> {
    for text in overrides {
        let (key, value) = parse(text)?;
        match key {
            "trials" => file.trials = positive(text, &value)?,
            "retries" => file.retries = whole(text, &value)?,
            "seed" => file.seed = whole(text, &value)?,
            _ => match key.strip_prefix("resources.") {
                Some(limit) => limit_role(file, limit, value)
                    .map_err(|error| Fault::usage(format!("--set {text}: {error}")))?,
                None => {
                    file.section.insert(key.to_owned(), value);
                }
            },
        }
    }
    Ok(())
}

/// `limit` is what stands after `resources.`, such as `worker.cpus`.
fn limit_role(file: &mut ProfileFile, limit: &str, value: toml::Value) -> anyhow::Result<()> {
    let (role, key) = limit
        .rsplit_once('.')
        .context("not resources.ROLE.LIMIT=VALUE\n(hint: --set resources.worker.cpus=2)")?;
    limits::set(&mut file.resources, role, key, value)
}

/// A value is TOML; what is not TOML is a string, so that a path or a mode
/// needs no quotes inside the shell's.
fn parse(text: &str) -> anyhow::Result<(&str, toml::Value)> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(Fault::usage(format!(
            "--set {text}: not KEY=VALUE\n(hint: --set workers=[2,4])"
        )));
    };
    let parsed = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    Ok((key.trim(), parsed))
}

fn whole<N: TryFrom<i64>>(text: &str, value: &toml::Value) -> anyhow::Result<N> {
    value
        .as_integer()
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| Fault::usage(format!("--set {text}: not a whole number")))
}

fn positive(text: &str, value: &toml::Value) -> anyhow::Result<u32> {
    match whole(text, value)? {
        0 => Err(Fault::usage(format!("--set {text}: at least 1"))),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn file() -> ProfileFile {
        ProfileFile {
            env: "local".into(),
            trials: 1,
            retries: 0,
            seed: 1,
            resources: BTreeMap::new(),
            section: toml::Table::new(),
        }
    }

    #[test]
    fn lists_numbers_and_bare_words_are_understood() {
        let mut file = file();
        let overrides = ["workers=[2,4]", "mode=wasm", "trials=5"].map(String::from);
        apply_overrides(&mut file, &overrides).unwrap();
        assert_eq!(file.section.to_string(), "mode = \"wasm\"\nworkers = [2, 4]\n");
        assert_eq!(file.trials, 5);
    }

    #[test]
    fn a_wrong_override_names_itself() {
        let error = apply_overrides(&mut file(), &["trials=many".into()]).unwrap_err();
        assert_eq!(error.to_string(), "--set trials=many: not a whole number");
    }

    #[test]
    fn a_limit_of_a_role_is_set_and_counts_in_the_profile() {
        let mut file = file();
        let overrides = ["resources.worker.cpus=2", "resources.worker.memory-bytes=1_000_000"];
        apply_overrides(&mut file, &overrides.map(String::from)).unwrap();
        let worker = file.resources["worker"];
        assert_eq!((worker.cpus, worker.memory_bytes), (Some(2.0), Some(1_000_000)));
        assert!(file.section.is_empty());
    }

    #[test]
    fn a_wrong_limit_names_itself() {
        let failing = |text: &str| apply_overrides(&mut file(), &[text.into()]).unwrap_err();
        insta::assert_snapshot!(failing("resources.worker=2"), @"
        --set resources.worker=2: not resources.ROLE.LIMIT=VALUE
        (hint: --set resources.worker.cpus=2)
        ");
        insta::assert_snapshot!(failing("resources.worker.cpu=2"), @"--set resources.worker.cpu=2: unknown field `cpu`, expected one of `cpus`, `memory-bytes`, `disk-bytes`");
        insta::assert_snapshot!(failing("resources.worker.cpus=0"), @"--set resources.worker.cpus=0: 0 is no number of processors: at least 0.01");
    }
}
