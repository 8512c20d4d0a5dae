//! One asynchronous call: started, polled to its end, timed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use hyper::Method;
use tokio::time::{sleep, timeout};

use crate::{
    http::{CALLS_PATH, CallCounts, FLUSH_PATH, HttpClient, Origin},
    message::{CallId, Invocation, Request},
};

const POLL_EVERY_MIN: Duration = Duration::from_millis(1);

/// How closely to watch a call, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// The longest time between two polls.
    pub poll_every: Duration,
    /// When to give up.
    pub limit: Duration,
}

/// A call that succeeded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answered {
    /// What the function wrote.
    pub(super) output: String,
    /// From the call to the poll that found it done.
    pub(super) took_s: f64,
}

/// Clears the local state of every target, behind a gateway that of every replica.
pub(super) async fn flush(client: &HttpClient, targets: &[Origin]) -> anyhow::Result<()> {
    for target in targets {
        let flushed = client.send(Method::POST, target, FLUSH_PATH, Bytes::new()).await?;
        flushed.success().context("clear the local state")?;
    }
    Ok(())
}

/// Calls that these processes have executed so far, all together.
pub(super) async fn n_executed(client: &HttpClient, processes: &[Origin]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for process in processes {
        let answer =
            client.send(Method::GET, process, CALLS_PATH, Bytes::new()).await?.success()?;
        let counts: CallCounts =
            serde_json::from_slice(&answer).context("read the count of calls")?;
        sum += counts.executed;
    }
    Ok(sum)
}

/// Starts an asynchronous call and waits for its end.
pub(super) async fn call(
    client: &HttpClient,
    target: &Origin,
    call: Invocation,
    watch: Watch,
) -> anyhow::Result<Answered> {
    let what = call.function.to_string();
    let began = Instant::now();
    let answer = post(client, target, &Request::Call(call)).await;
    let answer = answer.with_context(|| format!("call {what}"))?;
    let id = answer.trim().parse().with_context(|| format!("`{answer}` is no call id"))?;
    let polled = timeout(watch.limit, poll(client, target, id, watch.poll_every, began)).await;
    let output = polled
        .with_context(|| format!("{what} did not end within {:?}", watch.limit))?
        .with_context(|| format!("wait for {what}"))?;
    Ok(Answered { output, took_s: began.elapsed().as_secs_f64() })
}

async fn poll(
    client: &HttpClient,
    target: &Origin,
    id: CallId,
    poll_every: Duration,
    began: Instant,
) -> anyhow::Result<String> {
    loop {
        let status = post(client, target, &Request::Status(id)).await.context("poll")?;
        if let Some(output) = status.strip_prefix("SUCCESS: ") {
            return Ok(output.to_owned());
        }
        if let Some(reason) = status.strip_prefix("FAILED: ") {
            bail!("it failed: {reason}");
        }
        ensure!(status == "RUNNING", "`{status}` is no status of a call");
        // Early polls come often: what is measured is late by 2 % at most.
        sleep(poll_every.min(began.elapsed() / 50).max(POLL_EVERY_MIN)).await;
    }
}

async fn post(client: &HttpClient, target: &Origin, request: &Request) -> anyhow::Result<String> {
    let body = Bytes::from(request.to_json());
    let body = client.send(Method::POST, target, "/", body).await?.success()?;
    String::from_utf8(body.to_vec()).context("the answer is not text")
}
