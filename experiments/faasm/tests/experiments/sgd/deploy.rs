//! What is deployed for a point, and the jobs of the client machine.

use std::path::Path;

use anyhow::Context as _;
use harness::{Bed, Instance, Role};

use super::params::{Mode, Params, Point};

/// The `Host` headers by which the gateway tells the services apart.
const NATIVE_SERVICE: &str = "faasm-reuters-svm.faasm.example.com";
const WASM_SERVICE: &str = "faasm-worker.faasm.example.com";

/// The guest that trains.
const GUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/guests/reuters_svm.wasm");

/// The processes that host functions, and where to call them.
pub(crate) struct Deployment {
    instances: Vec<Instance>,
    targets: String,
    service: Option<&'static str>,
}

impl Deployment {
    /// The instances that host functions.
    pub(crate) fn functions(&self) -> Vec<&Instance> {
        self.instances.iter().collect()
    }
}

/// Starts the gateway, where the mode has one, and the function instances.
pub(crate) async fn deploy(
    params: &Params,
    point: &Point,
    bed: &Bed,
    kv: &str,
) -> anyhow::Result<Deployment> {
    let n_replicas = params.n_replicas(point);
    let gateway = match point.mode {
        Mode::WasmBm => None,
        Mode::Native | Mode::Wasm => Some(url(&bed.start(&Role::server("gateway", &[])).await?)),
    };
    let behind = gateway.as_deref().unwrap_or_default();
    let (role, service) = match point.mode {
        Mode::Native => {
            let function = ["--user", "sgd", "--function", "reuters_svm"];
            let args = ["--kv", kv, "--gateway", behind, "--service", NATIVE_SERVICE];
            let args = [&args[..], &function].concat();
            (Role::server("function", &args), Some(NATIVE_SERVICE))
        }
        Mode::Wasm => {
            let args = ["--kv", kv, "--gateway", behind, "--service", WASM_SERVICE];
            (Role::server("worker", &args), Some(WASM_SERVICE))
        }
        Mode::WasmBm => (Role::server("worker", &["--kv", kv]), None),
    };
    let instances = bed.start_many(&role, n_replicas).await?;
    let direct = || instances.iter().map(url).collect::<Vec<_>>().join(",");
    Ok(Deployment { targets: gateway.unwrap_or_else(direct), service, instances })
}

/// Uploads the documents and the guest.
pub(crate) fn load_job(upload: &Instance, data: &Path) -> anyhow::Result<Role> {
    let wasm = Path::new(GUEST).canonicalize().with_context(|| format!("find {GUEST}"))?;
    let (documents, guest) =
        (data.display().to_string(), format!("reuters_svm={}", wasm.display()));
    let args = ["load", "--upload", &url(upload), "--data", &documents, "--function", &guest];
    Ok(Role::job("client", &args).reading([data, &wasm]))
}

/// Clears the state of the training and trains.
pub(crate) fn training_job(
    params: &Params,
    point: &Point,
    documents: usize,
    seed: u64,
    deployment: &Deployment,
) -> Role {
    let (workers, interval) = (point.workers.to_string(), params.interval.to_string());
    let (documents, features) = (documents.to_string(), faasm::rcv1::N_FEATURES.to_string());
    let (epochs, seed) = (params.epochs.to_string(), seed.to_string());
    let mut args = vec!["train", "--target", &deployment.targets, "--out", "{dir}"];
    args.extend(["--workers", &workers, "--interval", &interval, "--epochs", &epochs]);
    args.extend(["--documents", &documents, "--features", &features, "--seed", &seed]);
    args.extend(deployment.service.into_iter().flat_map(|service| ["--host", service]));
    Role::job("client", &args)
}

/// An instance's HTTP endpoint.
pub(crate) fn url(instance: &Instance) -> String {
    format!("http://{}", instance.addresses["http"])
}
