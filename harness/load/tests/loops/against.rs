//! A load against a null server, in a line.

use std::{path::Path, sync::Arc, time::Duration};

use load::{
    engine::{Load, Pace, WarmUpLength, generate},
    http::{Endpoint, HttpClient, Request},
    null::{NullServer, Reply},
    report::Report,
    schedule::Think,
    validity::{Disturbance, Sources, Thresholds},
};
use node::Meter;

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A closed loop of `connections` for `duration_ms`.
pub(crate) fn closed(connections: usize, think: &str, duration_ms: u64) -> Load {
    let think: Think = think.parse().unwrap();
    Load {
        pace: Pace::Closed { connections, think },
        duration: Some(ms(duration_ms)),
        warm_up: WarmUpLength::Requests(0),
        timeout: Duration::from_secs(5),
        threads: 1,
        seed: 7,
    }
}

/// An open loop that ends with its schedule.
pub(crate) fn open(schedule: &str, in_flight: usize, wait_limit_ms: u64) -> Load {
    let schedule = schedule.parse().unwrap();
    let pace = Pace::Open { schedule, in_flight, wait_limit: ms(wait_limit_ms) };
    Load { pace, duration: None, ..closed(1, "none", 1) }
}

/// Sends `load` to a server that answers as `reply` says.
pub(crate) fn send(load: &Load, reply: impl Fn(u64) -> Reply + Send + 'static) -> Report {
    send_with(load, &Sources::default(), None, reply)
}

pub(crate) fn send_with(
    load: &Load,
    sources: &Sources,
    log: Option<&Path>,
    reply: impl Fn(u64) -> Reply + Send + 'static,
) -> Report {
    let server = NullServer::start(reply).unwrap();
    let label_header = Some("x-label".to_owned());
    let request = Request::get("/");
    let endpoint =
        Endpoint::new(&server.address().into(), &request, label_header, Meter::shared()).unwrap();
    let client = |_| HttpClient::new(Arc::clone(&endpoint));
    let run = generate(load, client, log, sources).unwrap();
    Report::new(load, &run, &Thresholds::USUAL)
}

/// The disturbance that `is` is looking for.
#[track_caller]
pub(crate) fn find<T>(report: &Report, is: impl Fn(&Disturbance) -> Option<T>) -> T {
    let found = report.disturbances.iter().find_map(|finding| is(&finding.disturbance));
    found.unwrap_or_else(|| panic!("not among {:?}", report.disturbances))
}
