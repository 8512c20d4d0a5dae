//! The private network of a testbed: its instances reach each other, and
//! nothing else.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow, bail};
use bollard::{
    errors::Error,
    models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkDisconnectRequest},
};

use super::{
    daemon::{Daemon, Refusal as _},
    labels,
    subnet::{Subnet, USUAL_POOL, routed},
};
use crate::{
    ledger::{Ledger, Resource},
    target::Unavailable,
};

/// Networks that are tried until one is free.
const N_TRIES: u64 = 64;

/// A testbed's network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) subnet: Subnet,
}

impl Network {
    /// Makes the network; its intent is in the ledger before it exists.
    pub(crate) async fn create(
        daemon: &Daemon,
        ledger: &Ledger,
        name: &str,
        pool: Option<&str>,
    ) -> anyhow::Result<Self> {
        let pool = Subnet::parse(pool.unwrap_or(USUAL_POOL)).context("the pool of networks")?;
        let api = daemon.api().await?;
        if api.inspect_network(name, None).await.is_ok() {
            bail!("there is a network `{name}` already (hint: `cargo xtask gc`)");
        }
        ledger.intend(&[resource(name)])?;
        let taken = routed();
        let candidates = (first_choice(name)..).take(N_TRIES as usize).map(|nth| pool.network(nth));
        for subnet in candidates.filter(|it| !taken.iter().any(|other| other.overlaps(*it))) {
            let request = NetworkCreateRequest {
                name: name.to_owned(),
                driver: Some("bridge".to_owned()),
                internal: Some(true),
                ipam: Some(Ipam {
                    config: Some(vec![IpamConfig {
                        subnet: Some(subnet.to_string()),
                        ..IpamConfig::default()
                    }]),
                    ..Ipam::default()
                }),
                labels: Some(labels::of_run(ledger.label())),
                ..NetworkCreateRequest::default()
            };
            match api.create_network(request).await {
                Ok(created) => {
                    ledger.created(&resource(name).with("id", created.id))?;
                    return Ok(Self { name: name.to_owned(), subnet });
                }
                Err(error) if is_overlap(&error) => {}
                Err(error) => {
                    return Err(error.explain())
                        .with_context(|| format!("make the network {name}"));
                }
            }
        }
        ledger.removed(&resource(name))?;
        Err(anyhow!(Unavailable(format!(
            "no free network in {pool}: {N_TRIES} tried ones overlap with others\n\
             (hint: `docker network ls` shows them; or name another `pool` under [docker] in \
             the environment)"
        ))))
    }
}

/// The ledger's word for a network.
pub(crate) fn resource(name: &str) -> Resource {
    Resource::new("network", name)
}

/// Removes a network that may be gone already, with whatever is attached to it.
pub(crate) async fn remove(daemon: &Daemon, name: &str) -> anyhow::Result<()> {
    let api = daemon.api().await?;
    let removing = |error: Error| error.explain().context(format!("remove the network {name}"));
    match api.remove_network(name).await {
        Ok(()) => return Ok(()),
        Err(error) if error.is_missing() => return Ok(()),
        Err(_) => detach_all(api, name).await.map_err(removing)?,
    }
    match api.remove_network(name).await {
        Err(error) if !error.is_missing() => Err(removing(error)),
        _ => Ok(()),
    }
}

async fn detach_all(api: &bollard::Docker, name: &str) -> Result<(), Error> {
    let network = api.inspect_network(name, None).await?;
    let attached: HashMap<_, _> = network.containers.unwrap_or_default();
    for container in attached.into_keys() {
        let request = NetworkDisconnectRequest { container, force: Some(true) };
        api.disconnect_network(name, request).await?;
    }
    Ok(())
}

/// Runs start at different places of the pool, so that they seldom collide.
fn first_choice(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) >> 16
}

fn is_overlap(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. }
        if message.contains("overlaps") || message.contains("conflicts with network"))
}
