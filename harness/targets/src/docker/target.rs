//! The target itself: provisioning, listing and removing.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::Value;

use super::{
    daemon::Daemon,
    image::{self, Images},
    listing, remove,
    testbed::{DockerTestbed, Guests},
};
use crate::{
    artifact::Artifact,
    audit::Listing,
    label::RunLabel,
    ledger::{Ledger, Resource},
    role::Program,
    settings::{DockerSettings, Settings},
    target::{Cleared, Shortfall, Site, Target, Testbed},
    wait::{self, Interval},
};

/// How long a request of a driver that died may still be under way.
const UNDER_WAY: Duration = Duration::from_secs(3);

/// A Docker daemon.
#[derive(Debug)]
pub struct Docker {
    settings: DockerSettings,
    daemon: Daemon,
    images: Arc<Images>,
    guests: Guests,
}

impl Docker {
    /// The daemon that these settings name.
    #[must_use]
    pub fn new(settings: &DockerSettings) -> Self {
        let daemon = Daemon::new(settings);
        let images = Arc::new(Images::new(daemon.clone()));
        let host = Some(daemon.host().to_owned());
        Self {
            settings: DockerSettings { host, ..settings.clone() },
            daemon,
            images,
            guests: Guests::default(),
        }
    }
}

#[async_trait]
impl Target for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn shortfalls(&self) -> Vec<Shortfall> {
        self.daemon.shortfalls().await
    }

    fn settings(&self) -> Value {
        let settings = Settings { docker: self.settings.clone() };
        serde_json::to_value(settings).unwrap_or_default()
    }

    async fn prepare(
        &self,
        programs: &[Program],
        ledger: &Ledger,
    ) -> anyhow::Result<Vec<Artifact>> {
        let mut artifacts = Vec::new();
        for program in programs {
            let image = self.images.of(program, ledger).await?;
            let kind = "image".to_owned();
            artifacts.push(Artifact { kind, name: image.name, digest: image.id });
        }
        Ok(artifacts)
    }

    async fn provision(&self, site: Site) -> anyhow::Result<Box<dyn Testbed>> {
        let pool = self.settings.pool.as_deref();
        let guests = Arc::clone(&self.guests);
        Ok(Box::new(
            DockerTestbed::provision(site, &self.daemon, &self.images, guests, pool).await?,
        ))
    }

    async fn listing(&self, label: &RunLabel) -> anyhow::Result<Listing> {
        let guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(listing::with_guests(listing::list(&self.daemon, label).await?, guests))
    }

    /// A request of which the ledger knows no outcome may still be under way in
    /// the daemon: what it makes would appear after everything was removed.
    async fn settle(&self, outstanding: &[Resource]) {
        let unconfirmed = outstanding.iter().filter(|it| {
            matches!(it.kind.as_str(), "container" | "network") && !it.detail.contains_key("id")
        });
        let unconfirmed: Vec<&Resource> = unconfirmed.collect();
        let have_come = || async {
            for resource in &unconfirmed {
                if !matches!(remove::look(&self.daemon, resource).await, Ok(Some(_))) {
                    return false;
                }
            }
            true
        };
        // Most were never asked for: the driver died before.
        let _ = wait::until("the daemon", UNDER_WAY, Interval::BACKING_OFF, have_come).await;
    }

    async fn remove(&self, label: &RunLabel, resource: &Resource) -> anyhow::Result<()> {
        remove::remove(&self.daemon, label, resource).await
    }

    async fn clear_cache(&self) -> anyhow::Result<Cleared> {
        image::clear(&self.daemon).await
    }
}
