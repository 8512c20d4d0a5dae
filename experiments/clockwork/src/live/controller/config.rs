//! What a controller is told when it is started.

use std::{net::SocketAddr, path::PathBuf};

use crate::{
    scheduler::{Policy, Settings},
    time::Nanos,
};

/// The options of a controller.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where clients find it.
    pub listen: SocketAddr,
    /// Where the workers are, as `host:port`.
    pub workers: Vec<String>,
    /// Who decides.
    pub policy: Policy,
    /// The knobs.
    pub settings: Settings,
    /// GPUs to use at most, of all workers together.
    pub max_gpus: u32,
    /// Whether inputs are made here for requests that come without.
    pub generate_inputs: bool,
    /// How long a worker may say nothing before it counts as lost.
    pub worker_timeout: Nanos,
    /// Where every event and decision is recorded, to be replayed.
    pub record: Option<PathBuf>,
    /// Inputs follow from it.
    pub seed: u64,
}
