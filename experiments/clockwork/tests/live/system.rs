//! A small system that clients can ask.

use std::path::Path;

use clockwork::live::client::Sent;
use rustix::process::Signal;

use super::process::{Process, free_address, parse, wait_for};

/// A worker of one exact GPU, and its controller.
pub(crate) struct System {
    pub(crate) address: String,
    controller: Process,
    _worker: Process,
}

impl System {
    /// Starts both; the controller with these flags, and in this environment.
    pub(crate) fn start(environment: &[(&str, &str)], flags: &[&str]) -> Self {
        let (worker, address) = (free_address(), free_address());
        let started = Process::start(&["worker", "--listen", &worker, "--exact"]);
        let args = ["controller", "INFER4", &worker, "--listen", &address];
        let controller = Process::start_in(environment, &[&args[..], flags].concat());
        wait_for(&address);
        Self { address, controller, _worker: started }
    }

    /// Has the controller end.
    pub(crate) fn end(mut self) {
        self.controller.signal(Signal::TERM);
        assert!(self.controller.succeeds(), "the controller ends as it was asked to");
    }
}

/// What a client in this environment has sent, once it is answered.
pub(crate) fn sent_to(
    address: &str,
    environment: &[(&str, &str)],
    duration_s: &str,
    workload: &[&str],
) -> Sent {
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    let out = dir.path().display().to_string();
    let args = ["client", address, "--duration-s", duration_s, "--out", &out];
    let mut client = Process::start_in(environment, &[&args[..], workload].concat());
    assert!(client.succeeds(), "the client is answered");
    parse(&Path::new(&out).join("sent.json"))
}
