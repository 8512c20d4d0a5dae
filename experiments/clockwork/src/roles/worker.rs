//! Role `worker`: GPUs that do what a controller says.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::value_parser;

use super::{executed::Executed, signal::on_signal};
use crate::{
    live::{
        Clock,
        worker::{Config, HostMemory, MakeDevice, Worker},
    },
    models::Catalogue,
    worker::{CacheSize, EmulatedDevice, Noise},
};

/// Flags of `worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the controller finds it.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:12345")]
    listen: SocketAddr,
    /// GPUs.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    gpus: u32,
    /// Pages of 16 MiB for weights on each GPU.
    #[arg(long, value_name = "N", default_value_t = CacheSize::V100_32GB.n_pages)]
    pages_per_gpu: u32,
    /// Memory for the weights of all models; the published machines have 768 GB.
    #[arg(long, value_name = "BYTES", default_value_t = 768_000_000_000)]
    host_memory_bytes: u64,
    /// Emulated GPUs take exactly the published times.
    #[arg(long)]
    exact: bool,
    /// Really execute these varieties, on the processor, instead of emulating GPUs; at
    /// first it measures how long they take.
    #[arg(long, value_name = "VARIETY,...", value_delimiter = ',', conflicts_with = "exact")]
    exec: Vec<String>,
    /// Execute them on CUDA devices, each GPU on that of its number. The binary must be
    /// built with the feature `cuda`.
    #[arg(long, requires = "exec")]
    cuda: bool,
    /// Their weights, as VARIETY.safetensors with torchvision's names; they are made up
    /// otherwise.
    #[arg(long, value_name = "DIR", requires = "exec")]
    weights: Option<PathBuf>,
    /// The noise of emulated GPUs follows from it: give each worker another.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    on_signal(|| std::process::exit(0))?;
    let cache = CacheSize { n_pages: args.pages_per_gpu, ..CacheSize::V100_32GB };
    let (varieties, make) = if args.exec.is_empty() {
        (Catalogue::published().deployed().cloned().collect(), emulated(args.exact, args.seed))
    } else {
        let executed = Executed::new(&args.exec, args.weights.as_deref(), args.cuda)?;
        (executed.measured().context("measure the networks")?, executed.devices(cache))
    };
    let memory = HostMemory { varieties, bytes: args.host_memory_bytes, cache };
    let config = Config { n_gpus: args.gpus, memory };
    Worker::listen(args.listen, config, Clock::of_day(), make)?.serve();
    Ok(())
}

fn emulated(is_exact: bool, seed: u64) -> Box<MakeDevice> {
    Box::new(move |gpu, _| {
        if is_exact {
            return Ok(Box::new(EmulatedDevice::exact()));
        }
        // Neighbouring seeds are as good as any for this generator.
        let seed = seed.wrapping_mul(1_000).wrapping_add(u64::from(gpu));
        Ok(Box::new(EmulatedDevice::noisy(Noise::V100, seed)))
    })
}
