//! What is written down, and that it replays.

use std::{collections::HashMap, sync::Arc};

use gateway::{
    Gateway, NoObserver, Observer as _, RequestLog, RequestRecord, Scaling, ServiceConfig,
    core::Scheduler,
};
use node::Meter;

use crate::support::{Front, HOST, Stub};

#[tokio::test(flavor = "multi_thread")]
async fn every_request_leaves_a_record() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(0, 1, 1), stub.clone()).await;
    front.get("/a").await;
    front.get("/b").await;
    let leaving = front.send("/hold");
    stub.until_seen(3).await;
    leaving.abort();
    // A record is written just after the answer has reached the client.
    while front.notes.requests.lock().unwrap().len() < 3 {
        tokio::task::yield_now().await;
    }
    let records = front.notes.requests.lock().unwrap().clone();
    for (record, expected) in
        records.iter().zip([(true, Some(418)), (false, Some(418)), (false, None)])
    {
        assert_eq!((record.cold, record.status), expected, "{record:?}");
        assert_eq!(record.service, HOST);
        assert_eq!(record.replica, Some(0));
        let dispatched_us = record.dispatched_us.unwrap();
        assert!(record.arrived_us <= dispatched_us && dispatched_us <= record.done_us);
    }
}

/// Everything that the live scheduler decided is decided again, byte for byte,
/// by a fresh one that is told the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_history_replays_byte_for_byte() {
    let stub = Stub::gated(3, 10);
    let scaling =
        Scaling { stable_window: std::time::Duration::from_millis(100), ..Scaling::new(0, 3, 2) };
    let front = Front::new(scaling.clone(), stub.clone()).await;
    let answers: Vec<_> = (0..20).map(|i| front.send(&format!("/hold{i}"))).collect();
    front.until(|census| census.n_ready == 3).await;
    answers[19].abort();
    stub.crash(1).await;
    stub.may_start.add_permits(10);
    stub.may_answer.add_permits(30);
    for answer in answers {
        // One was aborted.
        let _either_way = answer.await;
    }
    front.until(|census| census.n_ready == 0 && census.n_running == 0).await;

    let live = front.notes.decisions.lock().unwrap().clone();
    let mut scheduler = Scheduler::new(scaling);
    for decision in &live {
        let mut again = decision.clone();
        again.actions = scheduler.handle(decision.now_us, decision.event);
        assert_eq!(
            serde_json::to_string(&again).unwrap(),
            serde_json::to_string(decision).unwrap()
        );
    }
    let mut kinds: HashMap<String, usize> = HashMap::new();
    for action in live.iter().flat_map(|decision| &decision.actions) {
        let kind = serde_json::to_value(action).unwrap();
        *kinds.entry(kind.as_object().unwrap().keys().next().unwrap().clone()).or_default() += 1;
    }
    assert!(kinds["dispatch"] >= 19 && kinds["start"] >= 3 && kinds["stop"] >= 3, "{kinds:?}");
}

#[tokio::test]
async fn a_log_has_one_object_per_request() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("requests.jsonl");
    let log = RequestLog::create(&path).unwrap();
    let record = |request| RequestRecord {
        service: HOST.to_owned(),
        request,
        arrived_us: 1,
        dispatched_us: Some(2),
        done_us: 3,
        replica: Some(4),
        cold: true,
        status: Some(200),
    };
    log.request(&record(0));
    log.request(&record(1));
    let text = std::fs::read_to_string(&path).unwrap();
    let read: Vec<RequestRecord> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, [record(0), record(1)]);

    let error = RequestLog::create(&dir.path().join("none/requests.jsonl")).unwrap_err();
    assert!(error.to_string().starts_with("create the log of requests "), "{error}");
}

#[tokio::test]
async fn a_gateway_that_is_dropped_lets_go_of_its_replicas() {
    let replicas = Arc::new(Stub::new());
    let service = ServiceConfig {
        host: HOST.to_owned(),
        scaling: Scaling::new(1, 1, 1),
        replicas: replicas.clone(),
    };
    let gateway = Gateway::new(&Meter::shared(), Arc::new(NoObserver));
    gateway.add(service).unwrap();
    gateway.ready().await;
    drop(gateway);
    while Arc::strong_count(&replicas) > 1 {
        tokio::task::yield_now().await;
    }
}
