//! Delaying: by the kernel's network emulator where it has one, else by a proxy
//! in the instance's network namespace.

use std::time::Duration;

use anyhow::{bail, ensure};
use async_trait::async_trait;

use super::{
    helper::{Helper, Place},
    network::Location,
    shape::Shape,
    state::{Faults, InForce},
    tools::Tool,
};
use crate::{
    docker::{instance::Running, testbed::DockerTestbed},
    fault::{Delay, Means},
    helper::{Duty, LISTENING, Step},
    proxy::{Answer, CONTROL_PORT, INCOMING_PORT, MARK, OUTGOING_PORT, Question, ask},
    role::Instance,
};

/// What `tc` says of a kernel without the emulator.
const UNKNOWN_KIND: [&str; 2] = ["qdisc kind is unknown", "No such file or directory"];

/// A proxy that is there, and the delay that it is for; none once it is undone.
#[derive(Debug)]
pub(super) struct Proxied {
    pub(super) helper: Helper,
    pub(super) one_way: Option<Duration>,
}

#[async_trait]
impl Delay for DockerTestbed {
    async fn delay(&self, instance: &Instance, one_way: Duration) -> anyhow::Result<Means> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        let mut all = self.faults.in_force.lock().await;
        let in_force = all.entry(instance.id.clone()).or_default();
        let shape = Shape { one_way: Some(one_way), ..in_force.shape };
        match self.faults.shape(&running, shape).await {
            Ok(()) => {
                in_force.shape = shape;
                return Ok(Means::Netem);
            }
            Err(error) => {
                let complaint = format!("{error:#}");
                if !UNKNOWN_KIND.iter().any(|text| complaint.contains(text)) {
                    return Err(error);
                }
            }
        }
        // The attempt took the limit away.
        if in_force.shape != Shape::default() {
            self.faults.shape(&running, in_force.shape).await?;
        }
        self.faults.delay_by_proxy(&running, in_force, one_way).await?;
        Ok(Means::Proxy)
    }

    async fn undelay(&self, instance: &Instance) -> anyhow::Result<()> {
        let running = self.find(instance)?;
        running.expect_alive()?;
        let mut all = self.faults.in_force.lock().await;
        let in_force = all.entry(instance.id.clone()).or_default();
        if let Some(proxied) = &mut in_force.proxied {
            // The proxy stays: connections that go through it would break.
            self.faults.undelay_by_proxy(&running).await?;
            proxied.one_way = None;
        }
        if in_force.shape.one_way.is_some() {
            let shape = Shape { one_way: None, ..in_force.shape };
            self.faults.shape(&running, shape).await?;
            in_force.shape = shape;
        }
        Ok(())
    }
}

impl Faults {
    /// Delays by a proxy, which is started on first need.
    pub(super) async fn delay_by_proxy(
        &self,
        running: &Running,
        in_force: &mut InForce,
        one_way: Duration,
    ) -> anyhow::Result<()> {
        let location = self.locate(running).await?;
        if in_force.proxied.is_none() {
            let helper = self.start_proxy(running).await?;
            in_force.proxied = Some(Proxied { helper, one_way: None });
        }
        let delay_us = u64::try_from(one_way.as_micros()).unwrap_or(u64::MAX);
        self.set(running, location, delay_us).await?;
        let rules = Step::Run(Tool::Nft.words(&[&redirect_all()])?);
        self.take(Place::NetworkOf(&running.container), vec![rules]).await?;
        match look(location, delay_us).await? {
            Answer::TookUs(took_us) if took_us >= delay_us => {}
            answer => bail!("{} ought to be delayed: {answer:?}", running.instance.id),
        }
        let proxied = in_force.proxied.as_mut();
        proxied.expect("it was made above").one_way = Some(one_way);
        Ok(())
    }

    async fn undelay_by_proxy(&self, running: &Running) -> anyhow::Result<()> {
        let location = self.locate(running).await?;
        let rules = Step::Run(Tool::Nft.words(&[&redirect_none()])?);
        self.take(Place::NetworkOf(&running.container), vec![rules]).await?;
        self.set(running, location, 0).await?;
        let answer = look(location, 0).await?;
        let id = &running.instance.id;
        ensure!(answer == Answer::Direct, "{id} ought not to be delayed: {answer:?}");
        Ok(())
    }

    async fn start_proxy(&self, running: &Running) -> anyhow::Result<Helper> {
        let helper = self.help(Place::NetworkOf(&running.container), Duty::Proxy).await?;
        match helper.first_line().await {
            Ok(line) if line == LISTENING => Ok(helper),
            said => {
                self.dismiss(&helper).await?;
                bail!("start the proxy of {}: it said {said:?}", running.instance.id)
            }
        }
    }

    async fn set(&self, running: &Running, at: Location, delay_us: u64) -> anyhow::Result<()> {
        let answer = ask(at.address, &Question::DelayUs(delay_us)).await?;
        ensure!(answer == Answer::Done, "the proxy of {} said {answer:?}", running.instance.id);
        Ok(())
    }
}

async fn look(at: Location, delay_us: u64) -> anyhow::Result<Answer> {
    ask(at.address, &Question::Look { neighbour: at.neighbour(), delay_us }).await
}

/// Leads every TCP connection to and from others through the proxy, except its
/// own.
fn redirect_all() -> String {
    let out = format!(
        "add chain ip reprise_delay out {{ type nat hook output priority -100 ; }}; \
         add rule ip reprise_delay out meta mark {MARK:#x} return; \
         add rule ip reprise_delay out oifname lo return; \
         add rule ip reprise_delay out meta l4proto tcp redirect to :{OUTGOING_PORT}"
    );
    let within = format!(
        "add chain ip reprise_delay in {{ type nat hook prerouting priority -100 ; }}; \
         add rule ip reprise_delay in iifname lo return; \
         add rule ip reprise_delay in tcp dport {CONTROL_PORT}-{INCOMING_PORT} return; \
         add rule ip reprise_delay in meta l4proto tcp redirect to :{INCOMING_PORT}"
    );
    format!("add table ip reprise_delay; flush table ip reprise_delay; {out}; {within}")
}

fn redirect_none() -> String {
    "add table ip reprise_delay; delete table ip reprise_delay".to_owned()
}
