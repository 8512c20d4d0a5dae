//! The toy's roles: a server, a job, and the daemon that a job may leave.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use axum::{Router, routing::get};
use clap::Parser;
use node::{Endpoint, Meter};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use rustix::process::{Signal, getpid, kill_process};

use crate::{behaviour::Behaviour, daemon, deeds::Deed, experiment::Record, store};

#[derive(Debug, Parser)]
enum Role {
    /// Answers `/work`; dies of `/die`
    Serve {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long, value_parser = behaviour)]
        behaviour: Behaviour,
    },
    /// Asks the server, measures, writes down and exits
    Job(Job),
    /// Says its process id and stays
    Daemon,
    /// Does what requests tell it to
    Store {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        dir: PathBuf,
        /// Is not ready before `POST /ready`
        #[arg(long)]
        shy: bool,
    },
    /// Does what its arguments tell it to, prints the answers and exits
    Deeds {
        #[arg(long)]
        dir: PathBuf,
        deeds: Vec<Deed>,
    },
}

#[derive(Debug, clap::Args)]
struct Job {
    #[arg(long)]
    mean: f64,
    #[arg(long)]
    noise: f64,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    server: SocketAddr,
    #[arg(long)]
    into: PathBuf,
    #[arg(long, value_parser = behaviour)]
    behaviour: Behaviour,
}

/// Plays a role if the first argument names one.
pub(crate) fn play_if_asked() -> Option<ExitCode> {
    let first = std::env::args().nth(1)?;
    if !["serve", "job", "daemon", "store", "deeds"].contains(&first.as_str()) {
        return None;
    }
    let played = match Role::parse() {
        Role::Serve { listen, behaviour } => serve(listen, &behaviour),
        Role::Job(job) => job.run(),
        Role::Daemon => daemon::stay(),
        Role::Store { listen, dir, shy } => keep_store(listen, dir, shy),
        Role::Deeds { dir, deeds } => perform(deeds, &dir),
    };
    Some(match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn behaviour(text: &str) -> serde_json::Result<Behaviour> {
    serde_json::from_str(text)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(listen: SocketAddr, behaviour: &Behaviour) -> anyhow::Result<()> {
    if *behaviour == Behaviour::ExitsBeforeReady {
        bail!("the toy box is empty");
    }
    let listen = if let Behaviour::ListensOn(address) = behaviour { *address } else { listen };
    let endpoint = Endpoint::bind(listen, Meter::shared()).await?;
    if *behaviour == Behaviour::NeverReady {
        eprintln!("still unpacking");
    } else {
        endpoint.readiness().set_ready();
    }
    let routes = Router::new().route("/work", get(|| async { "done" })).route("/die", get(die));
    endpoint.serve(routes).await
}

#[tokio::main(flavor = "current_thread")]
async fn keep_store(listen: SocketAddr, dir: PathBuf, is_shy: bool) -> anyhow::Result<()> {
    store::serve(listen, dir, is_shy).await
}

fn perform(deeds: Vec<Deed>, dir: &Path) -> anyhow::Result<()> {
    for deed in deeds {
        let answer = deed.perform(dir)?;
        if !answer.is_empty() {
            Deed::Say(answer).perform(dir)?;
        }
    }
    Ok(())
}

async fn die() {
    // It kills itself and so does not return.
    let _ = kill_process(getpid(), Signal::KILL);
}

impl Job {
    fn run(&self) -> anyhow::Result<()> {
        let mut failed_requests = 0;
        match &self.behaviour {
            Behaviour::JobFails => bail!("the toy is broken"),
            Behaviour::JobHangs => loop {
                std::thread::park();
            },
            Behaviour::WorkerDies => self.ask("/die"),
            Behaviour::WorkerDiesOnce(marker) => {
                let is_first = std::fs::File::create_new(marker).is_ok();
                self.ask(if is_first { "/die" } else { "/work" })
            }
            Behaviour::LeavesDaemon(pid_file) => daemon::leave(pid_file),
            Behaviour::LeavesFile(path) => std::fs::write(path, "left").context("leave a file"),
            Behaviour::SeesErrors => {
                failed_requests = 3;
                Ok(())
            }
            _ => self.ask("/work"),
        }?;
        self.record(failed_requests)
    }

    /// A request whose answer does not matter, only that it ended.
    fn ask(&self, path: &str) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.server).context("connect to the server")?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: toy\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        // A server that dies resets the connection.
        let _ = stream.read_to_end(&mut answer);
        Ok(())
    }

    fn record(&self, failed_requests: u64) -> anyhow::Result<()> {
        let deviation = Pcg64::seed_from_u64(self.seed).random_range(-1.0..=1.0);
        let work = self.mean * (1.0 + self.noise * deviation);
        let text = serde_json::to_vec(&Record { work, failed_requests })?;
        std::fs::write(self.into.join("work.json"), text).context("write the record")
    }
}
