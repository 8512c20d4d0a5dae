//! A generator that is stopped for a while knows it.

use std::{
    fs,
    process::{Child, Command},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use load::{
    null::{NullServer, Reply},
    report::Report,
    validity::Disturbance,
};
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{ClockId, clock_nanosleep_relative},
    time::Timespec,
};

use crate::against::find;

fn sleep_ms(ms: i64) {
    let time = Timespec { tv_sec: 0, tv_nsec: ms * 1_000_000 };
    // Cut short or not: the loop around it, and the generator, look again.
    let _ = clock_nanosleep_relative(ClockId::Monotonic, &time);
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_generator_that_was_stopped_is_named() {
    let n_seen = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&n_seen);
    let server = NullServer::start(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
        Reply::Ok
    });
    let server = server.unwrap();
    let dir = tempfile::tempdir().unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test stops a process, and so needs it")]
    let mut generator = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(["--schedule=constant:500", "--duration=1500ms", "--in-flight=16"])
        .arg(format!("--target=http://{}", server.address()))
        .arg(format!("--out={}", dir.path().display()))
        .spawn()
        .unwrap();
    while n_seen.load(Ordering::Relaxed) < 100 {
        assert!(generator.try_wait().unwrap().is_none(), "it has ended already");
        sleep_ms(1);
    }
    signal(&generator, Signal::STOP);
    sleep_ms(200);
    signal(&generator, Signal::CONT);
    assert!(generator.wait().unwrap().success());

    let json = fs::read_to_string(dir.path().join("load.json")).unwrap();
    let report: Report = serde_json::from_str(&json).unwrap();
    let stall_ms = find(&report, |disturbance| match disturbance {
        Disturbance::GeneratorStall { max_ms } => Some(*max_ms),
        _ => None,
    });
    let lag_p99_ms = find(&report, |disturbance| match disturbance {
        Disturbance::GeneratorLag { p99_ms } => Some(*p99_ms),
        _ => None,
    });
    // The pulse comes every 10 ms, so that it misses at least 190 of the 200.
    assert!(stall_ms >= Duration::from_millis(185).as_secs_f64() * 1e3, "{stall_ms}");
    // 100 of 750 requests were due meanwhile, so the last hundredth is late.
    assert!(lag_p99_ms > 100.0, "{lag_p99_ms}");
    assert!(report.latency.unwrap().p99_us > 100_000.0, "the lag is part of the latency");
    assert!(report.is_invalid());
}
