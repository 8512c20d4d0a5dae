//! The live roles, as the processes that experiments start: some are killed.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use clockwork::{
    live::client::Sent,
    message::ClientStatus,
    roles::Observed,
    telemetry::{
        ActionRow, RequestRow,
        log::{LogFiles, read},
    },
};
use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;

const BINARY: &str = env!("CARGO_BIN_EXE_clockwork");

/// A process that does not outlive its test.
struct Process(Child);

impl Process {
    #[expect(clippy::disallowed_methods, reason = "a test of the binary, not of a run")]
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(args).env("CLOCKWORK_DISABLE_INPUTS", "1").stdout(Stdio::null());
        Self(command.spawn().expect("the binary was just built"))
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).expect("it is not waited for yet");
    }

    /// Waits for its end, for a minute at most. Whether it succeeded.
    fn succeeds(&mut self) -> bool {
        let began = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("it is a child") {
                return status.success();
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not end");
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
fn wait(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// An address that was free a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    listener.local_addr().expect("it listens").to_string()
}

fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read(path).expect("the role has written it");
    serde_json::from_slice(&text).expect("the role has written it whole")
}

/// Whatever happens to a worker after a second of three, each request is answered and
/// logged once, and the controller's decisions can be replayed.
#[track_caller]
fn lose_a_worker_by(signal: Signal) {
    let dir = tempfile::tempdir().expect("there is a directory for temporary files");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (here, there) = (free_address(), free_address());
    let worker = |address: &str| Process::start(&["worker", "--listen", address, "--exact"]);
    let (lost, _stays) = (worker(&here), worker(&there));
    let (listen, workers) = (free_address(), format!("{here},{there}"));
    let directory = path("");
    let recording = path("recording.jsonl");
    let mut controller = Process::start(&[
        "controller",
        "INFER4",
        &workers,
        "--listen",
        &listen,
        "--log-dir",
        &directory,
        "--out",
        &directory,
        "--record",
        &recording,
    ]);
    while std::net::TcpStream::connect(&listen).is_err() {
        wait(20);
    }
    let load = ["client", &listen, "--duration-s", "3", "--out", &directory];
    let mut client = Process::start(&[&load[..], &["poisson-open-loop", "8", "150"]].concat());
    // Models are loaded for a second, and then nothing is for another.
    wait(3_000);
    lost.signal(signal);
    assert!(client.succeeds(), "the client is answered");
    controller.signal(Signal::TERM);
    assert!(controller.succeeds(), "the controller ends as it was asked to");
    let sent: Sent = parse(&dir.path().join("sent.json"));
    let observed: Observed = parse(&dir.path().join("observed.json"));
    assert_eq!(sent.n_answered(), sent.n_requests);
    assert_eq!(observed.outcome.n_answered, sent.n_requests);
    let (mut n_requests, mut n_lost) = (0, 0);
    let files = LogFiles::written(dir.path());
    read(&files.requests, |_: RequestRow| n_requests += 1).expect("the log is whole");
    let lost = clockwork::message::ActionStatus::WorkerLost;
    read(&files.actions, |row: ActionRow| n_lost += u32::from(row.status == lost))
        .expect("the log is whole");
    assert_eq!(n_requests, sent.n_requests);
    assert!(n_lost > 0, "it was lost while it had something to do");
    assert!(sent.n_with(ClientStatus::Success) * 2 > sent.n_requests, "{sent:?}");
    assert!(Process::start(&["replay", &recording]).succeeds(), "the decisions are the same");
}

#[test]
fn a_worker_that_is_killed_takes_only_its_own_requests_along() {
    lose_a_worker_by(Signal::KILL);
}

#[test]
fn a_worker_that_is_stopped_counts_as_lost() {
    lose_a_worker_by(Signal::STOP);
}
