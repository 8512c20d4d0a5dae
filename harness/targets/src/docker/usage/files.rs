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
    usage::InterfaceBytes,
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
        let (received_bytes, sent_bytes) = sum_of_interfaces(&text)?;
        Some(InterfaceBytes { sent_bytes, received_bytes, source: "proc-net-dev".to_owned() })
    }
}

/// The bytes received and sent at all interfaces but loopback, in the text of
/// a /proc/PID/net/dev; `None` if there is no such interface.
fn sum_of_interfaces(text: &str) -> Option<(u64, u64)> {
    let bytes = |line: &str| {
        let (name, counts) = line.split_once(':')?;
        let counts: Vec<u64> = counts.split_whitespace().map_while(|n| n.parse().ok()).collect();
        // Eight columns for what was received, and then those for what was sent.
        (name.trim() != "lo").then_some((*counts.first()?, *counts.get(8)?))
    };
    let add = |sum: (u64, u64), one: (u64, u64)| (sum.0 + one.0, sum.1 + one.1);
    text.lines().filter_map(bytes).reduce(add)
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerState, HostConfig};

    use super::*;

    const NET_DEV: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    2222      10    0    0    0     0          0         0     2222      10    0    0    0     0       0          0
  eth0:    1042      15    0    0    0     0          0         0   104857     700    0    0    0     0       0          0
";

    #[test]
    fn loopback_is_no_traffic_of_the_container() {
        assert_eq!(sum_of_interfaces(NET_DEV), Some((1042, 104_857)));
    }

    #[test]
    fn a_second_interface_counts_too() {
        let two = format!("{NET_DEV}  eth1: 8 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n");
        assert_eq!(sum_of_interfaces(&two), Some((1050, 104_864)));
    }

    #[test]
    fn a_container_without_network_has_no_bytes() {
        let alone: String = NET_DEV.lines().take(3).map(|line| format!("{line}\n")).collect();
        assert_eq!(sum_of_interfaces(&alone), None);
    }

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
