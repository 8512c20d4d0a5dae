//! The documents that a run trains on: generated, prepared, or a user's file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use faasm::rcv1::{Documents, Generator, Matrix, N_FEATURES, Source};
use harness::{
    Fault,
    dataset::{About, Cache, DataKind, DataSet, DataUsed, digest_file},
};

use super::params::Params;

/// Changes whenever the generator or the layout does, so that a cache entry of
/// an older version is not taken for this one's.
const GENERATOR_VERSION: u32 = 1;

/// Generated data has one seed of its own: every trial trains on the same
/// documents, in an order that the trial's seed gives.
const GENERATOR_SEED: u64 = 47_236;

/// Reuters Corpus Volume 1, as HOGWILD prepared it.
pub(crate) struct Rcv1;

impl DataSet for Rcv1 {
    fn about(&self) -> About {
        About {
            name: "rcv1",
            source: "HOGWILD's RCV1 test set (i.stanford.edu/hazy/victor/Hogwild), \
                     or rcv1_test.binary of the LIBSVM data sets",
            licence: "Reuters' agreement for RCV1: research use, no redistribution",
            size: "781,265 documents, about 59 million non-zeros, 1 GB as text",
            substitute_cannot_show: "the loss that real documents reach, and the sharing of \
                                     features between real topics",
        }
    }

    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()> {
        Matrix::from_documents(&read(from, None)?)?.write(into)
    }
}

/// Lays the documents out for loading, or finds them laid out in the cache.
pub(crate) fn ready(params: &Params, cache: &Cache) -> anyhow::Result<DataUsed> {
    let (dir, sha256, kind) = match params.data.as_str() {
        "generated" => generated(params.documents, cache)?,
        "rcv1" => prepared(params.documents, cache)?,
        path => from_file(Path::new(path), params.documents, cache)?,
    };
    let n_documents = n_documents(&dir)?;
    let most = params.workers.iter().copied().max().unwrap_or(0);
    if n_documents <= most as usize {
        return Err(Fault::usage(format!(
            "{} has {n_documents} documents, which {most} workers cannot share\n\
             (hint: --set workers=N with fewer, or more documents)",
            params.data
        )));
    }
    Ok(DataUsed { name: "rcv1".into(), kind, dir, sha256 })
}

/// How many documents a directory holds.
pub(crate) fn n_documents(dir: &Path) -> anyhow::Result<usize> {
    let labels = dir.join("outputs");
    let metadata =
        std::fs::metadata(&labels).with_context(|| format!("find {}", labels.display()))?;
    Ok(metadata.len() as usize / size_of::<f64>())
}

type Ready = (PathBuf, String, DataKind);

fn generated(n_documents: usize, cache: &Cache) -> anyhow::Result<Ready> {
    let key = format!("generated-v{GENERATOR_VERSION}-{n_documents}");
    let (dir, sha256) = cache.entry("rcv1", &key, |into| {
        let documents = Generator::new(GENERATOR_SEED).documents(n_documents);
        Matrix::from_documents(&documents)?.write(into)
    })?;
    Ok((dir, sha256, DataKind::Generated))
}

fn from_file(path: &Path, n_documents: usize, cache: &Cache) -> anyhow::Result<Ready> {
    if !path.is_file() {
        return Err(Fault::usage(format!(
            "--set data={}: no such file\n(hint: a file, `rcv1` or `generated`)",
            path.display()
        )));
    }
    let key = format!("file-{}-{n_documents}", digest_file(path)?);
    let (dir, sha256) = cache.entry("rcv1", &key, |into| {
        Matrix::from_documents(&read(path, Some(n_documents))?)?.write(into)
    })?;
    Ok((dir, sha256, DataKind::Real))
}

/// What `data prepare` laid out, or its first documents.
fn prepared(wanted: usize, cache: &Cache) -> anyhow::Result<Ready> {
    let Some(original) = cache.originals("rcv1").into_iter().next() else {
        return Err(Fault::unavailable(
            "rcv1 is not prepared\n(hint: cargo xtask data prepare rcv1 --from FILE|URL, \
             or --set data=generated)",
        ));
    };
    if n_documents(&original.dir)? <= wanted {
        return Ok((original.dir, original.sha256, DataKind::Real));
    }
    let key = format!("first-{wanted}-of-{}", original.sha256);
    let (dir, sha256) = cache.entry("rcv1", &key, |into| {
        let all = Matrix::read(&original.dir)?.to_documents();
        let mut first = Documents::new(all.n_features());
        all.iter().take(wanted).for_each(|document| first.push(document));
        Matrix::from_documents(&first)?.write(into)
    })?;
    Ok((dir, sha256, DataKind::Real))
}

fn read(path: &Path, max_documents: Option<usize>) -> anyhow::Result<Documents> {
    let source =
        Source { path: path.to_path_buf(), format: None, n_features: N_FEATURES, max_documents };
    source.read().map_err(|error| Fault::usage(format!("{error:#}")))
}
