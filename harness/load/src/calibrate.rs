//! What the generator measures where there is nothing to measure.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use node::Meter;

use crate::{
    engine::{Load, Pace, WarmUpLength, generate},
    http::{Endpoint, HttpClient, Request},
    null::{NullServer, Reply},
    record::Recorded,
    report::Floor,
    schedule::Think,
    validity::Sources,
};

/// The delay that must be found again.
const DELAY: Duration = Duration::from_millis(5);

/// How long each of the two servers is asked.
const LENGTH: Duration = Duration::from_millis(500);

/// Asks a server in this process that answers at once, and one that answers
/// after 5 ms: what the latencies of a system stand upon. Takes a second.
///
/// # Errors
/// If there is no port or thread to be had, or neither server answers.
pub fn calibrate() -> anyhow::Result<Floor> {
    let null = latencies(Reply::Ok).context("calibrate against a null server")?;
    let delayed = latencies(Reply::After(DELAY)).context("calibrate against a known delay")?;
    let us = |recorded: &Recorded, level| {
        let time = recorded.quantile(level).context("no answer in half a second")?;
        anyhow::Ok(time.as_secs_f64() * 1e6)
    };
    let (null_p50_us, null_p99_us) = (us(&null, 0.5)?, us(&null, 0.99)?);
    let delay_us = DELAY.as_secs_f64() * 1e6;
    let delay_error_us = us(&delayed, 0.5)? - delay_us - null_p50_us;
    Ok(Floor { null_p50_us, null_p99_us, delay_us, delay_error_us })
}

fn latencies(reply: Reply) -> anyhow::Result<Recorded> {
    let server = NullServer::start(move |_| reply)?;
    let address = server.address().into();
    let endpoint = Endpoint::new(&address, &Request::get("/"), None, Meter::shared())?;
    let load = Load {
        pace: Pace::Closed { connections: 1, think: Think::None },
        duration: Some(LENGTH),
        warm_up: WarmUpLength::Requests(10),
        timeout: Duration::from_secs(1),
        threads: 1,
        seed: 0,
    };
    let client = |_| HttpClient::new(Arc::clone(&endpoint));
    Ok(generate(&load, client, None, &Sources::default())?.tally.latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_delay_is_found_again() {
        let floor = calibrate().unwrap();
        assert!(floor.null_p50_us > 0.0 && floor.null_p50_us <= floor.null_p99_us, "{floor:?}");
        // Wide, as other work may share the machine; a lost delay would be -5,000.
        assert!(floor.delay_error_us.abs() < 2_500.0, "{floor:?}");
    }
}
