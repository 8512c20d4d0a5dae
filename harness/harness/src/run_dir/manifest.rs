//! What ran: enough for a stranger to run it again.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use targets::{command::Invocation, label::RunLabel};

use crate::{
    dataset::DataUsed,
    profile::{Environment, Profile, workspace_root},
    run_dir::Machine,
};

/// The manifest of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Version of this format.
    pub schema: u32,
    /// The run's label.
    pub label: RunLabel,
    /// The system.
    pub system: String,
    /// The experiment.
    pub experiment: String,
    /// The command that was typed.
    pub command: Vec<String>,
    /// When the run began.
    pub started: jiff::Timestamp,
    /// The resolved profile.
    pub profile: Profile,
    /// `--set` overrides; a run with any has no snapshot.
    pub overrides: Vec<String>,
    /// `--points`; a run with any has no snapshot.
    pub points: Vec<String>,
    /// The environment.
    pub environment: Environment,
    /// The machine.
    pub machine: Machine,
    /// Where code and binary come from.
    pub provenance: Provenance,
    /// Data sets with their digests.
    pub data: Vec<DataUsed>,
}

/// Where code and binary come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provenance {
    /// The checkout's commit; `None` outside a checkout.
    pub git_revision: Option<String>,
    /// Whether `dirty.patch` holds uncommitted changes.
    pub git_dirty: bool,
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
    /// If the binary cannot be read or the patch not written.
    pub(crate) async fn gather(binary: &Path, dirty_patch: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(binary).with_context(|| format!("read {}", binary.display()))?;
        let (patch, git_revision, rustc) = tokio::join!(
            said("git", &["diff", "HEAD", "--binary"]),
            said("git", &["rev-parse", "HEAD"]),
            said("rustc", &["--version"]),
        );
        let patch = patch.unwrap_or_default();
        if !patch.is_empty() {
            super::write_durably(dirty_patch, patch.as_bytes())?;
        }
        Ok(Self {
            git_revision: git_revision.map(|text| text.trim().into()),
            git_dirty: !patch.is_empty(),
            harness_version: env!("CARGO_PKG_VERSION").into(),
            rustc: rustc.map(|text| text.trim().into()),
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

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a tool prints, or `None` if it is missing or fails: a run does not
/// need git or rustc.
async fn said(program: &str, args: &[&str]) -> Option<String> {
    let invocation = Invocation::new(program, workspace_root()).args(args.iter().copied());
    let finished = invocation.output().await.ok()?;
    finished.status.success().then(|| String::from_utf8_lossy(&finished.stdout).into_owned())
}
