//! What somebody else attaches to the network of a testbed.

use anyhow::{Context as _, ensure};
use bollard::{
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder},
};
use libtest_mimic::Trial;
use targets::{audit::Listing, role::Instance, target::Target as _};

use crate::{
    faults::{peer, started},
    support::{Run, api, test},
};

pub(crate) fn tests() -> Vec<Trial> {
    vec![test("a_container_that_somebody_attached_is_named_and_let_alone", guest)]
}

async fn guest() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let before = run.target.listing(&run.label).await?;
    let testbed = run.testbed().await?;
    let host = started(testbed.as_ref(), &peer()?).await?;
    let guest = attach(&run, &host).await?;
    // Also if it fails, the guest has to go.
    let torn_down = testbed.tear_down().await;
    let after = run.target.listing(&run.label).await;
    let inspected = api()?.inspect_container(&guest, None).await;
    let force = RemoveContainerOptionsBuilder::new().force(true).build();
    api()?.remove_container(&guest, Some(force)).await?;
    torn_down?;
    let leaks = Listing::compare(&before, &after?).leaks;
    let is_running = inspected?.state.and_then(|state| state.running);
    ensure!(is_running == Some(true), "it was not ours to stop");
    let [leak] = leaks.as_slice() else { anyhow::bail!("{leaks:?}") };
    let named = leak.to_string().replace(run.label.as_str(), "LABEL");
    let named = named.split("-t").next().unwrap_or_default();
    insta::assert_snapshot!(named, @"guest `somebodys-LABEL` of somebody who attached it to the trial's network reprise-LABEL");
    run.target.remove(&run.label, &leak.resource).await?;
    run.ledger.close()
}

/// A container without any label, in the network of this instance.
async fn attach(run: &Run, host: &Instance) -> anyhow::Result<String> {
    let inspected = run.inspect(host).await?;
    let networks = inspected.network_settings.and_then(|settings| settings.networks);
    let network = networks.into_iter().flatten().map(|(name, _)| name).next();
    let program = inspected.config.and_then(|config| config.cmd?.into_iter().next());
    let program = program.context("the instance runs a program")?;
    let words = [program.as_str(), "toy", "peer", "0.0.0.0:7000"];
    let body = ContainerCreateBody {
        image: inspected.image,
        cmd: Some(words.map(str::to_owned).to_vec()),
        entrypoint: Some(vec![]),
        host_config: Some(HostConfig { network_mode: network, ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    let name = format!("somebodys-{}", run.label);
    let options = CreateContainerOptionsBuilder::new().name(&name).build();
    let made = api()?.create_container(Some(options), body).await?;
    api()?.start_container(&made.id, None).await.context("start the guest")?;
    Ok(made.id)
}
