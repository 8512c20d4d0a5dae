//! The kernel's own files about a container, where this machine can read them.

use std::{
    fs::File,
    io::{Read as _, Seek as _},
};

use bollard::models::ContainerInspectResponse;

use super::reading::Reading;
use crate::{
    cgroup::{Hierarchy, group::Group},
    process::Incarnation,
    usage::{InterfaceBytes, net_dev},
};

/// The files of one life of a container.
#[derive(Debug)]
pub(crate) struct Files {
    group: Group,
    pub(crate) first_process: Incarnation,
    /// Its /proc/PID/net/dev. Held open it outlives the process by a moment, in
    /// which the last bytes are still to be read. Absent where the network is
    /// the machine's.
    net_dev: Option<File>,
}

impl Files {
    /// Looks for them by the container's first process; `None` where the daemon
    /// runs elsewhere, so that the id is a stranger's, or hides them.
    pub(crate) fn find(inspected: &ContainerInspectResponse) -> Option<Self> {
        let container = inspected.id.as_deref().filter(|id| !id.is_empty())?;
        let pid = u32::try_from(inspected.state.as_ref()?.pid?).ok().filter(|pid| *pid > 0)?;
        let first_process = Incarnation::of(pid).ok()??;
        let group = Group::holding(pid, container, &Hierarchy::mounted());
        let host = inspected.host_config.as_ref();
        let has_own_network = host?.network_mode.as_deref() != Some("host");
        let net_dev = has_own_network.then(|| File::open(format!("/proc/{pid}/net/dev")).ok());
        // The id may have become a stranger's before the file was opened.
        first_process.stat()?;
        let files = Self { group, first_process, net_dev: net_dev.flatten() };
        let Reading { cpu, memory_bytes, .. } = files.read();
        (cpu.is_some() && memory_bytes.is_some()).then_some(files)
    }

    pub(crate) fn read(&self) -> Reading {
        Reading {
            cpu: self.group.cpu(),
            memory_bytes: self.group.working_set_bytes(),
            charged_peak_bytes: self.group.memory_peak_bytes(),
            interface: self.interface(),
        }
    }

    fn interface(&self) -> Option<InterfaceBytes> {
        let mut net_dev = self.net_dev.as_ref()?;
        let mut text = String::new();
        net_dev.rewind().and_then(|()| net_dev.read_to_string(&mut text)).ok()?;
        let (received_bytes, sent_bytes) = net_dev::sum(&text, net_dev::is_not_loopback)?;
        Some(InterfaceBytes { sent_bytes, received_bytes, source: "proc-net-dev".to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerState, HostConfig};

    use super::*;

    #[test]
    fn a_process_that_is_not_in_the_container_is_not_taken_for_it() {
        let inspected = ContainerInspectResponse {
            id: Some("0123456789abcdef".repeat(4)),
            state: Some(ContainerState {
                pid: Some(std::process::id().into()),
                ..ContainerState::default()
            }),
            host_config: Some(HostConfig::default()),
            ..ContainerInspectResponse::default()
        };
        assert!(Files::find(&inspected).is_none());
    }
}
