//! Which systems and experiments there are: the folders say so, nothing is built.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

/// An experiment, found by its file.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// The name people type: the file's stem, with hyphens.
    pub(crate) name: String,
    /// The package that has it.
    pub(crate) system: String,
    /// The first line of the file's `//!` text.
    pub(crate) about: String,
}

/// Something that a system has, by its name.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) name: String,
    /// The package that has it.
    pub(crate) system: String,
}

/// Prints the experiments, a line each.
#[expect(clippy::print_stdout, reason = "the result of a command belongs on standard output")]
pub(crate) fn list() -> anyhow::Result<ExitCode> {
    let all = experiments()?;
    let width_of = |column: fn(&Experiment) -> usize| all.iter().map(column).max().unwrap_or(0);
    let (names, systems) = (width_of(|one| one.name.len()), width_of(|one| one.system.len()));
    for Experiment { name, system, about } in &all {
        println!("{name:names$}  {system:systems$}  {about}");
    }
    Ok(ExitCode::SUCCESS)
}

/// All experiments, by system and name.
pub(crate) fn experiments() -> anyhow::Result<Vec<Experiment>> {
    let mut found = Vec::new();
    for system_dir in entries(&root().join("experiments"))? {
        let tests = system_dir.join("tests/experiments");
        if !tests.is_dir() {
            continue;
        }
        for file in entries(&tests)? {
            let stem = file_stem(&file);
            if file.extension().is_some_and(|extension| extension == "rs") && stem != "main" {
                found.push(Experiment {
                    name: stem.replace('_', "-"),
                    system: file_stem(&system_dir),
                    about: first_doc_line(&file)?,
                });
            }
        }
    }
    Ok(found)
}

/// The same, by name.
pub(crate) fn owned_experiments() -> anyhow::Result<Vec<Owned>> {
    let all = experiments()?.into_iter();
    Ok(all.map(|found| Owned { name: found.name, system: found.system }).collect())
}

/// All data sets, as the systems' manifests name them under
/// `package.metadata.reprise.data-sets`.
pub(crate) fn data_sets() -> anyhow::Result<Vec<Owned>> {
    let mut found = Vec::new();
    for system in systems()? {
        let named = metadata(&system)?.remove("data-sets");
        let names = named.as_ref().and_then(toml::Value::as_array);
        for name in names.into_iter().flatten().filter_map(toml::Value::as_str) {
            found.push(Owned { name: name.to_owned(), system: system.clone() });
        }
    }
    Ok(found)
}

/// The systems that can report on what other tools wrote, as their manifests say under
/// `package.metadata.reprise.foreign-runs`.
pub(crate) fn readers_of_foreign_runs() -> anyhow::Result<Vec<String>> {
    let mut readers = Vec::new();
    for system in systems()? {
        if metadata(&system)?.get("foreign-runs").and_then(toml::Value::as_bool) == Some(true) {
            readers.push(system);
        }
    }
    Ok(readers)
}

/// What a system's manifest says under `package.metadata.reprise`.
fn metadata(system: &str) -> anyhow::Result<toml::Table> {
    let manifest = root().join("experiments").join(system).join("Cargo.toml");
    let text =
        fs::read_to_string(&manifest).with_context(|| format!("read {}", manifest.display()))?;
    let manifest: toml::Table = text.parse().with_context(|| manifest.display().to_string())?;
    let ours = manifest["package"].get("metadata").and_then(|all| all.get("reprise")?.as_table());
    Ok(ours.cloned().unwrap_or_default())
}

/// The systems, each once.
pub(crate) fn systems() -> anyhow::Result<Vec<String>> {
    let mut systems: Vec<_> = experiments()?.into_iter().map(|found| found.system).collect();
    systems.dedup();
    Ok(systems)
}

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cannot_list = || format!("list {}", dir.display());
    let listing = fs::read_dir(dir).with_context(cannot_list)?;
    let paths: io::Result<Vec<_>> = listing.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.with_context(cannot_list)?;
    paths.sort();
    Ok(paths)
}

fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn first_doc_line(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().trim_start_matches("//!").trim().to_owned())
}
