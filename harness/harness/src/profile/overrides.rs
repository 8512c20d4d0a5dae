//! `--set KEY=VALUE`: one knob changed for one run.

use super::ProfileFile;
use crate::fault::Fault;

/// Applies overrides in order. `trials`, `retries` and `seed` are the
/// profile's own; every other key belongs to the experiment's section, where
/// the experiment's type refuses unknown ones.
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
            _ => {
                file.section.insert(key.to_owned(), value);
            }
        }
    }
    Ok(())
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
    use super::*;

    fn file() -> ProfileFile {
        ProfileFile {
            env: "local".into(),
            trials: 1,
            retries: 0,
            seed: 1,
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
}
