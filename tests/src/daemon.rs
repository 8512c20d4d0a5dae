//! A Docker daemon as a stranger to the harness sees it: what somebody plants
//! there, and whether it is still there later.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    net::SocketAddr,
};

use anyhow::{Context as _, bail};
use bollard::{
    Docker,
    models::{
        ContainerCreateBody, HostConfig, Ipam, IpamConfig, NetworkCreateRequest,
        VolumeCreateRequest,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ListContainersOptionsBuilder,
        ListImagesOptions, ListImagesOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
        RemoveContainerOptionsBuilder, RemoveImageOptions, RemoveVolumeOptions,
        TagImageOptionsBuilder,
    },
};
use futures_util::StreamExt as _;

/// The label that the harness puts on everything of a run.
pub const RUN_LABEL: &str = "io.github.reprise.run";

/// The label that the harness puts on images that outlive runs.
const CACHED_IMAGE_LABEL: &str = "io.github.reprise.image";

/// A connection to the daemon of DOCKER_HOST, or to this machine's.
pub struct Daemon(Docker);

/// A kind of thing in a daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A container.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// An image.
    Image,
}

impl Daemon {
    /// The daemon of DOCKER_HOST, or this machine's.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn connect() -> anyhow::Result<Self> {
        let usual = Docker::connect_with_defaults().context("connect to the Docker daemon")?;
        Ok(Self(usual.negotiate_version().await.context("ask the Docker daemon its version")?))
    }

    /// The daemon at an address such as `unix:///run/docker.sock`.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn at(host: &str) -> anyhow::Result<Self> {
        const LIMIT_S: u64 = 60;
        let there = Docker::connect_with_local(host, LIMIT_S, bollard::API_DEFAULT_VERSION);
        let there = there.with_context(|| format!("connect to {host}"))?;
        Ok(Self(there.negotiate_version().await.with_context(|| format!("ask {host}"))?))
    }

    /// Starts a container that waits, with the run's label and in the network
    /// if they are given. The image is one of the toy's.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_container(
        &self,
        name: &str,
        image: &str,
        run: Option<&str>,
        network: Option<&str>,
    ) -> anyhow::Result<()> {
        let words = ["/bin/toy", "deeds", "--dir", "/tmp", "wait"];
        self.start(name, image, &words, run, network.unwrap_or("none")).await
    }

    /// Starts a server of the toy on the daemon's usual network, from which
    /// there is a way to everywhere; returns its address.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_server(&self, name: &str, image: &str) -> anyhow::Result<SocketAddr> {
        const PORT: u16 = 7000;
        const USUAL: &str = "bridge";
        let listen = format!("0.0.0.0:{PORT}");
        let words = ["/bin/toy", "store", "--listen", &listen, "--dir", "/tmp"];
        self.start(name, image, &words, None, USUAL).await?;
        let networks = self.0.inspect_container(name, None).await?.network_settings;
        let usual = networks.and_then(|it| it.networks?.remove(USUAL));
        let address = usual.and_then(|it| it.ip_address).context("it has no address")?;
        Ok(SocketAddr::new(address.parse().context("read its address")?, PORT))
    }

    async fn start(
        &self,
        name: &str,
        image: &str,
        words: &[&str],
        run: Option<&str>,
        network: &str,
    ) -> anyhow::Result<()> {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(words.iter().map(|word| (*word).to_owned()).collect()),
            labels: Some(labels(run)),
            host_config: Some(HostConfig {
                network_mode: Some(network.to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        self.0.create_container(Some(options), body).await?;
        Ok(self.0.start_container(name, None).await?)
    }

    /// Makes a network that reaches nothing, with the run's label if it is given.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_network(&self, name: &str, run: Option<&str>) -> anyhow::Result<()> {
        self.plant_network_in(name, run, None).await
    }

    /// The same, in this block of addresses.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_network_in(
        &self,
        name: &str,
        run: Option<&str>,
        subnet: Option<&str>,
    ) -> anyhow::Result<()> {
        let config = subnet
            .map(|subnet| IpamConfig { subnet: Some(subnet.to_owned()), ..IpamConfig::default() });
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            internal: Some(true),
            ipam: config.map(|config| Ipam { config: Some(vec![config]), ..Ipam::default() }),
            labels: Some(labels(run)),
            ..NetworkCreateRequest::default()
        };
        self.0.create_network(request).await?;
        Ok(())
    }

    /// Makes a volume, with the run's label if it is given.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_volume(&self, name: &str, run: Option<&str>) -> anyhow::Result<()> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels(run)),
            ..VolumeCreateRequest::default()
        };
        self.0.create_volume(request).await?;
        Ok(())
    }

    /// Imports an image of no files under a name such as `somebodys/thing:1`.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn plant_image(&self, name: &str) -> anyhow::Result<()> {
        // Two blocks of zeros are the end of an archive, here also its beginning.
        let nothing = vec![0_u8; 1024];
        let (repository, tag) = name.split_once(':').context("a name has a tag")?;
        let options =
            CreateImageOptionsBuilder::new().from_src("-").repo(repository).tag(tag).build();
        let body = bollard::body_full(nothing.into());
        let mut progress = Box::pin(self.0.create_image(Some(options), Some(body), None));
        while let Some(step) = progress.next().await {
            step.with_context(|| format!("import {name}"))?;
        }
        Ok(())
    }

    /// Whether it is there, whatever its state.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn has(&self, kind: Kind, name: &str) -> anyhow::Result<bool> {
        let found = match kind {
            Kind::Container => self.0.inspect_container(name, None).await.map(|_| ()),
            Kind::Network => self.0.inspect_network(name, None).await.map(|_| ()),
            Kind::Volume => self.0.inspect_volume(name).await.map(|_| ()),
            Kind::Image => self.0.inspect_image(name).await.map(|_| ()),
        };
        match found {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("look at the {kind} {name}")),
        }
    }

    /// Removes it, if it is there.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn remove(&self, kind: Kind, name: &str) -> anyhow::Result<()> {
        let removed = match kind {
            Kind::Container => {
                let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                self.0.remove_container(name, Some(options)).await
            }
            Kind::Network => self.0.remove_network(name).await,
            Kind::Volume => self.0.remove_volume(name, None::<RemoveVolumeOptions>).await,
            Kind::Image => {
                self.0.remove_image(name, None::<RemoveImageOptions>, None).await.map(|_| ())
            }
        };
        match removed {
            Err(error) if !is_missing(&error) => {
                Err(error).with_context(|| format!("remove the {kind} {name}"))
            }
            _ => Ok(()),
        }
    }

    /// The newest image that the harness has made of a program and kept.
    ///
    /// # Errors
    /// What the daemon says, or if there is none.
    pub async fn cached_image(&self, program: &str) -> anyhow::Result<String> {
        let of_program = HashMap::from([
            ("label", vec![CACHED_IMAGE_LABEL.to_owned()]),
            ("reference", vec![format!("reprise/{program}")]),
        ]);
        let options = ListImagesOptionsBuilder::new().filters(&of_program).build();
        let images = self.0.list_images(Some(options)).await?;
        let name = images.into_iter().flat_map(|image| image.repo_tags).next();
        name.with_context(|| format!("the harness has made no image of {program}"))
    }

    /// Whether the container runs.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn is_running(&self, container: &str) -> anyhow::Result<bool> {
        let state = self.0.inspect_container(container, None).await?.state;
        Ok(state.and_then(|state| state.running).unwrap_or_default())
    }

    /// Gives an image another name.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn tag(&self, image: &str, name: &str) -> anyhow::Result<()> {
        let (repository, tag) = name.split_once(':').context("a name has a tag")?;
        let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
        Ok(self.0.tag_image(image, Some(options)).await?)
    }

    /// Everything in the daemon, each with its identity, but for what carries
    /// the label of a run that is not among `runs`, and for cached images: both
    /// are somebody else's affair.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn census(&self, runs: &[String]) -> anyhow::Result<BTreeSet<String>> {
        let all = self.everything().await?.into_iter();
        let counted = all.filter(|(run, _)| run.as_ref().is_none_or(|run| runs.contains(run)));
        Ok(counted.map(|(_, what)| what).collect())
    }

    /// Everything that carries the label of a run.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn labelled(&self, run: &str) -> anyhow::Result<Vec<String>> {
        let all = self.everything().await?.into_iter();
        let labelled = all.filter(|(label, _)| label.as_deref() == Some(run));
        Ok(labelled.map(|(_, what)| what).collect())
    }

    /// Everything but cached images, each with the run that it is labelled with.
    async fn everything(&self) -> anyhow::Result<Vec<(Option<String>, String)>> {
        let everything = ListContainersOptionsBuilder::new().all(true).build();
        let containers = self.0.list_containers(Some(everything)).await?;
        let networks = self.0.list_networks(None::<ListNetworksOptions>).await?;
        let volumes = self.0.list_volumes(None::<ListVolumesOptions>).await?;
        let images = self.0.list_images(None::<ListImagesOptions>).await?;
        let containers = containers.into_iter().map(|it| {
            let names = it.names.unwrap_or_default().join(" ");
            (it.labels, format!("container {names} {}", it.id.unwrap_or_default()))
        });
        let networks = networks.into_iter().map(|it| {
            let (name, id) = (it.name.unwrap_or_default(), it.id.unwrap_or_default());
            (it.labels, format!("network {name} {id}"))
        });
        let volumes = volumes.volumes.into_iter().flatten();
        let volumes = volumes.map(|it| (Some(it.labels), format!("volume {}", it.name)));
        let images = images.into_iter().filter(|it| !it.labels.contains_key(CACHED_IMAGE_LABEL));
        let images = images.map(|it| (Some(it.labels), format!("image {}", it.id)));
        let all = containers.chain(networks).chain(volumes).chain(images);
        Ok(all
            .map(|(labels, what)| (labels.and_then(|mut it| it.remove(RUN_LABEL)), what))
            .collect())
    }

    /// The name of the network of a run, which has exactly one.
    ///
    /// # Errors
    /// What the daemon says, or if the run has none or several.
    pub async fn network_of(&self, run: &str) -> anyhow::Result<String> {
        let networks = self.0.list_networks(None::<ListNetworksOptions>).await?;
        let is_its = |labels: &HashMap<String, String>| {
            labels.get(RUN_LABEL).is_some_and(|label| label == run)
        };
        let own = networks.into_iter().filter(|it| it.labels.as_ref().is_some_and(is_its));
        let names: Vec<_> = own.filter_map(|it| it.name).collect();
        let [name] = names.as_slice() else { bail!("run {run} has the networks {names:?}") };
        Ok(name.clone())
    }

    /// Whether the daemon lets nothing out of the network.
    ///
    /// # Errors
    /// What the daemon says.
    pub async fn is_internal(&self, network: &str) -> anyhow::Result<bool> {
        Ok(self.0.inspect_network(network, None).await?.internal.unwrap_or_default())
    }

    /// The ports of this machine at which containers of a run are reached.
    ///
    /// # Errors
    /// What the daemon says, or if the run has no container.
    pub async fn published_ports(&self, run: &str) -> anyhow::Result<Vec<u16>> {
        let of_run = HashMap::from([("label", vec![format!("{RUN_LABEL}={run}")])]);
        let options = ListContainersOptionsBuilder::new().filters(&of_run).build();
        let containers = self.0.list_containers(Some(options)).await?;
        anyhow::ensure!(!containers.is_empty(), "run {run} has no container");
        let ports = containers.into_iter().filter_map(|it| it.ports).flatten();
        Ok(ports.filter_map(|port| port.public_port).collect())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Image => "image",
        })
    }
}

fn labels(run: Option<&str>) -> HashMap<String, String> {
    run.map(|run| (RUN_LABEL.to_owned(), run.to_owned())).into_iter().collect()
}

fn is_missing(error: &bollard::errors::Error) -> bool {
    use bollard::errors::Error::DockerResponseServerError;
    matches!(error, DockerResponseServerError { status_code: 404, .. })
}
