//! What is in force in a testbed. A restarted container has a new network
//! namespace, into which it is put again.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Mutex;

use super::{delay::Proxied, helper::Helper, shape::Shape};
use crate::{
    docker::{daemon::Daemon, image::Images},
    ledger::Ledger,
};

/// The faults of one testbed, and what is needed to make them.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(super) daemon: Daemon,
    pub(super) images: Arc<Images>,
    pub(super) ledger: Ledger,
    /// The first part of the name of everything in the testbed.
    prefix: String,
    n_helpers: AtomicU64,
    pub(super) in_force: Mutex<BTreeMap<String, InForce>>,
}

/// What is in force on one instance.
#[derive(Debug, Default)]
pub(super) struct InForce {
    /// Instances that it is cut off from, with their addresses.
    pub(super) cut_from: BTreeMap<String, Ipv4Addr>,
    /// How what it sends is shaped by the kernel.
    pub(super) shape: Shape,
    /// The proxy of an instance that was delayed by one, with the delay.
    pub(super) proxied: Option<Proxied>,
    /// Who holds its disk full.
    pub(super) ballast: Option<Helper>,
}

impl Faults {
    /// No faults at all.
    pub(crate) fn none(
        daemon: &Daemon,
        images: &Arc<Images>,
        ledger: &Ledger,
        prefix: &str,
    ) -> Self {
        Self {
            daemon: daemon.clone(),
            images: Arc::clone(images),
            ledger: ledger.clone(),
            prefix: prefix.to_owned(),
            n_helpers: AtomicU64::new(0),
            in_force: Mutex::default(),
        }
    }

    /// Removes every helper. What they had set up goes with the instances.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        let mut cleared = Ok(());
        for (_, in_force) in std::mem::take(&mut *self.in_force.lock().await) {
            let proxy = in_force.proxied.map(|proxied| proxied.helper);
            for helper in proxy.into_iter().chain(in_force.ballast) {
                cleared = helper.remove().await.and(cleared);
            }
        }
        cleared
    }

    pub(super) fn next_helper(&self) -> String {
        let number = self.n_helpers.fetch_add(1, Ordering::Relaxed);
        format!("{}-helper-{number}", self.prefix)
    }
}
