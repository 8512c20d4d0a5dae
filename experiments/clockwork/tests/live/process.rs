//! The binary's processes, and what they need and leave.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;

/// Long enough for the slowest machine; no test that passes waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a role that no variable of the environment changes.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(&[("CLOCKWORK_DISABLE_INPUTS", "1")], args)
    }

    /// Starts a role for which only these variables are set, of those that it reads.
    #[expect(clippy::disallowed_methods, reason = "a test of the binary, not of a run")]
    pub(crate) fn start_in(environment: &[(&str, &str)], args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clockwork"));
        for variable in ["AZURE_TRACE_DIR", "CLOCKWORK_DISABLE_INPUTS", "CLOCKWORK_LOG_DIR"] {
            command.env_remove(variable);
        }
        command.args(args).envs(environment.iter().copied()).stdout(Stdio::null());
        Self(command.spawn().expect("the binary was just built"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).expect("it is not waited for yet");
    }

    /// Waits for its end, for a minute at most. Whether it succeeded.
    pub(crate) fn succeeds(&mut self) -> bool {
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it is a child") {
                return status.success();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            wait(20);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "processes take their time")]
pub(crate) fn wait(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// An address that nobody else is given: each has a loopback address of its own, so that
/// its port stays free until the process that it is for listens there.
pub(crate) fn free_address() -> String {
    static N_GIVEN: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, high, low, N_GIVEN.fetch_add(1, Ordering::Relaxed));
    let listener = TcpListener::bind((host, 0)).expect("loopback has free ports");
    listener.local_addr().expect("it listens").to_string()
}

/// Waits until somebody listens at an address, for a minute at most.
pub(crate) fn wait_for(address: &str) {
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(began.elapsed() < PATIENCE, "nobody listens at {address}");
        wait(20);
    }
}

/// What a role has written as JSON.
pub(crate) fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read(path).expect("the role has written it");
    serde_json::from_slice(&text).expect("the role has written it whole")
}
