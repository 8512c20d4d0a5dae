//! What a container of an instance is made of.

use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, SocketAddr},
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, Mount, MountType,
    MountVolumeOptions, MountVolumeOptionsDriverConfig, NetworkingConfig,
};

use super::{
    image::Image,
    labels::{self, INSTANCE},
    logs,
    network::Network,
};
use crate::{
    label::RunLabel,
    placeholders::Values,
    role::{Program, Resources, RoleSpec},
};

/// The directory `{dir}` of an instance, in its container.
pub(crate) const INSTANCE_DIR: &str = "/reprise";

/// The mode of that directory: everybody may write to it, but only the owner of
/// a file remove it.
pub(crate) const INSTANCE_DIR_MODE: u32 = 0o1777;

/// The port of a role's first name; containers do not share ports.
const FIRST_PORT: u16 = 7000;

/// Everything that is decided about a container before it is created.
#[derive(Debug)]
pub(crate) struct Blueprint {
    /// Unique in the daemon.
    pub(crate) name: String,
    /// Unique in the testbed; the container's host name.
    pub(crate) id: String,
    pub(crate) image: Image,
    /// What to run; the image's own command if there is none.
    words: Option<Vec<String>>,
    environment: BTreeMap<String, String>,
    inputs: Vec<PathBuf>,
    resources: Resources,
    address: Ipv4Addr,
    network: String,
}

/// Where a new instance is put.
pub(crate) struct Place<'a> {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) image: Image,
    pub(crate) network: &'a Network,
    pub(crate) address: Ipv4Addr,
}

/// Where each named port of an instance with this address is reached.
pub(crate) fn addresses(ports: &[String], address: Ipv4Addr) -> BTreeMap<String, SocketAddr> {
    let numbers = FIRST_PORT..;
    ports.iter().cloned().zip(numbers.map(|port| (address, port).into())).collect()
}

impl Blueprint {
    /// Fills the role's placeholders in for this place.
    pub(crate) fn draw(spec: &RoleSpec, place: Place<'_>) -> anyhow::Result<Self> {
        let addresses = addresses(&spec.ports, place.address);
        let values = Values { addresses: &addresses, dir: Path::new(INSTANCE_DIR) };
        for input in &spec.inputs {
            // In a container the directories before a `..` need not exist.
            ensure!(
                input.is_absolute() && !input.components().any(|part| part == Component::ParentDir),
                "the role `{}` reads {} (hint: name it by an absolute path without `..`)",
                spec.role,
                input.display()
            );
        }
        let of_role = || format!("the command of the role `{}`", spec.role);
        let words = match words(&spec.program, &place.image) {
            Some(words) if words.is_empty() => {
                bail!("{} is empty (hint: name a program)", of_role())
            }
            Some(words) => {
                let filled = words.iter().map(|word| values.fill(word));
                Some(filled.collect::<anyhow::Result<_>>().with_context(of_role)?)
            }
            None => None,
        };
        let mut environment = BTreeMap::from(
            [("TMPDIR", INSTANCE_DIR), ("LANG", "C.UTF-8")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (variable, value) in &spec.env {
            let value = values.fill(value).with_context(|| format!("the variable {variable}"))?;
            environment.insert(variable.clone(), value);
        }
        Ok(Self {
            name: place.name,
            id: place.id,
            image: place.image,
            words,
            environment,
            inputs: spec.inputs.clone(),
            resources: spec.resources,
            address: place.address,
            network: place.network.name.clone(),
        })
    }

    /// The request that creates it.
    pub(crate) fn request(&self, label: &RunLabel, instance: &str) -> ContainerCreateBody {
        let mut labels = labels::of_run(label);
        labels.insert(INSTANCE.to_owned(), instance.to_owned());
        let variables = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
        ContainerCreateBody {
            hostname: Some(self.id.clone()),
            image: Some(self.image.id.clone()),
            // An empty entry point takes the image's own away.
            entrypoint: self.words.as_ref().map(|_| vec![]),
            cmd: self.words.clone(),
            env: Some(variables.collect()),
            labels: Some(labels),
            host_config: Some(self.host_config(label)),
            networking_config: Some(NetworkingConfig {
                endpoints_config: Some(HashMap::from([(self.network.clone(), self.endpoint())])),
            }),
            ..ContainerCreateBody::default()
        }
    }

    /// Whether its directory is a volume of its own, because it is limited.
    pub(crate) fn has_volume(&self) -> bool {
        self.resources.disk_bytes.is_some()
    }

    fn endpoint(&self) -> EndpointSettings {
        EndpointSettings {
            ipam_config: Some(EndpointIpamConfig {
                ipv4_address: Some(self.address.to_string()),
                ..EndpointIpamConfig::default()
            }),
            aliases: Some(vec![self.id.clone()]),
            ..EndpointSettings::default()
        }
    }

    fn host_config(&self, label: &RunLabel) -> HostConfig {
        let memory = self.resources.memory_bytes.map(u64::cast_signed);
        let volume = self.resources.disk_bytes.map(|n_bytes| self.volume(label, n_bytes));
        HostConfig {
            network_mode: Some(self.network.clone()),
            memory,
            // As much with swap as without: what is limited must not swap.
            memory_swap: memory,
            nano_cpus: self.resources.cpus.map(|cpus| (cpus * 1e9) as i64),
            log_config: Some(logs::readable()),
            mounts: Some(self.inputs.iter().map(|path| input(path)).chain(volume).collect()),
            // A first process that has no handler gets no signal at all: it
            // would neither leave when asked nor die of its own crash.
            init: Some(true),
            ..HostConfig::default()
        }
    }

    /// A volume in memory, because only there can its size be limited on every
    /// file system.
    fn volume(&self, label: &RunLabel, n_bytes: u64) -> Mount {
        let options = [("type", "tmpfs"), ("device", "tmpfs"), ("o", &format!("size={n_bytes}"))]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Mount {
            target: Some(INSTANCE_DIR.to_owned()),
            source: Some(self.name.clone()),
            typ: Some(MountType::VOLUME),
            volume_options: Some(MountVolumeOptions {
                labels: Some(labels::of_run(label)),
                driver_config: Some(MountVolumeOptionsDriverConfig {
                    name: Some("local".to_owned()),
                    options: Some(HashMap::from(options)),
                }),
                ..MountVolumeOptions::default()
            }),
            ..Mount::default()
        }
    }
}

/// An input, read-only, where it is on this machine.
fn input(path: &Path) -> Mount {
    let path = path.display().to_string();
    Mount {
        target: Some(path.clone()),
        source: Some(path),
        typ: Some(MountType::BIND),
        read_only: Some(true),
        ..Mount::default()
    }
}

/// What is run in the container; `None` for the image's own command. In an
/// image that was assembled here the program lies where the image says.
fn words(program: &Program, image: &Image) -> Option<Vec<String>> {
    let args = match program {
        Program::Own { args, .. } => args,
        Program::Command { words, .. } => words.get(1..)?,
        Program::Image { words, .. } => return words.clone(),
    };
    Some(image.executable.iter().chain(args).cloned().collect())
}
