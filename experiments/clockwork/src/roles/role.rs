//! The list of roles.

use super::simulate;

/// A role and its flags.
#[derive(Debug, clap::Subcommand)]
pub enum Role {
    /// Client, controller and workers in virtual time.
    Simulate(simulate::Args),
}

impl Role {
    /// Runs until the role's work is done.
    ///
    /// # Errors
    /// If it cannot start or go on; the message says what to do.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Simulate(args) => simulate::run(&args),
        }
    }
}
