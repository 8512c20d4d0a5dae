//! The HTTP edges: calls, uploads, the gateway's registry, the training client.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;
use faasm::{
    client::{Training, Watch, train},
    http::{
        Answer, ChainedByHttp, FLUSH_PATH, HttpClient, OUTCOME_HEADER, Origin, Runtime, Uploads,
        call_routes, upload_routes,
    },
    native::Process,
    rcv1::{Generator, Matrix},
    results::Results,
    services::{ProcessService, Registration, Registry, registry_routes},
};
use gateway::NoObserver;
use hyper::{Method, StatusCode};
use node::{Endpoint, Meter};
use tokio::{
    runtime::Handle,
    task::{JoinSet, block_in_place},
};

use crate::{
    global::Global,
    workers::{USER, guest, process_settings, settings, start},
};

const SERVICE: &str = "faasm-reuters-svm.faasm.example.com";

/// Servers that end with the test.
struct Servers {
    global: Global,
    tasks: JoinSet<()>,
    client: HttpClient,
}

impl Servers {
    fn start() -> Self {
        let client = HttpClient::new(Meter::shared());
        let global = block_in_place(Global::start);
        Self { global, tasks: JoinSet::new(), client }
    }

    async fn serve(&mut self, routes: impl FnOnce(SocketAddr) -> Router) -> Origin {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let endpoint = Endpoint::bind(any_port, Meter::shared()).await.unwrap();
        let address = endpoint.address().unwrap();
        let routes = routes(address);
        self.tasks.spawn(async move { endpoint.serve(routes).await.unwrap() });
        address.to_string().parse().unwrap()
    }

    /// A worker with its uploads.
    async fn worker(&mut self) -> Origin {
        let worker = Arc::new(start(&self.global, settings("a")));
        let tier = Some(Arc::clone(worker.tier()));
        let programs = Arc::clone(worker.programs());
        let uploads = Arc::new(Uploads::new(self.global.pool(), programs, tier));
        self.serve(|_| call_routes(worker).merge(upload_routes(uploads))).await
    }

    async fn gateway(&mut self) -> Origin {
        let registry = Registry::new(Meter::shared(), Arc::new(NoObserver));
        self.serve(|_| registry_routes(Arc::new(registry))).await
    }

    /// A native process behind `gateway`.
    async fn function(&mut self, gateway: &Origin) -> SocketAddr {
        let global = self.global.pool();
        let chained = ChainedByHttp {
            client: self.client.clone(),
            origin: gateway.clone().with_service(Some(SERVICE.into())),
            results: Results::new(Arc::clone(&global)),
            limit: Duration::from_secs(30),
            runtime: Handle::current(),
        };
        let process = Process::new(process_settings("reuters_svm"), &global, chained).unwrap();
        let process: Arc<dyn Runtime> = Arc::new(process);
        let origin = self.serve(|_| call_routes(process)).await;
        let address = origin.authority.parse().unwrap();
        assert_eq!(self.register(gateway, address, 1).await.status, StatusCode::OK);
        address
    }

    async fn register(&self, gateway: &Origin, address: SocketAddr, concurrency: u32) -> Answer {
        let registration = Registration { service: SERVICE.into(), address, concurrency };
        let body = serde_json::to_string(&registration).unwrap();
        self.send(Method::PUT, gateway, "/replicas", body).await
    }

    async fn send(
        &self,
        method: Method,
        origin: &Origin,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.client.send(method, origin, path, body.into()).await.unwrap()
    }

