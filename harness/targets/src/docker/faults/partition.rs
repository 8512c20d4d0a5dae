//! Partitions: on each of the two sides the packet filter drops what comes from
//! the other.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::{Context as _, ensure};
use async_trait::async_trait;

use super::{
    helper::Place,
    state::{Faults, InForce},
    tools::Tool,
};
use crate::{
    docker::{instance::Running, testbed::DockerTestbed},
    fault::Partition,
    helper::{Outcome, Step},
    role::Instance,
};

/// Where a probe goes. Whether anybody listens there does not matter: the other
/// side's kernel refuses, which is an answer.
const PROBED_PORT: u16 = 9;

/// How long a probe waits. Neighbours on a bridge answer in under a millisecond.
const PROBE_MS: u64 = 400;

/// How long a probe of a healed connection waits, on a machine that is busy.
const PATIENT_PROBE_MS: u64 = 10_000;

#[async_trait]
impl Partition for DockerTestbed {
    async fn cut(&self, a: &Instance, b: &Instance) -> anyhow::Result<()> {
        ensure!(a.id != b.id, "{} cannot be cut off from itself", a.id);
        let (a, b) = (self.find(a)?, self.find(b)?);
        let (at_a, at_b) = tokio::try_join!(self.faults.locate(&a), self.faults.locate(&b))?;
        // Before it is so: what fails half way can be healed.
        self.faults.note_cut(&a, &b, at_b.address).await;
        self.faults.note_cut(&b, &a, at_a.address).await;
        // Both to their ends, even if one fails.
        let (cut_a, cut_b) = tokio::join!(
            self.faults.cut_again(&a, at_b.address),
            self.faults.cut_again(&b, at_a.address),
        );
        cut_a.and(cut_b)?;
        let reached = tokio::try_join!(
            self.faults.reaches(&a, at_b.address, PROBE_MS),
            self.faults.reaches(&b, at_a.address, PROBE_MS),
        )?;
        let [a, b] = [&a.instance.id, &b.instance.id];
        ensure!(reached == (false, false), "{a} and {b} were cut and still reach each other");
        Ok(())
    }

    async fn heal(&self, a: &Instance, b: &Instance) -> anyhow::Result<()> {
        let (a, b) = (self.find(a)?, self.find(b)?);
        let (to_b, to_a) = tokio::join!(self.faults.join(&a, &b), self.faults.join(&b, &a));
        let (to_b, to_a) = (to_b?, to_a?);
        // Of an instance that has ended nothing is left to be healed.
        if a.life.ending().is_some() || b.life.ending().is_some() {
            return Ok(());
        }
        let reached = tokio::try_join!(
            self.faults.reaches(&a, to_b, PATIENT_PROBE_MS),
            self.faults.reaches(&b, to_a, PATIENT_PROBE_MS),
        )?;
        let [a, b] = [&a.instance.id, &b.instance.id];
        ensure!(reached == (true, true), "{a} and {b} were healed and do not reach each other");
        Ok(())
    }
}

impl Faults {
    /// Drops what comes from this peer; after a restart it has to be done again.
    pub(super) async fn cut_again(&self, running: &Running, peer: Ipv4Addr) -> anyhow::Result<()> {
        self.take(Place::NetworkOf(&running.container), drop_all(peer)?).await?;
        Ok(())
    }

    async fn note_cut(&self, running: &Running, peer: &Running, address: Ipv4Addr) {
        let mut all = self.in_force.lock().await;
        let in_force = all.entry(running.instance.id.clone()).or_default();
        in_force.cut_from.insert(peer.instance.id.clone(), address);
    }

    /// Lets pass again what comes from `peer`, and returns its address.
    async fn join(&self, running: &Running, peer: &Running) -> anyhow::Result<Ipv4Addr> {
        let (id, peer) = (&running.instance.id, &peer.instance.id);
        let known = |all: &BTreeMap<String, InForce>| all.get(id)?.cut_from.get(peer).copied();
        let address = known(&*self.in_force.lock().await);
        let address = address.with_context(|| format!("{id} and {peer} are not cut"))?;
        if running.life.ending().is_none() {
            self.take(Place::NetworkOf(&running.container), drop_none(address)?).await?;
        }
        if let Some(in_force) = self.in_force.lock().await.get_mut(id) {
            in_force.cut_from.remove(peer);
        }
        Ok(address)
    }

    async fn reaches(&self, from: &Running, to: Ipv4Addr, within_ms: u64) -> anyhow::Result<bool> {
        let probe = Step::Reach { address: SocketAddr::from((to, PROBED_PORT)), within_ms };
        let outcomes = self.take(Place::NetworkOf(&from.container), vec![probe]).await?;
        Ok(outcomes == [Outcome::Reached(true)])
    }
}

/// A table of its own for each peer. It drops before a delay's redirection.
fn drop_all(peer: Ipv4Addr) -> anyhow::Result<Vec<Step>> {
    let table = table(peer);
    let rules = format!(
        "add table ip {table}; flush table ip {table}; \
         add chain ip {table} cut {{ type filter hook prerouting priority -310 ; }}; \
         add rule ip {table} cut ip saddr {peer} drop"
    );
    Ok(vec![Step::Run(Tool::Nft.words(&[&rules])?)])
}

fn drop_none(peer: Ipv4Addr) -> anyhow::Result<Vec<Step>> {
    let table = table(peer);
    // Made first, so that there is one to delete after a restart too.
    let rules = format!("add table ip {table}; delete table ip {table}");
    Ok(vec![Step::Run(Tool::Nft.words(&[&rules])?)])
}

fn table(peer: Ipv4Addr) -> String {
    let octets = peer.octets().map(|octet| octet.to_string());
    format!("reprise_cut_{}", octets.join("_"))
}
