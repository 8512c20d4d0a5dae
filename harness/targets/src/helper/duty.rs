//! One duty: what it is, and how it is done and reported. A helper runs in a
//! container of its own that shares a network, or a volume, with an instance.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::step::{self, Step};
use crate::{ballast, proxy};

/// Name of the environment variable that holds a helper's duty, in JSON.
pub(crate) const DUTY_VARIABLE: &str = "REPRISE_DUTY";

/// What a helper says once the disk is full, and holds it so.
pub(crate) const FULL: &str = "full";

/// What a helper says once its proxy listens.
pub(crate) const LISTENING: &str = "listening";

/// What a helper is there for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Duty {
    /// Does one thing after the other, prints a list of
    /// [`super::step::Outcome`] in JSON, and leaves.
    Steps(Vec<Step>),
    /// Takes all the space of the directory's file system, says [`FULL`], and
    /// keeps it until it is killed.
    TakeDisk(PathBuf),
    /// Delays connections until it is killed; says [`LISTENING`].
    Proxy,
}

/// Does the duty, and does not return, if this process was started for one.
pub(super) fn run_if_asked() {
    let Some(duty) = std::env::var_os(DUTY_VARIABLE) else { return };
    let done = duty
        .to_str()
        .context("a duty is text")
        .and_then(|duty| serde_json::from_str(duty).context("read the duty"))
        .and_then(perform);
    if let Err(error) = &done {
        // Where nobody listens nobody can be told.
        let _ = writeln!(io::stderr(), "{error:#}");
    }
    std::process::exit(i32::from(done.is_err()));
}

fn perform(duty: Duty) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the helper's runtime")?;
    runtime.block_on(async {
        match duty {
            Duty::Steps(steps) => say(&serde_json::to_string(&step::take_all(&steps).await?)?),
            Duty::TakeDisk(dir) => {
                let _taken = ballast::take_all(&dir)?;
                ensure!(ballast::is_full(&dir)?, "there is space again: something gives it back");
                say(FULL)?;
                std::future::pending().await
            }
            Duty::Proxy => {
                let proxy = proxy::Proxy::bind().await?;
                say(LISTENING)?;
                proxy.run().await
            }
        }
    })
}

fn say(line: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).context("report")
}
