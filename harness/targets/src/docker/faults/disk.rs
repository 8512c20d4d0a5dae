//! Filling the volume of an instance: a helper that mounts it too writes a file
//! without a name, so that there is nothing to collect.

use anyhow::{bail, ensure};
use async_trait::async_trait;

use super::helper::Place;
use crate::{
    docker::{container::INSTANCE_DIR, instance::Running, testbed::DockerTestbed},
    fault::{FillDisk, has_no_disk},
    helper::{Duty, FULL, Outcome, Step},
    role::Instance,
};

#[async_trait]
impl FillDisk for DockerTestbed {
    async fn fill(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let mut all = self.faults.in_force.lock().await;
        let in_force = all.entry(instance.id.clone()).or_default();
        ensure!(in_force.ballast.is_none(), "the disk of {} is full already", instance.id);
        let place = volume(&running)?;
        let helper = self.faults.help(place, Duty::TakeDisk(INSTANCE_DIR.into())).await?;
        match helper.first_line().await {
            Ok(line) if line == FULL => in_force.ballast = Some(helper),
            said => {
                self.faults.dismiss(&helper).await?;
                bail!("fill the disk of {}: a helper said {said:?}", instance.id);
            }
        }
        Ok(())
    }

    async fn free(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        let mut all = self.faults.in_force.lock().await;
        let ballast = all.get_mut(&instance.id).and_then(|in_force| in_force.ballast.take());
        if let Some(helper) = ballast {
            self.faults.dismiss(&helper).await?;
        }
        let steps = vec![Step::LookAtDisk(INSTANCE_DIR.into())];
        let outcomes = self.faults.take(volume(&running)?, steps).await?;
        let is_free = outcomes == [Outcome::IsFull(false)];
        ensure!(is_free, "the own files of {} fill its disk", instance.id);
        Ok(())
    }
}

/// The volume that is the instance's disk; it has the container's name.
fn volume(running: &Running) -> anyhow::Result<Place<'_>> {
    if !running.has_volume {
        return Err(has_no_disk(&running.instance));
    }
    Ok(Place::Volume(&running.container))
}
