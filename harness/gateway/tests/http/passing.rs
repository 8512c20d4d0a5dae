//! What passes through the gateway, and what does not.

use axum::{body::Body, extract::Request, http::StatusCode};
use gateway::{Gateway, NoObserver, Scaling, ServiceConfig};
use node::Meter;

use crate::support::{Front, HOST, Stub, ask};

#[tokio::test(flavor = "multi_thread")]
async fn method_path_query_headers_and_body_pass_both_ways() {
    let front = Front::new(Scaling::new(1, 1, 0), Stub::new()).await;
    let body: Vec<u8> = (0..5_000_000_u32).map(|i| (i % 251) as u8).collect();
    let request = Request::put(front.uri("/f/user/function?x=1&y=%20"))
        .header("host", format!("{HOST}:8080"))
        .header("x-mine", "1")
        .body(Body::from(body.clone()));
    let answer = ask(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.header("x-method"), Some("PUT"));
    assert_eq!(answer.header("x-path"), Some("/f/user/function?x=1&y=%20"));
    assert_eq!(answer.header("x-mine"), Some("1"));
    assert_eq!(answer.header("host"), Some("echo.example.com:8080"));
    assert!(answer.body == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_one_hop_do_not_pass() {
    let front = Front::new(Scaling::new(1, 1, 0), Stub::new()).await;
    let request = Request::get(front.uri("/"))
        .header("host", HOST)
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("te", "trailers")
        .body(Body::empty());
    // The replica answers with the headers that it got, and `keep-alive`.
    let answer = ask(request.unwrap()).await;
    for name in ["x-hop", "te", "keep-alive"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_no_service_is_not_found() {
    let front = Front::new(Scaling::new(1, 1, 0), Stub::new()).await;
    let request = Request::get(front.uri("/")).header("host", "none.example.com");
    let answer = ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(
        answer.text(),
        "no service has the host `none.example.com` (hint: there are echo.example.com)\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_to_and_from_replicas_are_counted() {
    let front = Front::new(Scaling::new(1, 1, 0), Stub::new()).await;
    let request = Request::post(front.uri("/")).header("host", HOST);
    ask(request.body(Body::from(vec![7; 100_000])).unwrap()).await;
    let bytes = front.meter.read();
    assert!((100_000..101_000).contains(&bytes.sent_bytes), "{bytes:?}");
    assert!((100_000..101_000).contains(&bytes.received_bytes), "{bytes:?}");
}

#[tokio::test]
async fn contradictory_services_are_refused() {
    let service = |host: &str, scaling| ServiceConfig {
        host: host.to_owned(),
        scaling,
        replicas: std::sync::Arc::new(Stub::new()),
    };
    let gateway = Gateway::new(&Meter::shared(), std::sync::Arc::new(NoObserver));
    let check = |service, expected: &str| {
        assert_eq!(format!("{:#}", gateway.add(service).unwrap_err()), expected);
    };
    check(
        service("a", Scaling::new(2, 1, 0)),
        "service `a`: min_replicas is 2, but max_replicas only 1",
    );
    check(
        service("a", Scaling::new(0, 0, 0)),
        "service `a`: max_replicas is 0 (hint: a service needs at least one)",
    );
    check(service("", Scaling::new(0, 1, 0)), "a service needs a host (hint: `svm.example.com`)");
    gateway.add(service("a", Scaling::new(0, 1, 0))).unwrap();
    check(service("A", Scaling::new(0, 1, 0)), "there already is a service `a`");
}