    async fn post(&self, origin: &Origin, body: &str) -> Answer {
        self.send(Method::POST, origin, "/", body.to_owned()).await
    }
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn call(name: &str, input: &str, is_async: bool) -> String {
    format!(r#"{{"user":"{USER}","function":"{name}","input_data":"{input}","async":{is_async}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_with_its_output() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let answer = servers.post(&worker, &call("echo", "hello", false)).await;
    assert_eq!((answer.status, text(&answer)), (StatusCode::OK, "hello"));
    assert_eq!(answer.headers[OUTCOME_HEADER], "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_is_answered_with_its_reason() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let answer = servers.post(&worker, &call("trap", "", false)).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.headers[OUTCOME_HEADER], "failure");
    assert!(text(&answer).starts_with("guest trapped: "), "{}", text(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_async_call_is_polled_until_it_ends() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    for (name, end) in [("echo", "SUCCESS: hello"), ("trap", "FAILED: guest trapped: ")] {
        let id = servers.post(&worker, &call(name, "hello", true)).await;
        let poll = format!(r#"{{"status":true,"id":{}}}"#, text(&id));
        let mut status = servers.post(&worker, &poll).await;
        while text(&status) == "RUNNING" {
            status = servers.post(&worker, &poll).await;
        }
        assert!(text(&status).starts_with(end), "{}", text(&status));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_request_is_refused_with_a_reason() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let malformed = servers.post(&worker, r#"{"user":"u"}"#).await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);
    assert_eq!(text(&malformed), "a call needs a `function`");
    let unknown = servers.post(&worker, r#"{"status":true,"id":99}"#).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(text(&unknown), "FAILED: there is no call 99");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_function_can_be_called() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let uploaded = servers.send(Method::PUT, &worker, "/f/u/new", guest("echo")).await;
    assert_eq!(uploaded.status, StatusCode::OK);
    let answer = servers.post(&worker, &call("new", "hello", false)).await;
    assert_eq!(text(&answer), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_cannot_run_is_refused() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let refused = servers.send(Method::PUT, &worker, "/f/u/bad", "no wasm").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&refused).starts_with("`u/bad` cannot run: "), "{}", text(&refused));
    let refused = servers.send(Method::PUT, &worker, "/f/u/b:d", guest("echo")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploaded_state_is_what_the_next_call_sees() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let absent = servers.send(Method::GET, &worker, "/s/u/k", "").await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    for value in ["first", "another size"] {
        servers.send(Method::PUT, &worker, "/s/u/k", value).await;
        let stored = servers.send(Method::GET, &worker, "/s/u/k", "").await;
        assert_eq!(text(&stored), value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_forgets_local_values() {
    let mut servers = Servers::start();
    let worker = Arc::new(start(&servers.global, settings("a")));
    let tier = Arc::clone(worker.tier());
    let origin = servers.serve(|_| call_routes(worker)).await;
    tier.replace("u_k", b"local").unwrap();
    assert_eq!(servers.post(&origin, r#"{"flush":true}"#).await.status, StatusCode::OK);
    assert_eq!(tier.size("u_k").unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_by_the_gateway_reaches_every_replica() {
    let mut servers = Servers::start();
    let gateway = servers.gateway().await;
    let service = gateway.clone().with_service(Some(SERVICE.into()));
    let mut tiers = Vec::new();
    for host in ["a", "b"] {
        let worker = Arc::new(start(&servers.global, settings(host)));
        worker.tier().replace("u_k", b"local").unwrap();
        tiers.push(Arc::clone(worker.tier()));
        let replica = servers.serve(|_| call_routes(worker)).await;
        servers.register(&gateway, replica.authority.parse().unwrap(), 0).await;
    }
    let flushed = servers.send(Method::POST, &service, FLUSH_PATH, "").await;
    assert_eq!(flushed.status, StatusCode::OK);
    for tier in tiers {
        assert_eq!(tier.size("u_k").unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_a_replica_does_not_hear_is_no_success() {
    let mut servers = Servers::start();
    let gateway = servers.gateway().await;
    let service = gateway.clone().with_service(Some(SERVICE.into()));
    let absent = SocketAddr::from(([127, 0, 0, 1], 1));
    servers.register(&gateway, absent, 0).await;
    let answer = servers.send(Method::POST, &service, FLUSH_PATH, "").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(text(&answer).contains("http://127.0.0.1:1/flush: connect"), "{}", text(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_exists_once_a_replica_has_registered() {
    let mut servers = Servers::start();
    let gateway = servers.gateway().await;
    let service = gateway.clone().with_service(Some(SERVICE.into()));
    let unknown = servers.post(&service, &call("reuters_svm", "", false)).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    servers.function(&gateway).await;
    let known = servers.post(&service, &call("reuters_svm", "", false)).await;
    assert_eq!(known.headers[OUTCOME_HEADER], "failure", "an empty input reaches the function");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_starts_the_replicas_of_a_file_when_they_are_needed() {
    let mut servers = Servers::start();
    let registry = Arc::new(Registry::new(Meter::shared(), Arc::new(NoObserver)));
    let kv = servers.global.pool().address().to_string();
    let command = ["function", "--listen", "127.0.0.1:{port}", "--kv", &kv];
    let command = [&[env!("CARGO_BIN_EXE_faasm")], &command[..]].concat();
    let function = ["--user", USER, "--function", "echo"];
    let service = ProcessService {
        host: "echo.example.com".into(),
        command: [command, function.to_vec()].concat().into_iter().map(String::from).collect(),
        min_replicas: 0,
        max_replicas: 2,
        concurrency: 1,
        stable_window_s: 20,
        ready_within_s: 30,
    };
    registry.start_processes(service).unwrap();
    let routes = registry_routes(Arc::clone(&registry));
    let gateway = servers.serve(|_| routes).await;
    let service = gateway.with_service(Some("echo.example.com".into()));
    for is_cold in ["true", "false"] {
        let answer = servers.post(&service, &call("echo", "hello", false)).await;
        assert_eq!(text(&answer), "hello");
        assert_eq!(answer.headers["x-cold-start"], is_cold);
    }
    registry.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_of_a_service_have_one_concurrency() {
    let mut servers = Servers::start();
    let gateway = servers.gateway().await;
    let address = servers.function(&gateway).await;
    let refused = servers.register(&gateway, address, 2).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(text(&refused).contains("take 1 requests at once, not 2"), "{}", text(&refused));
}

fn training(n_documents: u32) -> Training {
    Training {
        function: format!("{USER}/reuters_svm").parse().unwrap(),
        workers: 3,
        interval: 200,
        epochs: 4,
        documents: n_documents,
        features: faasm::rcv1::N_FEATURES,
        seed: 7,
        watch: Watch { poll_every: Duration::from_millis(5), limit: Duration::from_secs(60) },
    }
}

fn load(global: &Global, n_documents: usize) {
    let documents = Generator::new(11).documents(n_documents);
    for (part, bytes) in Matrix::from_documents(&documents).unwrap().parts() {
        global.pool().get().unwrap().set(format!("{USER}_{}", part.key), bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn native_replicas_train_together_behind_the_gateway() {
    let mut servers = Servers::start();
    load(&servers.global, 100);
    let gateway = servers.gateway().await;
    for _ in 0..3 {
        servers.function(&gateway).await;
    }
    let service = gateway.with_service(Some(SERVICE.into()));
    let run = train(&servers.client, &[service], &training(100)).await.unwrap();
    assert_eq!(run.losses.len(), 4);
    assert!(run.losses[3].loss < run.losses[0].loss, "{:?}", run.losses);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_training_ends_the_client_with_its_reason() {
    let mut servers = Servers::start();
    let worker = servers.worker().await;
    let error = train(&servers.client, &[worker], &training(100)).await.unwrap_err();
    let expected = "wait for u/reuters_svm: it failed: the state `inputs_size` is absent or \
                    malformed: upload the documents";
    assert_eq!(format!("{error:#}"), expected);
}
