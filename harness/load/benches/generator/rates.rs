//! How many requests per second the generator sends.

use std::{sync::Arc, time::Duration};

use load::{
    client::{Answer, Client, Failure},
    engine::{Load, Pace, Run, WarmUpLength, generate},
    http::{Endpoint, HttpClient, Request},
    null::{NullServer, Reply},
    schedule::Think,
    validity::Sources,
};
use node::Meter;

use crate::{Effort, Spread, others};

/// As many as a server of one thread needs to be always busy.
const CONNECTIONS: usize = 64;

/// A client that has no system: it answers at once.
struct NoSystem;

impl Client for NoSystem {
    async fn prepare(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    async fn send(&mut self, _index: u64) -> Answer<'_> {
        Answer::OK
    }

    fn reset(&mut self) {}

    fn n_reconnects(&self) -> u64 {
        0
    }
}

fn closed(connections: usize, seconds: u64) -> Load {
    Load {
        pace: Pace::Closed { connections, think: Think::None },
        duration: Some(Duration::from_secs(seconds)),
        warm_up: WarmUpLength::Requests(1_000),
        timeout: Duration::from_secs(5),
        threads: 1,
        seed: 0,
    }
}

fn open(rate: u64, seconds: u64) -> anyhow::Result<Load> {
    let schedule = format!("constant:{rate}").parse()?;
    let wait_limit = Duration::from_secs(60);
    let pace = Pace::Open { schedule, in_flight: CONNECTIONS, wait_limit };
    Ok(Load { pace, ..closed(1, seconds) })
}

fn rate(run: &Run) -> f64 {
    run.tally.n_in_window as f64 / run.end.as_secs_f64()
}

pub(crate) fn without_sockets(effort: Effort) -> anyhow::Result<()> {
    let (mut closed_rates, mut open_rates) = (vec![], vec![]);
    for _ in 0..effort.n_rounds {
        let load = closed(CONNECTIONS, effort.seconds);
        closed_rates.push(rate(&generate(&load, |_| NoSystem, None, &Sources::default())?));
        // Twice the goal is due, so that the rate is the generator's own.
        let load = open(2_000_000, effort.seconds)?;
        open_rates.push(rate(&generate(&load, |_| NoSystem, None, &Sources::default())?));
    }
    let (closed, open) = (Spread::of(&closed_rates), Spread::of(&open_rates));
    eprintln!("without sockets, closed: {closed} requests/s (goal: 100000)");
    eprintln!("without sockets, open: {open} requests/s (goal: 100000)");
    Ok(())
}

pub(crate) fn beside_wrk(effort: Effort) -> anyhow::Result<()> {
    let server = NullServer::start(|_| Reply::Ok)?;
    let address = server.address();
    let endpoint = Endpoint::new(&address.into(), &Request::get("/"), None, Meter::shared())?;
    let client = |_| HttpClient::new(Arc::clone(&endpoint));
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..effort.n_rounds {
        let load = closed(CONNECTIONS, effort.seconds);
        ours.push(rate(&generate(&load, client, None, &Sources::default())?));
        match others::wrk(address, CONNECTIONS, effort.seconds)? {
            Some(rate) => theirs.push(rate),
            None => {
                eprintln!("beside wrk: skipped, `wrk` is not installed");
                return Ok(());
            }
        }
    }
    let ratios: Vec<_> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    let peak = theirs.iter().copied().fold(0.0, f64::max);
    let (ours, theirs, ratios) = (Spread::of(&ours), Spread::of(&theirs), Spread::of(&ratios));
    eprintln!("beside wrk: {ours} requests/s, wrk {theirs}, ratio {ratios} (goal: 0.8)");
    eprintln!("beside wrk: {:.2} of its peak (goal: 0.8)", ours.median / peak);
    Ok(())
}
