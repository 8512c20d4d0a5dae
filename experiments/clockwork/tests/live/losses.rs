//! Workers that are killed, or stopped, while they serve.

use clockwork::{
    live::client::Sent,
    message::ClientStatus,
    roles::Observed,
    telemetry::{
        ActionRow, RequestRow,
        log::{LogFiles, read},
    },
};
use rustix::process::Signal;

use super::process::{Process, free_address, parse, wait, wait_for};

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
    wait_for(&listen);
    let load = ["client", &listen, "--duration-s", "3", "--out", &directory];
    // Neither GPU is idle for a moment, and one of them can do two thirds of it.
    let mut client = Process::start(&[&load[..], &["poisson-open-loop", "8", "1200"]].concat());
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
    assert!(sent.n_with(ClientStatus::Success) * 3 > sent.n_requests, "{sent:?}");
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
