//! Pausing: the daemon freezes the container's control group.

use std::time::Duration;

use anyhow::ensure;
use async_trait::async_trait;

use crate::{
    docker::{
        daemon::{Daemon, Refusal},
        instance::Running,
        testbed::DockerTestbed,
    },
    fault::Pause,
    role::Instance,
    wait::{self, Interval},
};

/// How long the daemon may take to see what it did.
const EFFECT: Duration = Duration::from_secs(20);

/// How long a server that is frozen is listened to.
const SILENCE: Duration = Duration::from_millis(200);

#[async_trait]
impl Pause for DockerTestbed {
    async fn pause(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        let api = running.daemon.api().await?;
        api.pause_container(&running.container).await.map_err(Refusal::explain)?;
        becomes_paused(&running.daemon, &running, true).await?;
        let answers = wait::within("silence", SILENCE, running.life.answers()).await;
        ensure!(!answers.unwrap_or(false), "{} is paused and still answers", instance.id);
        Ok(())
    }

    async fn resume(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        let api = running.daemon.api().await?;
        api.unpause_container(&running.container).await.map_err(Refusal::explain)?;
        becomes_paused(&running.daemon, &running, false).await
    }
}

async fn becomes_paused(daemon: &Daemon, running: &Running, wanted: bool) -> anyhow::Result<()> {
    let is_as_wanted = || async {
        let Ok(api) = daemon.api().await else { return false };
        let inspected = api.inspect_container(&running.container, None).await;
        let state = inspected.ok().and_then(|it| it.state);
        state.and_then(|state| state.paused) == Some(wanted)
    };
    let what = format!("{} to {}", running.instance.id, if wanted { "freeze" } else { "go on" });
    Ok(wait::until(&what, EFFECT, Interval::BACKING_OFF, is_as_wanted).await?)
}
