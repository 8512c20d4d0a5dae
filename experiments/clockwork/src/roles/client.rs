//! Role `client`: sends a workload's requests.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};

use super::{observed::write, requests::WorkloadArgs, signal::on_signal, window::nanos};
use crate::{
    live::{
        Clock,
        client::{Client, Sent},
    },
    message::ClientStatus,
    time::MILLISECOND,
    workload::help,
};

/// Arguments of `client`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help())]
pub struct Args {
    /// The controller's address.
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Seconds after which it sends no more; without, it goes on until it is stopped or
    /// the workload is over.
    #[arg(long, value_name = "SECONDS")]
    duration_s: Option<f64>,
    /// Send no inputs: whoever needs them makes them (0 or 1).
    #[arg(long, env = "CLOCKWORK_DISABLE_INPUTS", value_parser = ["0", "1"], default_value = "0")]
    disable_inputs: String,
    /// Where `sent.json` goes.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    workload: WorkloadArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let mut workload = args.workload.workload()?;
    let mut client = Client::connect(&args.address, Clock::of_day())?;
    let stopper = client.stopper();
    on_signal(move || stopper.stop())?;
    client.load(workload.instances()).context("load the workload's models")?;
    let inputs = (args.disable_inputs == "0").then_some(args.workload.seed);
    let sent = client.run(workload.as_mut(), args.duration_s.map(nanos), inputs)?;
    summarise(&sent);
    if let Some(dir) = &args.out {
        write(dir, "sent.json", &sent)?;
    }
    let n_unanswered = sent.n_unanswered;
    ensure!(n_unanswered == 0, "{n_unanswered} requests were not answered within 10 s");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it is what people run a client for")]
fn summarise(sent: &Sent) {
    let ms = |nanos| nanos as f64 / MILLISECOND as f64;
    println!(
        "{} requests, {} succeeded; latency p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms; \
         sent late p99 {:.2} ms",
        sent.n_requests,
        sent.n_with(ClientStatus::Success),
        ms(sent.latency_ns.p50),
        ms(sent.latency_ns.p99),
        ms(sent.latency_ns.max),
        ms(sent.late_ns.p99),
    );
}
