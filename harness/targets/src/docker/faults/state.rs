//! What is in force in a testbed. A restarted container has a new network
//! namespace, into which it is put again.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex as SyncMutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex, RwLock};

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
    /// The name of the testbed's network, with which that of every helper begins.
    pub(super) network: String,
    n_helpers: AtomicU64,
    helpers: SyncMutex<BTreeMap<String, Helper>>,
    /// Held while a helper starts; the teardown waits for it.
    pub(super) starting: Arc<RwLock<()>>,
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
        network: &str,
    ) -> Self {
        Self {
            daemon: daemon.clone(),
            images: Arc::clone(images),
            ledger: ledger.clone(),
            network: network.to_owned(),
            n_helpers: AtomicU64::new(0),
            helpers: SyncMutex::default(),
            starting: Arc::default(),
            in_force: Mutex::default(),
        }
    }

    /// The helpers that have been asked for and not dismissed, by name.
    pub(super) fn helpers(&self) -> MutexGuard<'_, BTreeMap<String, Helper>> {
        self.helpers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name for the next helper.
    pub(super) fn next_name(&self) -> String {
        let number = self.n_helpers.fetch_add(1, Ordering::Relaxed);
        format!("{}-helper-{number}", self.network)
    }
}
