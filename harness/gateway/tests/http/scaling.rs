//! The number of replicas follows the load, up and down.

use std::{sync::atomic::Ordering, time::Duration};

use gateway::Scaling;

use crate::support::{Front, Stub};

fn quick(min: u32, max: u32, limit: u32) -> Scaling {
    Scaling { stable_window: Duration::from_millis(100), ..Scaling::new(min, max, limit) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_gets_more_replicas_and_gives_them_back() {
    let stub = Stub::gated(10, 0);
    let front = Front::new(quick(1, 3, 1), stub.clone()).await;
    let answers: Vec<_> = (0..6).map(|_| front.send("/hold")).collect();
    front.until(|census| census.n_ready == 3 && census.n_running == 3).await;
    stub.until_seen(3).await;
    stub.may_answer.add_permits(6);
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(stub.n_most_at_once(), 3);
    front.until(|census| census.n_ready == 1 && census.n_draining == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_service_goes_to_zero_and_comes_back() {
    let stub = Stub::new();
    let front = Front::new(quick(0, 1, 1), stub.clone()).await;
    for replica in ["0", "1"] {
        let answer = front.get("/").await;
        assert!(answer.is_cold());
        assert_eq!(answer.header("x-replica"), Some(replica));
        front.until(|census| census.n_ready == 0).await;
    }
    front.gateway.stop().await;
    assert_eq!(stub.n_stopped.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_ready_when_its_fewest_replicas_are() {
    let stub = Stub::gated(2, 0);
    let front = Front::new(Scaling::new(3, 3, 1), stub.clone()).await;
    front.until(|census| census.n_ready == 2).await;
    let ready = front.gateway.ready();
    tokio::pin!(ready);
    tokio::select! {
        biased;
        () = &mut ready => panic!("a replica is still missing"),
        () = tokio::task::yield_now() => {}
    }
    stub.may_start.add_permits(1);
    ready.await;
}
