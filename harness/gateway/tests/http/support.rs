//! A gateway, replicas that do as they are told, and a client.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::bail;
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use gateway::{
    Decision, Gateway, Observer, Replicas, RequestRecord, Scaling, ServiceConfig, Started,
    core::{Census, ReplicaId},
};
use http_body_util::BodyExt as _;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use node::Meter;
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    sync::{Semaphore, oneshot},
    task::JoinHandle,
};

pub(crate) const HOST: &str = "echo.example.com";

/// Replicas within this process, shared between the gateway and the test.
#[derive(Clone)]
pub(crate) struct Stub(Arc<StubState>);

pub(crate) struct StubState {
    /// A replica becomes ready for each permit.
    pub(crate) may_start: Semaphore,
    /// A request to `/hold…` is answered for each permit.
    pub(crate) may_answer: Semaphore,
    /// Paths, in the order in which replicas saw them.
    pub(crate) seen: Mutex<Vec<String>>,
    pub(crate) n_stopped: AtomicUsize,
    running: Mutex<HashMap<ReplicaId, Running>>,
    n_at_once: AtomicUsize,
    n_most_at_once: AtomicUsize,
    start_failure: Option<&'static str>,
}

/// A replica has a runtime of its own, which takes its connections with it.
struct Running {
    runtime: Runtime,
    accepting: JoinHandle<()>,
    lost: oneshot::Sender<String>,
}

impl Deref for Stub {
    type Target = StubState;

    fn deref(&self) -> &StubState {
        &self.0
    }
}

impl Stub {
    /// Replicas that start and answer at once.
    pub(crate) fn new() -> Self {
        Self::gated(Semaphore::MAX_PERMITS, Semaphore::MAX_PERMITS)
    }

    /// Replicas of which so many start, and which answer `/hold` so often.
    pub(crate) fn gated(n_starts: usize, n_answers: usize) -> Self {
        Self::with(n_starts, n_answers, None)
    }

    /// Replicas that never start.
    pub(crate) fn failing(reason: &'static str) -> Self {
        Self::with(0, 0, Some(reason))
    }

    fn with(n_starts: usize, n_answers: usize, start_failure: Option<&'static str>) -> Self {
        Self(Arc::new(StubState {
            may_start: Semaphore::new(n_starts),
            may_answer: Semaphore::new(n_answers),
            seen: Mutex::default(),
            n_stopped: AtomicUsize::new(0),
            running: Mutex::default(),
            n_at_once: AtomicUsize::new(0),
            n_most_at_once: AtomicUsize::new(0),
            start_failure,
        }))
    }

    /// Ends a replica as a crash does: it cannot be reached any more, and its
    /// connections break.
    pub(crate) async fn crash(&self, replica: ReplicaId) {
        let running = self.running.lock().unwrap().remove(&replica).unwrap();
        running.accepting.abort();
        while !running.accepting.is_finished() {
            tokio::task::yield_now().await;
        }
        running.runtime.shutdown_background();
        // The gateway may have noticed by itself.
        let _either_way = running.lost.send("it crashed".to_owned());
    }

    /// Waits until replicas have seen so many requests.
    pub(crate) async fn until_seen(&self, n: usize) {
        while self.seen().len() < n {
            tokio::task::yield_now().await;
        }
    }

    /// The most requests that all replicas together had at once.
    pub(crate) fn n_most_at_once(&self) -> usize {
        self.n_most_at_once.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn routes(&self) -> Router {
        Router::new()
            .route("/readyz", get(|| async {}))
            .fallback(any(answer))
            .with_state(self.clone())
    }
}

#[async_trait]
impl Replicas for Stub {
    async fn start(&self, replica: ReplicaId) -> anyhow::Result<Started> {
        if let Some(reason) = self.start_failure {
            bail!("{reason}");
        }
        self.may_start.acquire().await?.forget();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let routes = self.routes();
        let accepting = runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            axum::serve(listener, routes).await.unwrap();
        });
        let (lost, receiver) = oneshot::channel();
        self.running.lock().unwrap().insert(replica, Running { runtime, accepting, lost });
        let lost = async { receiver.await.unwrap_or_else(|_| "stopped".to_owned()) };
        Ok(Started { address, lost: Box::pin(lost) })
    }

    async fn stop(&self, replica: ReplicaId) {
        let running = self.running.lock().unwrap().remove(&replica);
        if let Some(running) = running {
            running.runtime.shutdown_background();
        }
        self.n_stopped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for StubState {
    fn drop(&mut self) {
        for (_, running) in self.running.get_mut().unwrap().drain() {
            running.runtime.shutdown_background();
        }
    }
}

/// What a replica does: it notes the path, waits if told to, and answers with
/// what it got.
async fn answer(State(stub): State<Stub>, request: Request) -> Response {
    let n_at_once = stub.n_at_once.fetch_add(1, Ordering::SeqCst) + 1;
    stub.n_most_at_once.fetch_max(n_at_once, Ordering::SeqCst);
    let path = request.uri().to_string();
    stub.seen.lock().unwrap().push(path.clone());
    if path.starts_with("/hold") {
        stub.may_answer.acquire().await.unwrap().forget();
    }
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    stub.n_at_once.fetch_sub(1, Ordering::SeqCst);
    parts.headers.remove("content-length");
    parts.headers.insert("x-method", parts.method.as_str().parse().unwrap());
    parts.headers.insert("x-path", path.parse().unwrap());
    parts.headers.insert("keep-alive", "timeout=5".parse().unwrap());
    (StatusCode::IM_A_TEAPOT, parts.headers, body).into_response()
}

/// Keeps everything that it is told.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) requests: Mutex<Vec<RequestRecord>>,
    pub(crate) decisions: Mutex<Vec<Decision>>,
}

impl Observer for Notes {
    fn request(&self, record: &RequestRecord) {
        self.requests.lock().unwrap().push(record.clone());
    }

    fn decision(&self, decision: &Decision) {
        self.decisions.lock().unwrap().push(decision.clone());
    }
}

/// A gateway that listens on loopback, with one service.
pub(crate) struct Front {
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
    pub(crate) notes: Arc<Notes>,
    pub(crate) meter: Arc<Meter>,
    server: JoinHandle<()>,
}

impl Front {
    pub(crate) async fn new(scaling: Scaling, replicas: impl Replicas) -> Self {
        let (notes, meter) = (Arc::new(Notes::default()), Meter::shared());
        let service =
            ServiceConfig { host: HOST.to_owned(), scaling, replicas: Arc::new(replicas) };
        let gateway = Gateway::new(&meter, notes.clone());
        gateway.add(service).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = gateway.routes();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { gateway, address, notes, meter, server }
    }

    /// Waits until the service's numbers meet a condition.
    pub(crate) async fn until(&self, condition: impl FnMut(&Census) -> bool) {
        self.gateway.until(HOST, condition).await.unwrap();
    }

    /// Sends a GET without waiting for the answer.
    pub(crate) fn send(&self, path: &str) -> JoinHandle<Answer> {
        let request = Request::get(self.uri(path)).header("host", HOST);
        let request = request.body(Body::empty()).unwrap();
        tokio::spawn(async move { ask(request).await })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(path).await.unwrap()
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn is_cold(&self) -> bool {
        self.header("x-cold-start") == Some("true")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) async fn ask(request: Request) -> Answer {
    let (parts, body) = client().request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}
