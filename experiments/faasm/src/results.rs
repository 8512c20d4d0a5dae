//! How calls ended, kept in the state tier for whoever polls or awaits them.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use kv::Pool;

use crate::message::{CallId, Outcome, Status};

/// How long a result is kept if nobody fetches it, as in the original.
const KEEP: Duration = Duration::from_secs(30_000);
const RUNNING: &[u8] = b"";

/// The results of all hosts.
#[derive(Debug, Clone)]
pub struct Results {
    global: Arc<Pool>,
}

impl Results {
    /// The results in this state tier.
    #[must_use]
    pub fn new(global: Arc<Pool>) -> Self {
        Self { global }
    }

    /// An id that no call of this state tier has had.
    ///
    /// # Errors
    /// If the state tier does not answer, or has given all ids away.
    pub fn new_id(&self) -> anyhow::Result<CallId> {
        let id = self.global.get()?.incr("call_ids")?;
        CallId::try_from(id).context("there are no call ids left (hint: flush the state tier)")
    }

    /// Says that a call may be polled from now on.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn announce(&self, id: CallId) -> anyhow::Result<()> {
        let mut client = self.global.get()?;
        Ok(client.pipeline().set(status_key(id), RUNNING).expire(status_key(id), KEEP).execute()?)
    }

    /// Publishes the end of a call, for polls and for one waiter.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn publish(&self, id: CallId, outcome: &Outcome) -> anyhow::Result<()> {
        let json = outcome.to_json();
        let mut client = self.global.get()?;
        let mut pipeline = client.pipeline();
        // Only calls that were announced are polled: the others leave no status behind.
        let keep_ms = KEEP.as_millis().to_string();
        let status_key = status_key(id);
        pipeline.command(&[b"SET", status_key.as_bytes(), &json, b"XX", b"PX", keep_ms.as_bytes()]);
        pipeline.rpush(result_key(id), &json).expire(result_key(id), KEEP);
        Ok(pipeline.execute()?)
    }

    /// Publishes the end of a call where nobody could handle a failure to do so.
    pub fn publish_or_log(&self, id: CallId, outcome: &Outcome) {
        if let Err(error) = self.publish(id, outcome) {
            eprintln!("publish the result of call {id}: {error:#}");
        }
    }

    /// How a call is doing; nothing if there is no such call.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn status(&self, id: CallId) -> anyhow::Result<Option<Status>> {
        let Some(json) = self.global.get()?.get(status_key(id))? else { return Ok(None) };
        if json == RUNNING {
            return Ok(Some(Status::Running));
        }
        Ok(Some(Status::Ended(decode(id, &json)?)))
    }

    /// Waits up to `patience` for a call's end, and takes it: only one waiter gets it.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn wait(&self, id: CallId, patience: Duration) -> anyhow::Result<Option<Outcome>> {
        let json = self.global.get()?.blpop(result_key(id), patience)?;
        json.map(|json| decode(id, &json)).transpose()
    }
}

fn decode(id: CallId, json: &[u8]) -> anyhow::Result<Outcome> {
    Outcome::from_json(json).with_context(|| format!("read the result of call {id}"))
}

fn result_key(id: CallId) -> String {
    format!("result_{id}")
}

fn status_key(id: CallId) -> String {
    format!("status_{id}")
}
