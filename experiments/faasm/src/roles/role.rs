//! The list of roles.

use super::{client, function, gateway, kv, overheads, upload, worker};

/// A role and its flags.
#[derive(Debug, clap::Subcommand)]
pub enum Role {
    /// The state tier: an embedded server that speaks the Redis protocol.
    Kv(kv::Args),
    /// The function gateway, with which workers and functions register.
    Gateway(gateway::Args),
    /// A wasm runtime: many Faaslets in one process.
    Worker(worker::Args),
    /// A native function: one per process.
    Function(function::Args),
    /// Accepts functions and state at run time.
    Upload(upload::Args),
    /// Uploads, or trains and records the losses.
    #[command(subcommand)]
    Client(client::Job),
    /// Measures what an isolated no-op costs to start and to keep.
    Overheads(overheads::Args),
}

impl Role {
    /// Runs until the role's work is done or it is told to stop.
    ///
    /// # Errors
    /// If it cannot start or go on; the message says what to do.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Kv(args) => kv::run(args).await,
            Self::Gateway(args) => gateway::run(args).await,
            Self::Worker(args) => worker::run(args).await,
            Self::Function(args) => function::run(args).await,
            Self::Upload(args) => upload::run(args).await,
            Self::Client(job) => client::run(job).await,
            Self::Overheads(args) => overheads::run(args).await,
        }
    }
}
