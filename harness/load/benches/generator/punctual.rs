//! How far arrivals at a server deviate from their schedule.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use load::{
    engine::{Load, Pace, WarmUpLength, generate},
    http::{Endpoint, HttpClient, Request},
    null::{NullServer, Reply},
    validity::Sources,
};
use node::Meter;

use crate::{Effort, Spread, others};

const RATE_PER_S: u64 = 5_000;

const CONNECTIONS: usize = 50;

/// When requests came to the server.
type Arrivals = Arc<Mutex<Vec<Instant>>>;

pub(crate) fn beside_oha(effort: Effort) -> anyhow::Result<()> {
    let arrivals = Arrivals::default();
    let seen = Arc::clone(&arrivals);
    let server = NullServer::start(move |_| {
        seen.lock().expect("nobody panics with it").push(Instant::now());
        Reply::Ok
    })?;
    let address = server.address();
    let endpoint = Endpoint::new(&address.into(), &Request::get("/"), None, Meter::shared())?;
    let load = Load {
        pace: Pace::Open {
            schedule: format!("constant:{RATE_PER_S}").parse()?,
            in_flight: CONNECTIONS,
            wait_limit: Duration::from_secs(5),
        },
        duration: Some(Duration::from_secs(effort.seconds)),
        warm_up: WarmUpLength::Requests(0),
        timeout: Duration::from_secs(5),
        threads: 1,
        seed: 0,
    };
    let mut lag_p99_us = vec![];
    let (mut ours, mut theirs) = (Deviations::default(), Deviations::default());
    for _ in 0..effort.n_rounds {
        let client = |_| HttpClient::new(Arc::clone(&endpoint));
        let run = generate(&load, client, None, &Sources::default())?;
        lag_p99_us.extend(run.tally.lag.quantile(0.99).map(|lag| lag.as_secs_f64() * 1e6));
        ours.add(&arrivals);
        if !others::oha(address, CONNECTIONS, RATE_PER_S, effort.seconds)? {
            eprintln!("beside oha: skipped, `oha` is not installed (hint: OHA=PATH)");
            return Ok(());
        }
        theirs.add(&arrivals);
    }
    let ratios: Vec<_> =
        ours.p99_us.iter().zip(&theirs.p99_us).map(|(ours, theirs)| ours / theirs).collect();
    eprintln!("at {RATE_PER_S}/s, deviation of arrivals from the schedule in us:");
    eprintln!("  ours p50 {}, p99 {}", Spread::of(&ours.p50_us), Spread::of(&ours.p99_us));
    eprintln!("  of which the lag that we know of: p99 {}", Spread::of(&lag_p99_us));
    eprintln!("  oha  p50 {}, p99 {}", Spread::of(&theirs.p50_us), Spread::of(&theirs.p99_us));
    eprintln!("  ratio of the p99 {} (goal: at most 1)", Spread::of(&ratios));
    Ok(())
}

/// Of each round.
#[derive(Default)]
struct Deviations {
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
}

impl Deviations {
    /// Takes the arrivals of a round out.
    fn add(&mut self, arrivals: &Arrivals) {
        let arrivals = std::mem::take(&mut *arrivals.lock().expect("nobody panics with it"));
        // What both need to start is no part of their schedule.
        let skipped = arrivals.len() / 10;
        let deviations_us = deviations_us(&arrivals[skipped..]);
        let at = |level: f64| deviations_us[((deviations_us.len() - 1) as f64 * level) as usize];
        self.p50_us.push(at(0.5));
        self.p99_us.push(at(0.99));
    }
}

/// The distances of arrivals from equal spacing, ascending. The schedule's
/// start, which the server cannot know, is taken to be where it fits best.
fn deviations_us(arrivals: &[Instant]) -> Vec<f64> {
    let gap_us = 1e6 / RATE_PER_S as f64;
    let late_us = |(index, at): (usize, &Instant)| {
        (*at - arrivals[0]).as_secs_f64() * 1e6 - index as f64 * gap_us
    };
    let late_us: Vec<f64> = arrivals.iter().enumerate().map(late_us).collect();
    let mut sorted = late_us.clone();
    sorted.sort_by(f64::total_cmp);
    let start_us = sorted[sorted.len() / 2];
    let mut deviations: Vec<_> = late_us.iter().map(|late| (late - start_us).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    deviations
}
