//! A process that outlives the driver and cleans up if the driver is killed.
//!
//! It is this executable again, in a session of its own, at the other end of a
//! pipe from the driver. The kernel closes the pipe however the driver ends; a
//! child between fork and exec holds it open too, so the end of the pipe also
//! says that every child is visible by its label.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::ChildStdin,
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    command::{self, Environment, Invocation, Streams},
    gc::{self, Mode},
    ledger::{Contents, Ledger},
    process::REAPER_VARIABLE,
    registry::{Registry, STATE_VARIABLE},
    wait::{self, Interval},
};

/// What the driver says when the run has ended by itself.
const GOODBYE: &[u8] = b"goodbye\n";

/// How long the reaper may take to leave after that.
const LEAVE: Duration = Duration::from_secs(5);

/// Looks at a driver that has closed the pipe but still lives.
const PATIENT: Interval =
    Interval { first: Duration::from_millis(1), longest: Duration::from_secs(1) };

/// The driver's end of its reaper. Dropped without [`Reaper::dismiss`], it
/// leaves the reaper waiting for the driver's end, and then cleaning up.
#[derive(Debug)]
pub struct Reaper {
    process: command::Process,
    pipe: ChildStdin,
}

/// Starts the reaper of a run. The executable must call
/// [`crate::helper::run_if_asked`] first thing in its `main`.
///
/// # Errors
/// If the process cannot be started.
pub fn start(ledger: &Ledger) -> anyhow::Result<Reaper> {
    let program = std::env::current_exe().context("find this executable")?;
    let variables: [(&str, OsString); 2] = [
        (REAPER_VARIABLE, ledger.path().into()),
        (STATE_VARIABLE, ledger.registry().state_dir().into()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let command = Invocation {
        environment: Environment::Inherited(BTreeMap::from(variables)),
        ..Invocation::new(program, "/")
    };
    let (process, pipe) =
        command::spawn(&command, Streams::Fed, vec![]).context("start the reaper")?;
    Ok(Reaper { process, pipe: pipe.context("the reaper was started with a pipe")? })
}

/// Becomes the reaper, and does not return, if this process was started as one.
pub(crate) fn run_if_asked() {
    let Some(ledger) = std::env::var_os(REAPER_VARIABLE).map(PathBuf::from) else { return };
    let outcome = reap(&ledger);
    if let Err(error) = &outcome {
        note(&ledger, &format!("{error:#}\n"));
    }
    std::process::exit(i32::from(outcome.is_err()));
}

impl Reaper {
    /// Says goodbye: the run has ended by itself, and nothing is to be done.
    ///
    /// # Errors
    /// If the reaper does not leave.
    pub async fn dismiss(self) -> anyhow::Result<()> {
        let Self { process, mut pipe } = self;
        pipe.write_all(GOODBYE).context("dismiss the reaper")?;
        drop(pipe);
        wait::within("the reaper to leave", LEAVE, process.ended()).await??;
        process.reap()?;
        Ok(())
    }
}

fn reap(ledger: &Path) -> anyhow::Result<()> {
    let mut heard = Vec::new();
    std::io::stdin().read_to_end(&mut heard).context("listen to the driver")?;
    if heard == GOODBYE {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the reaper's runtime")?;
    runtime.block_on(clean(ledger))
}

async fn clean(ledger: &Path) -> anyhow::Result<()> {
    let driver = Contents::read(ledger)?.header().driver.clone();
    let is_dead = || async { driver.is_alive().is_ok_and(|is_alive| !is_alive) };
    wait::watch(PATIENT, is_dead).await;
    let registry = Registry::of_user()?;
    let report = gc::gc_ledger(ledger, &registry, Mode::Remove).await?;
    note(ledger, &report.to_string());
    Ok(())
}

/// Writes beside the ledger what was done: nobody reads what a reaper prints.
fn note(ledger: &Path, text: &str) {
    let path = ledger.with_extension("reaper.log");
    // If even this fails there is nobody to tell.
    let _ = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
}
