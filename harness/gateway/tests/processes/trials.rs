//! What holds for replicas that are processes.

use std::{
    future::Future,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use gateway::{Gateway, NoObserver, ProcessReplicas, Replicas as _, Scaling, ServiceConfig};
use http_body_util::BodyExt as _;
use libtest_mimic::Trial;
use node::Meter;
use tower::ServiceExt as _;

/// Long enough for the slowest machine; nothing that works waits for it.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn all() -> Vec<Trial> {
    vec![
        trial("a_replica_is_started_for_a_request_and_stopped_with_the_gateway", || {
            in_runtime(started_and_stopped());
        }),
        trial("a_replica_that_leaves_is_replaced", || in_runtime(replaced())),
        trial("a_replica_that_leaves_at_once_is_reported", || in_runtime(leaves_at_once())),
        trial("a_replica_that_never_is_ready_is_killed", || in_runtime(never_ready())),
        trial("a_program_that_is_not_there_is_named", || in_runtime(not_there())),
        trial("a_replica_that_ignores_the_signal_is_killed", || in_runtime(stubborn())),
        trial("replicas_die_with_a_gateway_that_is_killed", die_with_the_gateway),
        trial("a_command_without_a_port_is_refused", || in_runtime(without_port())),
    ]
}

fn trial(name: &'static str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

fn in_runtime(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// The command line of this binary in a role.
fn command(role: &str) -> Vec<String> {
    let exe = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    vec![exe, format!("role-{role}"), "{port}".to_owned()]
}

fn gateway_of(role: &str, scaling: Scaling) -> Gateway {
    let meter = Meter::shared();
    let replicas = ProcessReplicas::new(command(role), LIMIT, &meter).unwrap();
    let service = ServiceConfig { host: "echo".to_owned(), scaling, replicas: Arc::new(replicas) };
    let gateway = Gateway::new(&meter, Arc::new(NoObserver));
    gateway.add(service).unwrap();
    gateway
}

/// Asks the gateway without a socket in front of it.
pub(crate) async fn ask(gateway: &Gateway, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("host", "echo").body(Body::empty()).unwrap();
    let response = gateway.routes().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn exists(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    // A zombie has ended; whoever adopted it may be slow to bury it.
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < LIMIT, "gave up waiting until {what}");
        std::thread::yield_now();
    }
}

async fn started_and_stopped() {
    let gateway = gateway_of("replica", Scaling::new(0, 2, 1));
    let (status, pid) = ask(&gateway, "/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(exists(&pid));
    assert_eq!(ask(&gateway, "/").await.1, pid);
    gateway.stop().await;
    assert!(!exists(&pid));
}

async fn replaced() {
    let gateway = gateway_of("replica", Scaling::new(0, 1, 1));
    let (_, first) = ask(&gateway, "/").await;
    let (status, text) = ask(&gateway, "/exit").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{text}");
    gateway.until("echo", |census| census.n_ready == 0).await.unwrap();
    let (status, second) = ask(&gateway, "/").await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(first, second);
    gateway.stop().await;
}

async fn leaves_at_once() {
    let gateway = gateway_of("leaves", Scaling::new(0, 1, 1));
    let (status, text) = ask(&gateway, "/").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert_eq!(
        text,
        "service `echo`: no replica could be started: \
         replica 0 ended before it was ready: exit status: 3\n"
    );
    gateway.stop().await;
}

async fn never_ready() {
    let limit = Duration::from_millis(500);
    let replicas = ProcessReplicas::new(command("never-ready"), limit, &Meter::shared()).unwrap();
    let error = replicas.start(0).await.map(|_| ()).unwrap_err().to_string();
    assert!(error.starts_with("no replica is ready at 127.0.0.1:"), "{error}");
    replicas.stop(0).await;
}

async fn not_there() {
    let command = vec!["/nonexistent/program".to_owned(), "{port}".to_owned()];
    let replicas = ProcessReplicas::new(command, LIMIT, &Meter::shared()).unwrap();
    let error = replicas.start(0).await.map(|_| ()).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("start replica 0: /nonexistent/program: "),
        "{error:#}"
    );
}

async fn stubborn() {
    let gateway = gateway_of("stubborn", Scaling::new(0, 1, 1));
    let (_, pid) = ask(&gateway, "/").await;
    gateway.stop().await;
    assert!(!exists(&pid));
}

fn die_with_the_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    #[expect(clippy::disallowed_methods, reason = "the test kills a gateway, which is a process")]
    let mut gateway = Command::new(std::env::current_exe().unwrap())
        .arg("role-gateway")
        .arg(&pid_file)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let read = || std::fs::read_to_string(&pid_file).unwrap_or_default();
    until("the gateway has a replica", || !read().is_empty());
    let pid = read();
    assert!(exists(&pid));
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    until("the replica has died with its gateway", || !exists(&pid));
}

async fn without_port() {
    let error = ProcessReplicas::new(vec!["true".to_owned()], LIMIT, &Meter::shared());
    let error = error.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("nowhere says {port}"), "{error}");
}
