//! The private network of a testbed: its instances reach each other, and
//! nothing else.

use anyhow::{Context as _, anyhow, bail};
use bollard::{
    errors::Error,
    models::{Ipam, IpamConfig, NetworkCreateRequest, NetworkDisconnectRequest},
};

use super::{
    daemon::{Daemon, Refusal as _},
    labels, remove,
    subnet::{Subnet, USUAL_POOL, routed},
};
use crate::{
    label::RunLabel,
    ledger::{Ledger, Resource},
    target::Unavailable,
};

/// Networks that are tried until one is free.
const N_TRIES: u64 = 64;

/// A testbed's network.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) name: String,
    /// The daemon's id of it. Names of networks need not be unique.
    pub(crate) id: String,
    pub(crate) subnet: Subnet,
}

/// A container that somebody else attached to a testbed's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guest {
    /// The daemon's id of the endpoint, which nothing else ever has.
    pub(crate) endpoint: String,
    /// The container's name.
    pub(crate) container: String,
    /// The name of the network.
    pub(crate) network: String,
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
        let resource = resource(name);
        if remove::look(daemon, &resource).await?.is_some() {
            bail!("there is a network `{name}` already (hint: `cargo xtask gc`)");
        }
        ledger.intend(std::slice::from_ref(&resource))?;
        match Self::create_in(daemon, ledger, name, pool).await {
            Ok(network) => {
                ledger.created(&resource.with("id", network.id.as_str()))?;
                Ok(network)
            }
            Err(error) => {
                // What cannot be removed now stays in the ledger.
                if remove::remove(daemon, ledger.label(), &resource).await.is_ok() {
                    ledger.removed(&resource)?;
                }
                Err(error)
            }
        }
    }

    /// Makes it of the first block of the pool that is free.
    async fn create_in(
        daemon: &Daemon,
        ledger: &Ledger,
        name: &str,
        pool: Subnet,
    ) -> anyhow::Result<Self> {
        let api = daemon.api().await?;
        let taken = routed();
        let candidates = (first_choice(name)..).take(N_TRIES as usize).map(|nth| pool.network(nth));
        for subnet in candidates.filter(|it| !taken.iter().any(|other| other.overlaps(*it))) {
            match api.create_network(request(name, subnet, ledger.label())).await {
                Ok(created) => return Ok(Self { name: name.to_owned(), id: created.id, subnet }),
                Err(error) if is_overlap(&error) => {}
                Err(error) => {
                    return Err(error.explain())
                        .with_context(|| format!("make the network {name}"));
                }
            }
        }
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

fn request(name: &str, subnet: Subnet, label: &RunLabel) -> NetworkCreateRequest {
    let config = IpamConfig { subnet: Some(subnet.to_string()), ..IpamConfig::default() };
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        internal: Some(true),
        ipam: Some(Ipam { config: Some(vec![config]), ..Ipam::default() }),
        labels: Some(labels::of_run(label)),
        ..NetworkCreateRequest::default()
    }
}

/// Removes a network of this run that may be gone already. Whatever is attached
/// to it is detached, and what of that is not the run's is returned.
pub(crate) async fn remove(
    daemon: &Daemon,
    id: &str,
    label: &RunLabel,
) -> anyhow::Result<Vec<Guest>> {
    let api = daemon.api().await?;
    let removing = |error: Error| error.explain().context(format!("remove the network {id}"));
    let network = match api.inspect_network(id, None).await {
        Err(error) if error.is_missing() => return Ok(vec![]),
        outcome => outcome.map_err(removing)?,
    };
    let mut guests = Vec::new();
    for (container, endpoint) in network.containers.into_iter().flatten() {
        if !is_of(api, &container, label).await {
            guests.push(Guest {
                endpoint: endpoint.endpoint_id.unwrap_or_default(),
                container: endpoint.name.unwrap_or_else(|| container.clone()),
                network: network.name.clone().unwrap_or_default(),
            });
        }
        let request = NetworkDisconnectRequest { container, force: Some(true) };
        // It may have left by now; if it has not, the removal says so.
        let _ = api.disconnect_network(id, request).await;
    }
    match api.remove_network(id).await {
        Err(error) if !error.is_missing() => Err(removing(error)),
        _ => Ok(guests),
    }
}

/// Whether a container carries the run's label. One that is gone does not
/// matter any more.
async fn is_of(api: &bollard::Docker, container: &str, label: &RunLabel) -> bool {
    match api.inspect_container(container, None).await {
        Ok(inspected) => {
            let labels = inspected.config.and_then(|config| config.labels);
            labels::run(labels.as_ref()).as_ref() == Some(label)
        }
        Err(error) => error.is_missing(),
    }
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

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        http::{Method, StatusCode, Uri},
    };

    use super::*;
    use crate::{ledger::Contents, registry::Registry, settings::DockerSettings};

    /// A daemon that refuses to make anything, and has nothing.
    async fn refusing_daemon() -> Daemon {
        let answer = async |method: Method, uri: Uri| match (method, uri.path()) {
            (Method::GET, path) if path.ends_with("/version") => {
                (StatusCode::OK, r#"{"ApiVersion": "1.41", "Version": "20.10"}"#)
            }
            (Method::POST, _) => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message": "no"}"#),
            _ => (StatusCode::NOT_FOUND, r#"{"message": "no such thing"}"#),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = Some(format!("tcp://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Daemon::new(&DockerSettings { host, pool: None })
    }

    #[tokio::test]
    async fn a_network_that_the_daemon_refused_is_not_outstanding() {
        let dir = tempfile::tempdir().unwrap();
        let (label, path) = (RunLabel::from_bits(1 << 16), dir.path().join("ledger.jsonl"));
        let registry = Registry::in_dir(dir.path());
        let ledger = Ledger::create(&path, &label, "docker", &registry).unwrap();
        let daemon = refusing_daemon().await;
        let error = Network::create(&daemon, &ledger, "reprise-x", None).await.unwrap_err();
        insta::assert_snapshot!(format!("{error:#}"), @"make the network reprise-x: the Docker daemon says: no");
        assert_eq!(Contents::read(&path).unwrap().outstanding, []);
        ledger.close().unwrap();
    }
}
