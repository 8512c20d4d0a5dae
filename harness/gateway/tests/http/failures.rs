//! Replicas that crash, cannot be reached, or do not start.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::Ordering,
    time::Duration,
};

use axum::http::StatusCode;
use gateway::{FixedReplicas, Scaling};
use node::Meter;

use crate::support::{Front, Stub};

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_fails_what_the_replica_had_and_nothing_else() {
    let stub = Stub::gated(2, 0);
    let front = Front::new(Scaling::new(1, 1, 1), stub.clone()).await;
    let failing = front.send("/hold0");
    front.until(|census| census.n_running == 1).await;
    let waiting = front.send("/hold1");
    front.until(|census| census.n_queued == 1).await;
    stub.until_seen(1).await;
    stub.crash(0).await;
    let failed = failing.await.unwrap();
    assert_eq!(failed.status, StatusCode::BAD_GATEWAY);
    let text = failed.text();
    assert!(text.starts_with("service `echo.example.com`: replica 0 at 127.0.0.1:"), "{text}");
    assert!(text.contains("gave no answer"), "{text}");
    stub.may_answer.add_permits(1);
    let served = waiting.await.unwrap();
    assert_eq!(served.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(served.header("x-replica"), Some("1"));
    assert!(served.is_cold());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_replica_that_does_not_start_is_told_why() {
    let front = Front::new(Scaling::new(0, 3, 1), Stub::failing("the disk is full")).await;
    for _ in 0..2 {
        let answer = front.get("/").await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert_eq!(
            answer.text(),
            "service `echo.example.com`: no replica could be started: the disk is full\n"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fixed_replica_that_is_gone_is_asked_again_until_it_is_back() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let first = serve_ready(listener);
    let replicas = FixedReplicas::new(vec![address], Duration::from_secs(60), &Meter::shared());
    let front = Front::new(Scaling::new(1, 1, 0), replicas).await;
    front.gateway.ready().await;
    assert_eq!(front.get("/").await.status, StatusCode::OK);

    first.shutdown_background();
    while std::net::TcpStream::connect(address).is_ok() {}
    // The replica cannot be reached, so the request waits for its return.
    let waiting = front.send("/");
    front.until(|census| census.n_starting == 1 && census.n_queued == 1).await;
    let listener = TcpListener::bind(address).unwrap();
    let second = serve_ready(listener);
    assert_eq!(waiting.await.unwrap().status, StatusCode::OK);
    second.shutdown_background();
}

/// A replica that says that it is ready, and OK to everything.
fn serve_ready(listener: TcpListener) -> tokio::runtime::Runtime {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let routes = axum::Router::new().fallback(|| async {});
        axum::serve(listener, routes).await.unwrap();
    });
    runtime
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_refuses_who_waits_and_stops_its_replicas() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(1, 2, 1), stub.clone()).await;
    let running = front.send("/hold");
    front.until(|census| census.n_running == 1).await;
    let waiting = front.send("/hold");
    front.until(|census| census.n_queued == 1).await;
    stub.until_seen(1).await;
    front.gateway.stop().await;
    assert!(stub.n_stopped.load(Ordering::SeqCst) >= 1);
    assert_eq!(running.await.unwrap().status, StatusCode::BAD_GATEWAY);
    assert_eq!(waiting.await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(front.get("/").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
