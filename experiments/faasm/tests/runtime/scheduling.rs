//! Several workers of one state tier.

use std::path::Path;

use faasm::{
    faaslet::WorkerSettings,
    scheduler::{Bus, Event, Limits, Recorder, Scheduler, Step},
};

use crate::{
    global::Global,
    workers::{Runs as _, end_of, new_call, settings, start, success},
};

/// Settings of a host that is full with one call.
fn narrow(host: &str, record: &Path) -> WorkerSettings {
    let limits = Limits { max_faaslets_per_function: 1, ..settings(host).limits };
    WorkerSettings { limits, record: Some(record.to_owned()), ..settings(host) }
}

fn members(global: &Global, set: &str) -> Vec<String> {
    let members = global.pool().get().unwrap().smembers(set).unwrap();
    let mut names: Vec<String> =
        members.into_iter().map(|name| String::from_utf8(name).unwrap()).collect();
    names.sort();
    names
}

fn replay(settings: &WorkerSettings, steps: &[Step]) -> Vec<String> {
    let mut scheduler = Scheduler::new(settings.host.clone(), settings.limits, settings.seed);
    let replayed = steps.iter().map(|step| {
        let actions = scheduler.handle(step.event.clone());
        serde_json::to_string(&actions).unwrap()
    });
    replayed.collect()
}

#[test]
fn a_full_host_passes_a_call_on_and_the_result_comes_back() {
    let global = Global::start();
    let logs = tempfile::tempdir().unwrap();
    let (log_a, log_b) = (logs.path().join("a"), logs.path().join("b"));
    let a = start(&global, narrow("a", &log_a));
    let _b = start(&global, narrow("b", &log_b));
    assert_eq!(a.run("echo", b">hello"), success(b"hello"));
    let arrived_at_b = Recorder::read(&log_b).unwrap();
    let passed_on = |step: &Step| matches!(step.event, Event::Arrived { hops: 1, .. });
    assert!(arrived_at_b.iter().any(passed_on), "{arrived_at_b:?}");
}

/// Nobody waits for a call that was passed to a host before it left.
#[test]
fn every_call_that_was_passed_to_a_stopping_host_has_an_end() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    let (results, other) = (worker.results().clone(), Bus::new("other".to_owned(), global.pool()));
    let ids: Vec<_> = (0..200)
        .map(|_| {
            let call = new_call(&results, "noop", 0, b"");
            let id = call.id;
            other.forward(call, "a").unwrap();
            id
        })
        .collect();
    drop(worker);
    for id in ids {
        end_of(&results, id);
    }
}

#[test]
fn a_recorded_log_replays_to_the_same_actions() {
    let global = Global::start();
    let logs = tempfile::tempdir().unwrap();
    let hosts = ["a", "b", "c"].map(|host| narrow(host, &logs.path().join(host)));
    let workers = hosts.clone().map(|host| start(&global, host));
    for nth in 0..30_u8 {
        let worker = &workers[usize::from(nth) % workers.len()];
        assert_eq!(worker.run("echo", &[b'>', nth]), success(&[nth]));
    }
    drop(workers);
    let mut n_steps = 0;
    for host in hosts {
        let steps = Recorder::read(host.record.as_deref().unwrap()).unwrap();
        let recorded: Vec<String> =
            steps.iter().map(|step| serde_json::to_string(&step.actions).unwrap()).collect();
        assert_eq!(replay(&host, &steps), recorded);
        n_steps += steps.len();
    }
    assert!(n_steps >= 120, "30 calls and 30 chained ones take more than {n_steps} steps");
}

#[test]
fn a_worker_is_in_the_sets_while_it_lives() {
    let global = Global::start();
    let worker = start(&global, settings("a"));
    assert_eq!(members(&global, "available_workers"), ["a"]);
    worker.run("noop", b"");
    drop(worker);
    assert_eq!(members(&global, "available_workers"), Vec::<String>::new());
    assert_eq!(members(&global, "w_u/noop"), Vec::<String>::new());
}
