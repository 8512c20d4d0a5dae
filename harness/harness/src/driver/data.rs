//! `data`: what the data sets are, preparing the real ones, and moving what is prepared.

use super::{
    args::{DataArgs, DataCommand},
    exp::{self, print},
};
use crate::{
    dataset::{
        About, Cache, DataSet, DataUsed,
        depot::{Exchange, Moved},
        digest_file, fetch, original_key,
    },
    experiment::System,
    fault::{Fault, Outcome, hint},
    profile::load_profile,
    run::plan::plan,
};

pub(super) fn data(system: System, args: &DataArgs) -> anyhow::Result<Outcome> {
    let cache = Cache::of_user()?;
    match &args.command {
        DataCommand::List => print(&list(system, &cache)),
        DataCommand::Prepare { name, from, sha256 } => {
            let set = find(system, name)?;
            let from = from.as_deref().ok_or_else(|| no_original(set))?;
            print(&prepare(set, &cache, from, sha256.as_deref())?);
        }
        DataCommand::Generate { experiment, profile, set } => {
            print(&generate(system, &cache, experiment, profile, set)?);
        }
        DataCommand::Upload { name, to, key } => {
            find(system, name)?;
            print(&moved(name, "sent", &Exchange::with(&cache, to)?.upload(name, key)?));
        }
        DataCommand::Download { name, from, key } => {
            find(system, name)?;
            print(&moved(name, "got", &Exchange::with(&cache, from)?.download(name, key)?));
        }
        DataCommand::Verify { names } => {
            for name in names {
                find(system, name)?;
            }
            print(&verify(system, &cache, names)?);
        }
    }
    Ok(Outcome::AsExpected)
}

fn list(system: System, cache: &Cache) -> String {
    let mut text = String::new();
    for set in system.data_sets {
        let about = set.about();
        text += &format!(
            "{}\n  source: {}\n  licence: {}\n  size: {}\n  the generated substitute cannot show: {}\n",
            about.name, about.source, about.licence, about.size, about.substitute_cannot_show
        );
        for entry in cache.entries(about.name) {
            text += &format!("  prepared: {} (sha256 {})\n", entry.key, entry.sha256);
        }
    }
    text
}

/// No data set here may be redistributed, so there is no address to fall back to.
fn no_original(set: &dyn DataSet) -> anyhow::Error {
    let About { name, source, licence, .. } = set.about();
    Fault::usage(format!(
        "{name} is not fetched by itself: its licence is {licence}\n\
         (hint: get {source}, then pass it with --from FILE|URL)"
    ))
}

/// Prepares a data set under the checksum of its original, so that another
/// file is another entry.
fn prepare(
    set: &dyn DataSet,
    cache: &Cache,
    from: &str,
    sha256: Option<&str>,
) -> anyhow::Result<String> {
    let downloads = tempfile::tempdir()?;
    let original = fetch(from, sha256, downloads.path())?;
    let original_sha256 = digest_file(&original)?;
    let key = original_key(&original_sha256);
    let (dir, prepared) =
        cache.entry(set.about().name, &key, |into| set.prepare(&original, into))?;
    Ok(format!(
        "prepared {} from {from} (sha256 {original_sha256})\n  in {}\n  sha256 {prepared}\n\
         use it with --set data={}",
        set.about().name,
        dir.display(),
        set.about().name
    ))
}

/// Readies what a run of the experiment would.
fn generate(
    system: System,
    cache: &Cache,
    experiment: &str,
    profile: &str,
    set: &[String],
) -> anyhow::Result<String> {
    let experiment = exp::find(system, experiment)?;
    let profile = load_profile(profile, experiment, system, set)?;
    // Sizes that make no sense are refused as for `exp`, before any is generated.
    plan(experiment, &profile, &[])?;
    let ready = experiment.ready_data(&profile.params, cache)?;
    if ready.is_empty() {
        return Ok(format!("{} needs no data", experiment.name()));
    }
    let line = |DataUsed { name, kind, dir, sha256 }: &DataUsed| {
        format!("{name} ({}): {}\n  sha256 {sha256}\n", kind.word(), dir.display())
    };
    Ok(ready.iter().map(line).collect())
}

fn moved(name: &str, done: &str, entries: &[Moved]) -> String {
    let line = |Moved { key, sha256, was_there }: &Moved| {
        let done = if *was_there { "already there" } else { done };
        format!("{name} {key}: {done} (sha256 {sha256})\n")
    };
    entries.iter().map(line).collect()
}

fn verify(system: System, cache: &Cache, names: &[String]) -> anyhow::Result<String> {
    let mut text = String::new();
    for about in system.data_sets.iter().map(|set| set.about()) {
        if !names.is_empty() && !names.iter().any(|name| name == about.name) {
            continue;
        }
        for entry in cache.entries(about.name) {
            cache.verify(about.name, &entry.key)?;
            text += &format!("{} {}: unchanged\n", about.name, entry.key);
        }
    }
    // Each system says so for itself.
    Ok(if text.is_empty() { format!("no data of {} is prepared", system.name) } else { text })
}

fn find(system: System, name: &str) -> anyhow::Result<&'static dyn DataSet> {
    let known: Vec<_> = system.data_sets.iter().map(|set| set.about().name).collect();
    system
        .data_sets
        .iter()
        .find(|set| set.about().name == name)
        .copied()
        .ok_or_else(|| Fault::usage(format!("no data set `{name}`\n{}", hint(name, known))))
}
