//! The programs of this machine with which faults are made.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::{role::Program, target::Unavailable, which::which};

/// A program that runs in a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// The packet filter.
    Nft,
    /// Traffic control.
    Tc,
}

impl Tool {
    const ALL: [Self; 2] = [Self::Nft, Self::Tc];

    fn name(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Tc => "tc",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Nft => "nftables",
            Self::Tc => "iproute2",
        }
    }

    /// Its command line with these arguments.
    pub(super) fn words(self, args: &[&str]) -> anyhow::Result<Vec<String>> {
        let program = self.locate().context(Unavailable(format!(
            "this machine has no `{}`, with which the network of containers is disturbed\n\
             (hint: apt-get install --yes {})",
            self.name(),
            self.package()
        )))?;
        let program = program.display().to_string();
        Ok(std::iter::once(program).chain(args.iter().map(|&arg| arg.to_owned())).collect())
    }

    fn locate(self) -> Option<PathBuf> {
        which(self.name())
    }
}

/// What every helper runs: this very executable, and the tools that are here.
pub(super) fn program() -> anyhow::Result<Program> {
    let this = std::env::current_exe().context("find this executable")?;
    let this: &Path = &this;
    let include = Tool::ALL.into_iter().filter_map(Tool::locate).collect();
    let words = vec![this.to_str().context("this executable has a path in UTF-8")?.to_owned()];
    Ok(Program::Command { words, include })
}
