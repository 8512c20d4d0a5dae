//! One reading of a host's counters: everything that runs on it is in them.

use std::fs;

use anyhow::Context as _;
use serde::Serialize;

use super::kernel::{Processors, Transfer, memory_used_bytes, processors, written_bytes};
use crate::usage::net_dev;

/// The counters of one host since it was started, and its memory now. They are
/// those of `psutil`, with which the systems of many papers bill themselves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostReading {
    /// The host's name.
    pub host: String,
    /// Processor time, summed over the processors.
    #[serde(flatten)]
    pub processors: Processors,
    /// Bytes at all network interfaces, loopback too: what two processes of the
    /// host say to each other is sent and received, what a container sends is
    /// received by the host, and by each interface on its way.
    #[serde(flatten)]
    pub network: Transfer,
    /// Bytes written to its disks.
    pub disk_written_bytes: u64,
    /// Memory that is not available to a new process without swapping.
    pub memory_used_bytes: u64,
}

impl HostReading {
    /// Reads this machine's.
    ///
    /// # Errors
    /// If the kernel does not show them.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        let (received_bytes, sent_bytes) = read("/proc/net/dev", |text| {
            net_dev::sum(text, |_| true).context("no network interface")
        })?;
        Ok(Self {
            host: this_machine()?,
            processors: read("/proc/stat", |text| processors(text).context("no line `cpu`"))?,
            network: Transfer { sent_bytes, received_bytes },
            disk_written_bytes: read("/proc/diskstats", |text| Ok(written_bytes(text, is_disk)))?,
            memory_used_bytes: read("/proc/meminfo", |text| {
                memory_used_bytes(text).context("no line `MemAvailable`")
            })?,
        })
    }
}

/// This machine's name in its network.
pub(crate) fn this_machine() -> anyhow::Result<String> {
    read("/proc/sys/kernel/hostname", |name| Ok(name.trim().to_owned()))
}

/// Whether a block device is a disk, and no part or arrangement of disks: bytes
/// on the way to a disk through those would count twice.
fn is_disk(device: &str) -> bool {
    fs::exists(format!("/sys/block/{device}/device")).unwrap_or(false)
}

fn read<T>(path: &str, parse: impl FnOnce(&str) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("read {path}"))?;
    parse(&text).with_context(|| format!("read {path}"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn a_hosts_counters_see_what_a_process_of_it_does() {
        let n_bytes = 3_000_000;
        let before = HostReading::of_this_machine().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let receiver = std::thread::spawn(move || {
            let mut all = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut all).unwrap();
            all.len()
        });
        sender.write_all(&vec![1; n_bytes]).unwrap();
        drop(sender);
        assert_eq!(receiver.join().unwrap(), n_bytes);
        let after = HostReading::of_this_machine().unwrap();
        assert!(after.network.sent_bytes - before.network.sent_bytes >= n_bytes as u64);
        assert!(after.network.received_bytes - before.network.received_bytes >= n_bytes as u64);
        assert_eq!(before.host, after.host);
    }
}
