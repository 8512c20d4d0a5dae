//! Role `controller`: decides what workers do, and answers clients.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Context as _;

use super::{
    logs::{Begins, Logs},
    observed::{Observed, write},
    signal::on_signal,
    window::WindowArgs,
};
use crate::{
    live::{
        Clock,
        controller::{Config, Controller, Ended},
    },
    scheduler::{Policy, Settings},
    simulation::Outcome,
    telemetry::log::LogFiles,
    time::{MILLISECOND, Nanos, SECOND},
};

/// Arguments of `controller`, the first eight as the original's.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Who decides. INFER4 is the Clockwork scheduler; you should usually be using this.
    #[arg(value_name = "TYPE", value_enum, ignore_case = true)]
    policy: Policy,
    /// Where the workers are: host:port,host:port,...
    #[arg(value_name = "WORKERS")]
    workers: String,
    /// Should inputs be generated if not present (0 or 1)? Set to 1 to test network
    /// capacity.
    #[arg(value_parser = ["0", "1"], default_value = "0")]
    generate_inputs: String,
    /// Set to a lower number to limit the number of GPUs.
    #[arg(default_value_t = 100)]
    max_gpus: u32,
    /// How far ahead, in nanoseconds, should the scheduler schedule (default 10000000).
    schedule_ahead: Option<Nanos>,
    /// The SLO, in nanoseconds, of requests that name none (default 100000000).
    default_slo: Option<Nanos>,
    /// Don't use batch sizes > 1 whose execution takes longer, in nanoseconds (default
    /// 25000000).
    max_exec: Option<Nanos>,
    /// Don't use batch sizes that exceed this number (default 16).
    max_batch: Option<u32>,
    /// Take the original code's values and mistakes, not its documentation's.
    #[arg(long)]
    original_defaults: bool,
    /// Where clients find it.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:12346")]
    listen: SocketAddr,
    /// How long a worker may say nothing before it counts as lost, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(300..))]
    worker_timeout_ms: u64,
    /// Where both logs go, row by row; they are not kept otherwise.
    #[arg(long, value_name = "DIR", env = "CLOCKWORK_LOG_DIR")]
    log_dir: Option<PathBuf>,
    /// Compress the logs.
    #[arg(long)]
    compress: bool,
    /// Where `observed.json` goes, for the part of the run that counts.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    /// Record every event and decision, for `replay`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Generated inputs follow from it.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let files = args.log_dir.as_deref().map(|dir| args.files(dir));
    let mut logs = Logs::new(&args.window, Begins::AtFirstArrival, files.as_ref())?;
    let controller = Controller::start(args.config(), Clock::of_day())?;
    let stopper = controller.stopper();
    on_signal(move || stopper.stop())?;
    let began = Instant::now();
    let Ended { n_models, n_lost_workers, outcome } = controller.run(&mut logs)?;
    let wall_s = began.elapsed().as_secs_f64();
    let outcome = Outcome { ended: logs.since_begin(outcome.ended), ..outcome };
    let load_s = outcome.ended as f64 / SECOND as f64;
    let seen_s = (load_s - args.window.lead_in_s).max(0.0);
    let measured_s = args.window.duration_s.map_or(seen_s, |duration_s| duration_s.min(seen_s));
    let aggregate = logs.finish()?;
    let observed = Observed {
        n_lost_workers,
        ..Observed::new(n_models, outcome, &aggregate, wall_s, measured_s)
    };
    let Some(dir) = &args.out else { return Ok(()) };
    write(dir, "observed.json", &observed).context("keep what was observed")
}

impl Args {
    fn config(&self) -> Config {
        Config {
            listen: self.listen,
            workers: self.workers.split(',').map(str::to_owned).collect(),
            policy: self.policy,
            settings: self.settings(),
            max_gpus: self.max_gpus,
            generate_inputs: self.generate_inputs == "1",
            worker_timeout: self.worker_timeout_ms * MILLISECOND,
            record: self.record.clone(),
            seed: self.seed,
        }
    }

    fn settings(&self) -> Settings {
        let defaults =
            if self.original_defaults { Settings::original() } else { Settings::default() };
        defaults.with(self.schedule_ahead, self.default_slo, self.max_exec, self.max_batch)
    }

    fn files(&self, dir: &Path) -> LogFiles {
        let files = LogFiles::written(dir);
        if self.compress { files.compressed() } else { files }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        args: Args,
    }

    fn config(typed: &[&str]) -> Config {
        let workers = ["controller", "INFER4", "one:12345,two:12345"];
        Flags::parse_from([&workers[..], typed].concat()).args.config()
    }

    #[test]
    fn the_documented_values_hold_unless_the_originals_are_asked_for() {
        assert_eq!(config(&[]).settings, Settings::default());
        assert_eq!(config(&["--original-defaults"]).settings, Settings::original());
    }

    #[test]
    fn what_is_typed_outranks_both() {
        let typed = ["1", "6", "7000000", "80000000", "9000000", "4"];
        for original_defaults in [false, true] {
            let flag = original_defaults.then_some("--original-defaults");
            let typed: Vec<_> = typed.into_iter().chain(flag).collect();
            let Config { workers, generate_inputs, max_gpus, settings, .. } = config(&typed);
            assert_eq!(workers, ["one:12345", "two:12345"]);
            assert_eq!((generate_inputs, max_gpus), (true, 6));
            let expected = Settings {
                schedule_ahead: 7 * MILLISECOND,
                default_slo: 80 * MILLISECOND,
                max_exec: 9 * MILLISECOND,
                max_batch: 4,
                original_mistakes: original_defaults,
                ..Settings::default()
            };
            assert_eq!(settings, expected);
        }
    }
}
