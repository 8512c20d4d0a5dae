//! What the gateway adds to a request: the same small request by the same
//! client, through the gateway and straight to its replica.
//!
//! All three are on one machine and in one process, so the ratio is a bad case:
//! the replica does nothing, and the way through the gateway shares its cores
//! with both ends. The number to read is the difference of the medians.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use criterion::{Criterion, criterion_group, criterion_main};
use gateway::{FixedReplicas, Gateway, NoObserver, Scaling, ServiceConfig};
use http_body_util::BodyExt as _;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use node::{Endpoint, Meter};
use tokio::runtime::Runtime;

const HOST: &str = "echo.example.com";
const N_TURNS: usize = 4_000;

fn overhead(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let places = runtime.block_on(start());
    let client = Client::builder(TokioExecutor::new()).build_http();
    let once = |address| runtime.block_on(timed(&client, address));

    let mut group = criterion.benchmark_group("request");
    for (name, address) in [("direct", places.replica), ("gateway", places.gateway)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|n| (0..n).map(|_| once(address)).sum());
        });
    }
    group.finish();
    report(|| once(places.replica), || once(places.gateway));
}

/// Takes turns, so that both see the same machine.
fn report(mut direct: impl FnMut() -> Duration, mut gateway: impl FnMut() -> Duration) {
    let (mut direct_runs, mut gateway_runs) = (Vec::new(), Vec::new());
    for _ in 0..N_TURNS {
        direct_runs.push(direct());
        gateway_runs.push(gateway());
    }
    direct_runs.sort();
    gateway_runs.sort();
    for (name, rank) in [("median", N_TURNS / 2), ("99 %", N_TURNS * 99 / 100)] {
        let [direct_us, gateway_us] =
            [&direct_runs, &gateway_runs].map(|runs| runs[rank].as_secs_f64() * 1e6);
        let added_us = gateway_us - direct_us;
        eprintln!(
            "request, {name}: direct {direct_us:.0} us, gateway {gateway_us:.0} us: \
             {added_us:.0} us more"
        );
    }
}

struct Places {
    replica: SocketAddr,
    gateway: SocketAddr,
}

/// A replica that does nothing, and a gateway in front of it that lets it have
/// one request at a time.
async fn start() -> Places {
    let replica = serve(Router::new().fallback(|| async { "done" })).await;
    let meter = Meter::shared();
    let gateway = Gateway::new(&meter, Arc::new(NoObserver));
    let replicas = FixedReplicas::new(vec![replica], Duration::from_secs(60), &meter);
    let service = ServiceConfig {
        host: HOST.to_owned(),
        scaling: Scaling::new(1, 1, 1),
        replicas: Arc::new(replicas),
    };
    gateway.add(service).expect("the only service");
    gateway.ready().await;
    Places { replica, gateway: serve(gateway.routes()).await }
}

/// Serves like a role does, for as long as the process lives.
async fn serve(routes: Router) -> SocketAddr {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let endpoint = Endpoint::bind(any_port, Meter::shared()).await.expect("a port is free");
    let address = endpoint.address().expect("it is bound");
    endpoint.readiness().set_ready();
    tokio::spawn(async move { endpoint.serve(routes).await.expect("nobody stops it") });
    address
}

/// The time from sending a request to the last byte of its answer.
async fn timed(client: &Client<HttpConnector, Body>, address: SocketAddr) -> Duration {
    let request = Request::post(format!("http://{address}/")).header("host", HOST);
    let request = request.body(Body::from("0123456789")).expect("a valid request");
    let began = Instant::now();
    let answer = client.request(request).await.expect("the server is up");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().collect().await.expect("the server is up");
    began.elapsed()
}

criterion_group!(benches, overhead);
criterion_main!(benches);
