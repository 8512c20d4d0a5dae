//! Role `replay`: whether a recorded run would be decided the same again.

use std::path::PathBuf;

use crate::live::controller::{Replayed, replay};

/// Flags of `replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What `controller --record FILE` wrote.
    recording: PathBuf,
}

#[expect(clippy::print_stdout, reason = "it is what the role is for")]
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Replayed { n_events, n_actions } = replay(&args.recording)?;
    println!("{n_events} events: the same {n_actions} actions, byte for byte");
    Ok(())
}
