//! Chained calls of native functions, as HTTP requests.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use hyper::Method;
use tokio::{runtime::Handle, time::timeout};

use super::{HttpClient, OUTCOME_HEADER, Origin};
use crate::{
    message::{Call, Invocation, Outcome, Request},
    native::ChainedCalls,
    results::Results,
};

/// Chained calls go back through the gateway, which finds a process for each.
pub struct ChainedByHttp {
    /// Sends them.
    pub client: HttpClient,
    /// The gateway, asked for the function's service.
    pub origin: Origin,
    /// Where the failure of a call goes that no process executed.
    pub results: Results,
    /// How long a call may take.
    pub limit: Duration,
    /// Where the requests run meanwhile.
    pub runtime: Handle,
}

impl ChainedCalls for ChainedByHttp {
    fn send(&self, call: Call) -> anyhow::Result<()> {
        let id = call.id;
        let (client, origin) = (self.client.clone(), self.origin.clone());
        let (results, limit) = (self.results.clone(), self.limit);
        self.runtime.spawn(async move {
            if let Err(error) = deliver(&client, &origin, call, limit).await {
                let outcome = Outcome::failed(format!("chain call {id}: {error:#}"));
                tokio::task::spawn_blocking(move || results.publish_or_log(id, &outcome));
            }
        });
        Ok(())
    }
}

/// Posts a call and sees that some process executed it, which then publishes its end.
async fn deliver(
    client: &HttpClient,
    origin: &Origin,
    call: Call,
    limit: Duration,
) -> anyhow::Result<()> {
    let Call { id, function, index, input, seed, cold_start_interval, .. } = call;
    let (is_async, id) = (false, Some(id));
    let invocation = Invocation { function, index, input, is_async, id, seed, cold_start_interval };
    let body = Bytes::from(Request::Call(invocation).to_json());
    let answer = timeout(limit, client.send(Method::POST, origin, "/", body))
        .await
        .with_context(|| format!("no answer in {limit:?}"))??;
    if answer.headers.contains_key(&OUTCOME_HEADER) {
        return Ok(());
    }
    answer.success()?;
    bail!("the answer does not come from a function")
}
