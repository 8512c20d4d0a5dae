//! What a replica's process does.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use gateway::{Gateway, NoObserver, ProcessReplicas, Scaling, ServiceConfig};
use node::Meter;
use tokio::net::TcpListener;

/// Runs until it is killed, or leaves, as the role says.
pub(crate) fn run(role: &str, words: &[String]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match (role, words) {
        ("replica", [port]) => runtime.block_on(serve(port, StatusCode::OK)),
        ("never-ready", [port]) => {
            runtime.block_on(serve(port, StatusCode::SERVICE_UNAVAILABLE));
        }
        ("stubborn", [port]) => runtime.block_on(async {
            let kind = tokio::signal::unix::SignalKind::terminate();
            let _ignored = tokio::signal::unix::signal(kind).unwrap();
            serve(port, StatusCode::OK).await;
        }),
        ("leaves", [_]) => std::process::exit(3),
        ("gateway", [pid_file]) => runtime.block_on(be_a_gateway(pid_file)),
        other => panic!("no role is {other:?}"),
    }
}

/// Says its process number to every question, and leaves when asked for `/exit`.
async fn serve(port: &str, readiness: StatusCode) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse().unwrap())).await.unwrap();
    let routes = Router::new()
        .route("/readyz", get(move || async move { readiness }))
        .route("/exit", get(leave))
        .fallback(|| async { std::process::id().to_string() });
    axum::serve(listener, routes).await.unwrap();
}

async fn leave() {
    std::process::exit(3);
}

/// A gateway with one replica, whose process number it writes to a file.
async fn be_a_gateway(pid_file: &str) {
    let meter = Meter::shared();
    let exe = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    let command = vec![exe, "role-replica".to_owned(), "{port}".to_owned()];
    let replicas = ProcessReplicas::new(command, Duration::from_secs(60), &meter).unwrap();
    let service = ServiceConfig {
        host: "echo".to_owned(),
        scaling: Scaling::new(1, 1, 1),
        replicas: Arc::new(replicas),
    };
    let gateway = Gateway::new(&meter, Arc::new(NoObserver));
    gateway.add(service).unwrap();
    gateway.ready().await;
    let pid = super::trials::ask(&gateway, "/").await.1;
    std::fs::write(pid_file, pid).unwrap();
    std::future::pending::<()>().await;
}
