//! Files that are either whole or absent, also after a crash.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use anyhow::Context as _;
use serde::Serialize;

/// Writes `bytes` to a temporary neighbour, syncs it and renames it to `path`.
///
/// # Errors
/// If the disk is full or the directory is missing; the message names `path`.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_extension("partial");
    let attempt = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        // The rename itself is only on disk once the directory is.
        path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
    };
    attempt().with_context(|| format!("write {}", path.display())).inspect_err(|_| {
        // The error to report is the first one.
        let _ = fs::remove_file(&temporary);
    })
}

/// Writes `value` as indented JSON, durably.
///
/// # Errors
/// See [`write_durably`].
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    write_durably(path, &bytes)
}
