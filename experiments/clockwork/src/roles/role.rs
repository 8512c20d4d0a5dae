//! The list of roles.

use super::{client, controller, replay, simulate, worker};

/// A role and its flags.
#[derive(Debug, clap::Subcommand)]
pub enum Role {
    /// Sends a workload's requests to a controller.
    Client(client::Args),
    /// Decides what workers do, and answers clients.
    Controller(controller::Args),
    /// Does what the controller says, on GPUs.
    Worker(worker::Args),
    /// Client, controller and workers in virtual time.
    Simulate(simulate::Args),
    /// Decides again on what a controller recorded, and compares.
    Replay(replay::Args),
}

impl Role {
    /// Runs until the role's work is done.
    ///
    /// # Errors
    /// If it cannot start or go on; the message says what to do.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Client(args) => client::run(&args),
            Self::Controller(args) => controller::run(&args),
            Self::Worker(args) => worker::run(&args),
            Self::Simulate(args) => simulate::run(&args),
            Self::Replay(args) => replay::run(&args),
        }
    }
}
