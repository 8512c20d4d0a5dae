//! Finding a profile or an environment by name or path.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Environment, Profile, apply_overrides};
use crate::{
    experiment::{AnyExperiment, System},
    fault::{Fault, hint},
};

/// The workspace's root folder.
#[must_use]
pub(crate) fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A fixture file: its name (the stem), where it is and its text.
#[derive(Debug, Clone)]
struct Fixture {
    /// The stem of the file's name.
    name: String,
    /// Where it was found.
    path: PathBuf,
    /// Its contents.
    text: String,
}

impl Fixture {
    /// Finds `wanted` as a path, or as a name under `fixtures/FOLDER`.
    ///
    /// # Errors
    /// A usage error with the near match if there is no such file.
    fn find(folder: &str, wanted: &str) -> anyhow::Result<Self> {
        let dir = workspace_root().join("fixtures").join(folder);
        let named = dir.join(format!("{wanted}.toml"));
        let path = if named.is_file() { named } else { PathBuf::from(wanted) };
        if !path.is_file() {
            let known = names_in(&dir);
            let known: Vec<_> = known.iter().map(String::as_str).collect();
            let hint = hint(wanted, known);
            return Err(Fault::usage(format!(
                "no `{wanted}` under fixtures/{folder}, and no such file\n{hint}"
            )));
        }
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, path, text })
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<_> = entries.filter_map(|entry| stem(entry.path())).collect();
    names.sort();
    names
}

/// All experiments that may have a section: the system's own, and those of the
/// checkout's other systems, which share its profiles. A file stands for each.
fn section_names(system: System) -> Vec<String> {
    let files_in = |dir: PathBuf| std::fs::read_dir(dir).into_iter().flatten().flatten();
    let systems = files_in(workspace_root().join("experiments"));
    let files = systems.flat_map(|system| files_in(system.path().join("tests/experiments")));
    let others = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        Some(name.strip_suffix(".rs")?.replace('_', "-"))
    });
    let own = system.experiments.iter().map(|experiment| experiment.name().to_owned());
    own.chain(others.filter(|name| name != "main")).collect()
}

/// Reads, overrides and resolves a profile for one experiment.
///
/// # Errors
/// A usage error that names the file and, for its contents, line and column.
pub(crate) fn load_profile(
    wanted: &str,
    experiment: &dyn AnyExperiment,
    system: System,
    overrides: &[String],
) -> anyhow::Result<Profile> {
    let sections = section_names(system);
    let sections: Vec<_> = sections.iter().map(String::as_str).collect();
    let fixture = Fixture::find("profiles", wanted)?;
    let here = || fixture.path.display().to_string();
    let as_usage = |error: anyhow::Error| Fault::usage(format!("{}: {error:#}", here()));
    let mut file = experiment.read_profile(&fixture.text, &sections).map_err(as_usage)?;
    apply_overrides(&mut file, overrides)?;
    let params = experiment.resolve(&file.section).map_err(|error| refuse_override(&error))?;
    Ok(Profile {
        name: fixture.name,
        env: file.env,
        trials: file.trials,
        retries: file.retries,
        seed: file.seed,
        resources: file.resources,
        params,
    })
}

/// The profile itself was understood, so what is wrong was typed. Without a
/// text to point into, TOML's errors end with the key.
fn refuse_override(error: &anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let text = text.trim_end();
    let named = text.strip_suffix('`').and_then(|text| text.rsplit_once("\nin `"));
    Fault::usage(match named {
        Some((what, key)) => format!("--set {key}: {what}"),
        None => format!("--set: {text}"),
    })
}

/// Reads an environment by name or path.
///
/// # Errors
/// A usage error that names the file and, for its contents, line and column.
pub(crate) fn load_environment(wanted: &str) -> anyhow::Result<Environment> {
    let fixture = Fixture::find("envs", wanted)?;
    Environment::parse(&fixture.text)
        .map_err(|error| Fault::usage(format!("{}: {error:#}", fixture.path.display())))
}
