//! What a service is: its host name, its limits, its replicas.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;

use crate::Replicas;

/// The stable window of services that do not say otherwise.
pub const DEFAULT_STABLE_WINDOW: Duration = Duration::from_secs(20);

/// The longest queue of services that do not say otherwise: far above what an
/// experiment holds, and a bound all the same.
pub const DEFAULT_MAX_QUEUED: usize = 10_000;

/// A service behind the gateway.
#[derive(Clone)]
pub struct ServiceConfig {
    /// The name in the `Host` header that requests for it carry; ports in that
    /// header do not matter.
    pub host: String,
    /// How many replicas it has, and what each takes.
    pub scaling: Scaling,
    /// How a replica is started and stopped.
    pub replicas: Arc<dyn Replicas>,
}

/// How a service scales.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// The fewest replicas; with 0 the service goes away when it is idle.
    pub min_replicas: u32,
    /// The most replicas.
    pub max_replicas: u32,
    /// The most requests that a replica takes at once; 0 is no limit.
    pub concurrency_limit: u32,
    /// The requests per replica, on average over the window, that the number
    /// of replicas aims at.
    pub target_concurrency: f64,
    /// How far back the average looks.
    pub stable_window: Duration,
    /// How many requests may wait for a replica; more are refused.
    pub max_queued: usize,
}

impl Scaling {
    /// As many requests at once per replica when nothing limits them, as
    /// Knative aims at.
    const UNLIMITED_TARGET: f64 = 100.0;

    /// Between `min_replicas` and `max_replicas`, each with up to
    /// `concurrency_limit` requests at once; the rest has its usual value.
    #[must_use]
    pub fn new(min_replicas: u32, max_replicas: u32, concurrency_limit: u32) -> Self {
        let target_concurrency = match concurrency_limit {
            0 => Self::UNLIMITED_TARGET,
            limit => f64::from(limit),
        };
        Self {
            min_replicas,
            max_replicas,
            concurrency_limit,
            target_concurrency,
            stable_window: DEFAULT_STABLE_WINDOW,
            max_queued: DEFAULT_MAX_QUEUED,
        }
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self { min_replicas, max_replicas, target_concurrency, stable_window, .. } = self;
        ensure!(*max_replicas > 0, "max_replicas is 0 (hint: a service needs at least one)");
        ensure!(
            min_replicas <= max_replicas,
            "min_replicas is {min_replicas}, but max_replicas only {max_replicas}"
        );
        ensure!(
            target_concurrency.is_finite() && *target_concurrency > 0.0,
            "target_concurrency is {target_concurrency}, but it must be positive"
        );
        ensure!(self.max_queued > 0, "max_queued is 0 (hint: who starts a replica has to wait)");
        ensure!(!stable_window.is_zero(), "stable_window is zero (hint: 20 s is usual)");
        Ok(())
    }
}
