//! Limits, queues and places.

use axum::{body::Body, extract::Request, http::StatusCode};
use gateway::Scaling;

use crate::support::{Front, HOST, Stub, client};

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_gets_no_more_requests_at_once_than_its_limit() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(1, 1, 2), stub.clone()).await;
    let answers: Vec<_> = (0..5).map(|i| front.send(&format!("/hold{i}"))).collect();
    front.until(|census| census.n_running == 2 && census.n_queued == 3).await;
    stub.until_seen(2).await;
    stub.may_answer.add_permits(5);
    for answer in answers {
        assert_eq!(answer.await.unwrap().status, StatusCode::IM_A_TEAPOT);
    }
    assert_eq!(stub.n_most_at_once(), 2);
    front.until(|census| census.n_running == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_every_request_is_passed_on_at_once() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(1, 1, 0), stub.clone()).await;
    let answers: Vec<_> = (0..50).map(|_| front.send("/hold")).collect();
    front.until(|census| census.n_running == 50).await;
    stub.may_answer.add_permits(50);
    for answer in answers {
        answer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_first_is_served_first() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(1, 1, 1), stub.clone()).await;
    let first = front.send("/hold0");
    front.until(|census| census.n_running == 1).await;
    let mut answers = vec![first];
    for i in 1..8 {
        answers.push(front.send(&format!("/hold{i}")));
        front.until(|census| census.n_queued == i).await;
    }
    stub.may_answer.add_permits(8);
    for answer in answers {
        answer.await.unwrap();
    }
    let expected: Vec<String> = (0..8).map(|i| format!("/hold{i}")).collect();
    assert_eq!(stub.seen(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_zero_replicas_is_held_and_labelled_cold() {
    let stub = Stub::gated(0, 0);
    let front = Front::new(Scaling::new(0, 1, 1), stub.clone()).await;
    let (first, second) = (front.send("/a"), front.send("/b"));
    front.until(|census| census.n_starting == 1 && census.n_queued == 2).await;
    assert!(stub.seen().is_empty());
    stub.may_start.add_permits(1);
    assert!(first.await.unwrap().is_cold());
    assert!(second.await.unwrap().is_cold());
    assert_eq!(front.get("/c").await.header("x-cold-start"), Some("false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_frees_its_place() {
    let stub = Stub::gated(1, 0);
    let front = Front::new(Scaling::new(1, 1, 1), stub.clone()).await;
    let leaving = front.send("/hold0");
    front.until(|census| census.n_running == 1).await;
    let leaving_queue = front.send("/hold1");
    front.until(|census| census.n_queued == 1).await;
    let staying = front.send("/hold2");
    front.until(|census| census.n_queued == 2).await;

    leaving_queue.abort();
    front.until(|census| census.n_queued == 1).await;
    leaving.abort();
    front.until(|census| census.n_queued == 0).await;
    // The abandoned request may still sit in the replica, with a permit.
    stub.may_answer.add_permits(2);
    assert_eq!(staying.await.unwrap().header("x-path"), Some("/hold2"));
    assert!(!stub.seen().contains(&"/hold1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_taken_until_the_last_byte_of_the_answer() {
    let front = Front::new(Scaling::new(1, 1, 1), Stub::new()).await;
    // More than all the sockets on the way can hold.
    let body = vec![7; 64 << 20];
    let request = Request::post(front.uri("/")).header("host", HOST).body(Body::from(body));
    let answer = client().request(request.unwrap()).await.unwrap();
    // Headers are here, and nobody reads the body.
    front.until(|census| census.n_running == 1).await;
    let waiting = front.send("/next");
    front.until(|census| census.n_queued == 1).await;
    drop(answer);
    assert_eq!(waiting.await.unwrap().status, StatusCode::IM_A_TEAPOT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said_to_be_full() {
    let stub = Stub::gated(1, 0);
    let scaling = Scaling { max_queued: 1, ..Scaling::new(1, 1, 1) };
    let front = Front::new(scaling, stub.clone()).await;
    front.gateway.ready().await;
    let running = front.send("/hold");
    front.until(|census| census.n_running == 1).await;
    let queued = front.send("/hold");
    front.until(|census| census.n_queued == 1).await;
    let refused = front.get("/").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text().contains("as many requests wait as may"), "{}", refused.text());
    stub.may_answer.add_permits(2);
    running.await.unwrap();
    queued.await.unwrap();
}
