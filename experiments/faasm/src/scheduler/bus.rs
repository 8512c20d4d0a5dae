//! The scheduler's view of other hosts: two kinds of sets and one list per host
//! in the state tier.

use std::sync::Arc;

use anyhow::Context as _;
use kv::Pool;

use super::Action;
use crate::message::{Call, Function};

const AVAILABLE: &str = "available_workers";

/// One host's place among the hosts of a state tier.
#[derive(Debug, Clone)]
pub struct Bus {
    host: String,
    global: Arc<Pool>,
}

/// The hosts that a call may be passed to, this one perhaps included.
#[derive(Debug, Default)]
pub struct Hosts {
    /// Those that are warm for the function.
    pub warm: Vec<String>,
    /// Those that are available at all.
    pub available: Vec<String>,
}

impl Bus {
    /// The place of `host`, a name that no other host has.
    #[must_use]
    pub fn new(host: String, global: Arc<Pool>) -> Self {
        Self { host, global }
    }

    /// The name of this host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Makes this host available.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn join(&self) -> anyhow::Result<()> {
        self.global.get()?.sadd(AVAILABLE, &self.host)?;
        Ok(())
    }

    /// Takes this host out of all sets and ends the wait of its [`Bus::receive`].
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn leave(&self, functions: &[Function]) -> anyhow::Result<()> {
        let mut client = self.global.get()?;
        let mut pipeline = client.pipeline();
        pipeline.srem(AVAILABLE, &self.host);
        for function in functions {
            pipeline.srem(warm_key(function), &self.host);
        }
        pipeline.rpush(sharing_key(&self.host), b"");
        Ok(pipeline.execute()?)
    }

    /// Carries out what `action` asks for in the sets; other actions change no set.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn publish(&self, action: &Action) -> anyhow::Result<()> {
        let mut client = self.global.get()?;
        match action {
            Action::JoinWarm { function } => client.sadd(warm_key(function), &self.host)?,
            Action::LeaveWarm { function } => client.srem(warm_key(function), &self.host)?,
            Action::JoinAvailable => client.sadd(AVAILABLE, &self.host)?,
            Action::LeaveAvailable => client.srem(AVAILABLE, &self.host)?,
            _ => false,
        };
        Ok(())
    }

    /// Reads the sets that matter for `function`.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn hosts(&self, function: &Function) -> anyhow::Result<Hosts> {
        let mut client = self.global.get()?;
        let warm = names(client.smembers(warm_key(function))?);
        let available = names(client.smembers(AVAILABLE)?);
        Ok(Hosts { warm, available })
    }

    /// Passes a call to another host.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn forward(&self, call: Call, host: &str) -> anyhow::Result<()> {
        let call = Call { hops: call.hops + 1, ..call };
        let json = serde_json::to_vec(&call).context("write a call as JSON")?;
        self.global.get()?.rpush(sharing_key(host), &json)?;
        Ok(())
    }

    /// Waits for a call that another host passes here; nothing at the mark that
    /// [`Bus::leave`] sets.
    ///
    /// # Errors
    /// If the state tier does not answer, or the message is no call.
    pub fn receive(&self) -> anyhow::Result<Option<Call>> {
        let forever = std::time::Duration::ZERO;
        let json = self.global.get()?.blpop(sharing_key(&self.host), forever)?;
        match json {
            Some(json) if !json.is_empty() => {
                serde_json::from_slice(&json).map(Some).context("read a call from another host")
            }
            _ => Ok(None),
        }
    }
}

fn names(members: Vec<Vec<u8>>) -> Vec<String> {
    members.into_iter().map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
}

fn warm_key(function: &Function) -> String {
    format!("w_{function}")
}

fn sharing_key(host: &str) -> String {
    format!("sharing_{host}")
}
