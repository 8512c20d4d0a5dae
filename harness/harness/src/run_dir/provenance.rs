//! Where the code and the binary of a run come from.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use targets::command::Invocation;

use super::{hex, write_durably};
use crate::profile::workspace_root;

/// Where code and binary come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provenance {
    /// The checkout's commit; `None` outside a checkout.
    pub git_revision: Option<String>,
    /// Whether a patch beside the manifest holds uncommitted changes.
    pub git_dirty: bool,
    /// Files that git neither knows nor ignores: no patch holds them.
    pub git_untracked: Vec<String>,
    /// Version of the harness.
    pub harness_version: String,
    /// Version of the compiler on the PATH.
    pub rustc: Option<String>,
    /// Cargo's profile of the build.
    pub build_profile: String,
    /// Optimisation level of the build.
    pub opt_level: String,
    /// SHA-256 of the system's binary.
    pub binary_sha256: String,
}

impl Provenance {
    /// Looks at the checkout, the tools and the binary; writes uncommitted
    /// changes to `dirty_patch`.
    ///
    /// # Errors
    /// If the binary cannot be read or the patch not written, or if there is a
    /// checkout whose changes git does not tell.
    pub(crate) async fn gather(binary: &Path, dirty_patch: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(binary).with_context(|| format!("read {}", binary.display()))?;
        let dir = workspace_root();
        let rustc = Invocation::new("rustc", &dir).args(["--version"]);
        let (checkout, rustc) = tokio::join!(Checkout::at(&dir), said(rustc));
        let checkout = checkout?;
        if !checkout.patch.is_empty() {
            write_durably(dirty_patch, &checkout.patch)?;
        }
        Ok(Self {
            git_revision: checkout.revision,
            git_dirty: !checkout.patch.is_empty(),
            git_untracked: checkout.untracked,
            harness_version: env!("CARGO_PKG_VERSION").into(),
            rustc: rustc.map(|text| trimmed(&text)),
            build_profile: env!("REPRISE_BUILD_PROFILE").into(),
            opt_level: env!("REPRISE_OPT_LEVEL").into(),
            binary_sha256: hex(&Sha256::digest(&bytes)),
        })
    }

    /// Whether timings of this build mean anything.
    #[must_use]
    pub(crate) fn is_optimised(&self) -> bool {
        matches!(self.opt_level.as_str(), "2" | "3")
    }
}

/// What git says of a checkout; nothing where there is none, or no git.
#[derive(Debug, Default)]
struct Checkout {
    revision: Option<String>,
    patch: Vec<u8>,
    untracked: Vec<String>,
}

impl Checkout {
    async fn at(dir: &Path) -> anyhow::Result<Self> {
        let Some(revision) = said(git(dir, &["rev-parse", "HEAD"])).await else {
            return Ok(Self::default());
        };
        // From here on silence would pass for a clean checkout.
        let diff = git(dir, &["diff", "HEAD", "--binary", "--no-ext-diff", "--no-color"]);
        let others = git(dir, &["ls-files", "-z", "--others", "--exclude-standard"]);
        let patch = said(diff).await.context("git does not tell what is uncommitted")?;
        let untracked = said(others).await.context("git does not tell what it does not know")?;
        let untracked = String::from_utf8_lossy(&untracked);
        Ok(Self {
            revision: Some(trimmed(&revision)),
            patch,
            untracked: untracked.split_terminator('\0').map(str::to_owned).collect(),
        })
    }
}

fn git(dir: &Path, args: &[&str]) -> Invocation {
    // The checkout may belong to another user, as it does in a container.
    let trusting = ["-c", "safe.directory=*"];
    Invocation::new("git", dir).args(trusting.iter().chain(args).copied())
}

/// What a tool prints, or `None` if it is missing or fails.
async fn said(invocation: Invocation) -> Option<Vec<u8>> {
    let finished = invocation.output().await.ok()?;
    finished.status.success().then_some(finished.stdout)
}

fn trimmed(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn done(dir: &Path, args: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
        let args: Vec<_> = identity.iter().chain(args).copied().collect();
        said(git(dir, &args)).await.expect("git carries it out");
    }

    async fn checkout() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        done(dir.path(), &["init"]).await;
        fs::write(dir.path().join("known"), "1\n").unwrap();
        fs::write(dir.path().join(".gitignore"), "/target\n").unwrap();
        done(dir.path(), &["add", "."]).await;
        done(dir.path(), &["commit", "-m", "first"]).await;
        dir
    }

    #[tokio::test]
    async fn a_clean_checkout_is_its_revision() {
        let dir = checkout().await;
        fs::write(dir.path().join("target"), "").unwrap();
        let found = Checkout::at(dir.path()).await.unwrap();
        assert_eq!(found.revision.unwrap().len(), 40);
        assert!(found.patch.is_empty() && found.untracked.is_empty());
    }

    #[tokio::test]
    async fn a_change_is_in_the_patch_and_a_new_file_is_named() {
        let dir = checkout().await;
        fs::write(dir.path().join("known"), "2\n").unwrap();
        fs::write(dir.path().join("new one"), "").unwrap();
        let found = Checkout::at(dir.path()).await.unwrap();
        assert!(String::from_utf8(found.patch).unwrap().contains("+2"));
        assert_eq!(found.untracked, ["new one"]);
    }

    #[tokio::test]
    async fn outside_a_checkout_there_is_nothing_to_say() {
        let dir = tempfile::tempdir().unwrap();
        let found = Checkout::at(dir.path()).await.unwrap();
        assert!(found.revision.is_none() && found.patch.is_empty());
    }
}
