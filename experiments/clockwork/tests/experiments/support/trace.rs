//! The trace that is replayed: generated, prepared, or a user's day file.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clockwork::trace::{Generator, Shape, open_day};
use harness::{
    Fault,
    dataset::{About, Cache, DataKind, DataSet, DataUsed, digest_file},
};

/// What the trace is called in a run.
pub(crate) const NAME: &str = "azure2019";

/// Changes whenever the generator does.
const GENERATOR_VERSION: u32 = 1;

/// Every trial replays the same day.
const GENERATOR_SEED: u64 = 2019;

/// The Azure Functions trace of 2019.
pub(crate) struct AzureTrace;

impl DataSet for AzureTrace {
    fn about(&self) -> About {
        About {
            name: NAME,
            source: "a day file of azurefunctions-dataset2019.tar.xz (Azure/AzurePublicDataset), \
                     invocations_per_function_md.anon.d01.csv to d14.csv",
            licence: "CC-BY",
            size: "about 46,400 functions x 1,440 minutes a day, 140 MB each as CSV",
            substitute_cannot_show: "which functions are invoked together, and the hours and \
                                     lengths of real bursts",
        }
    }

    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()> {
        // The format does not say which day it is; it is replayed as the first.
        lay_out(from, 1, into)
    }
}

/// Which day is replayed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day<'a> {
    /// `generated`, `azure2019` once it is prepared, or a day file's path.
    pub(crate) data: &'a str,
    /// Its number, 1 to 14.
    pub(crate) number: u8,
    /// Functions of a generated day (published: about 46,400).
    pub(crate) functions: usize,
    /// Their invocations per second (published: about 10,000).
    pub(crate) rate: f64,
}

/// Lays the trace out for replaying, or finds it laid out in the cache.
pub(crate) fn ready(day: Day<'_>, cache: &Cache) -> anyhow::Result<DataUsed> {
    let (dir, sha256, kind) = match day.data {
        "generated" => generated(day, cache)?,
        NAME => prepared(day, cache)?,
        path => from_file(Path::new(path), day, cache)?,
    };
    Ok(DataUsed { name: NAME.into(), kind, dir, sha256 })
}

type Ready = (PathBuf, String, DataKind);

fn generated(day: Day<'_>, cache: &Cache) -> anyhow::Result<Ready> {
    let Day { functions, rate, number, .. } = day;
    let key = format!("generated-v{GENERATOR_VERSION}-{functions}-{rate}-d{number:02}");
    let seed = GENERATOR_SEED + u64::from(number);
    let (dir, sha256) = cache.entry(NAME, &key, |into| {
        let generator = Generator::new(&Shape { functions, rate, seed })?;
        let path = into.join(file_name(number));
        let cannot = || format!("write {}", path.display());
        let file = BufWriter::new(File::create(&path).with_context(cannot)?);
        generator.write(file).with_context(cannot)?;
        Ok(())
    })?;
    Ok((dir, sha256, DataKind::Generated))
}

fn prepared(day: Day<'_>, cache: &Cache) -> anyhow::Result<Ready> {
    let Some(original) = cache.originals(NAME).into_iter().next() else {
        return Err(Fault::unavailable(format!(
            "{NAME} is not prepared\n(hint: cargo xtask data prepare {NAME} --from FILE|URL, or \
             --set data=generated)"
        )));
    };
    if day.number != 1 {
        return Err(Fault::usage(format!(
            "trace={}: a prepared day counts as the first\n(hint: trace = 1, or --set data=FILE)",
            day.number
        )));
    }
    Ok((original.dir, original.sha256, DataKind::Real))
}

fn from_file(path: &Path, day: Day<'_>, cache: &Cache) -> anyhow::Result<Ready> {
    if !path.is_file() {
        return Err(Fault::usage(format!(
            "--set data={}: no such file\n(hint: a day file of the trace, `{NAME}` or `generated`)",
            path.display()
        )));
    }
    let key = format!("file-{}-d{:02}", digest_file(path)?, day.number);
    let (dir, sha256) = cache.entry(NAME, &key, |into| lay_out(path, day.number, into))?;
    Ok((dir, sha256, DataKind::Real))
}

/// Copies a day file to where a run looks for it, once all of it was read.
fn lay_out(from: &Path, day: u8, into: &Path) -> anyhow::Result<()> {
    let path = into.join(file_name(day));
    fs::copy(from, &path)
        .with_context(|| format!("copy {} to {}", from.display(), path.display()))?;
    let read = || {
        let mut rows = open_day(into, day)?;
        while rows.next_row()?.is_some() {}
        Ok::<_, clockwork::trace::TraceError>(())
    };
    read().map_err(|error| {
        let text = error.to_string();
        // The copy is gone when the user reads this.
        Fault::usage(text.replace(&path.display().to_string(), &from.display().to_string()))
    })
}

/// The name that the data set gives to a day.
fn file_name(day: u8) -> String {
    format!("invocations_per_function_md.anon.d{day:02}.csv")
}
