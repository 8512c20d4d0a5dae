//! How functions are isolated and reached: what is deployed for each of the
//! paper's ways, and how the client machine finds it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use harness::{Bed, Instance, Role};
use serde::{Deserialize, Serialize};

/// The `Host` header of the service of all Faaslets.
const WASM_SERVICE: &str = "faasm-worker.faasm.example.com";

/// How functions are isolated and reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// One native function per process, behind the gateway: the baseline.
    Native,
    /// Faaslets, their runtimes reached directly ("bare metal").
    WasmBm,
    /// Faaslets, their runtimes behind the gateway.
    Wasm,
}

/// How many processes host the functions; 0 stands for one per worker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Replicas {
    /// Containers of one function each.
    pub(crate) native: u32,
    /// Runtimes of many Faaslets each.
    pub(crate) wasm: u32,
}

/// A function to deploy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployable {
    /// Who owns it and its state.
    pub(crate) user: &'static str,
    /// Its name, which is its guest's.
    pub(crate) name: &'static str,
    /// The `Host` header of the service of its containers.
    pub(crate) native_service: &'static str,
}

/// The state tier and what uploads to it.
pub(crate) struct Storage {
    kv: String,
    upload: Instance,
}

/// The processes that host functions, and where to call them.
pub(crate) struct Deployment {
    instances: Vec<Instance>,
    gateway: Option<String>,
    service: Option<&'static str>,
}

impl Mode {
    /// The name in tables and legends.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::WasmBm => "wasm-bm",
            Self::Wasm => "wasm",
        }
    }
}

impl Replicas {
    /// Processes for a mode and a number of workers.
    pub(crate) fn of(self, mode: Mode, workers: u32) -> u32 {
        let configured = match mode {
            Mode::Native => self.native,
            Mode::WasmBm | Mode::Wasm => self.wasm,
        };
        if configured == 0 { workers } else { configured }
    }
}

impl Storage {
    /// Starts both.
    pub(crate) async fn start(bed: &Bed) -> anyhow::Result<Self> {
        let kv =
            Role { ports: &["http", "resp"], ..Role::server("kv", &["--resp", "{addr:resp}"]) };
        let kv = bed.start(&kv).await?.addresses["resp"].to_string();
        let upload = bed.start(&Role::server("upload", &["--kv", &kv])).await?;
        Ok(Self { kv, upload })
    }

    /// The address of the state tier.
    pub(crate) fn kv(&self) -> &str {
        &self.kv
    }

    /// Where uploads go.
    pub(crate) fn upload_url(&self) -> String {
        url(&self.upload)
    }

    /// The job that uploads a function and its state: `kind` says what lies in
    /// `dir`, `--data` documents, `--state` values.
    pub(crate) fn load_job(
        &self,
        function: Deployable,
        kind: &str,
        dir: &Path,
    ) -> anyhow::Result<Role> {
        let wasm = function.wasm()?;
        let guest = format!("{}={}", function.name, wasm.display());
        let (upload, data) = (self.upload_url(), dir.display().to_string());
        let args = ["load", "--upload", &upload, "--user", function.user, "--function", &guest];
        let args = [&args[..], &[kind, &data]].concat();
        Ok(Role::job("client", &args).reading([dir, &wasm]))
    }
}

impl Deployable {
    /// The file of its guest.
    pub(crate) fn wasm(self) -> anyhow::Result<PathBuf> {
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/guests");
        let wasm = guests.join(format!("{}.wasm", self.name));
        wasm.canonicalize().with_context(|| format!("find {}", wasm.display()))
    }
}

impl Deployment {
    /// Starts the gateway, where the mode has one, and the function instances;
    /// `options` are flags for the processes of native functions.
    pub(crate) async fn start(
        bed: &Bed,
        storage: &Storage,
        function: Deployable,
        mode: Mode,
        n_replicas: u32,
        options: &[&str],
    ) -> anyhow::Result<Self> {
        let gateway = match mode {
            Mode::WasmBm => None,
            Mode::Native | Mode::Wasm => {
                Some(url(&bed.start(&Role::server("gateway", &[])).await?))
            }
        };
        let behind = gateway.as_deref().unwrap_or_default();
        let kv = ["--kv", &storage.kv];
        let (role, service) = match mode {
            Mode::Native => {
                let service = function.native_service;
                let own = ["--user", function.user, "--function", function.name];
                let args = ["--gateway", behind, "--service", service];
                (Role::server("function", &[&kv[..], &args, &own, options].concat()), Some(service))
            }
            Mode::Wasm => {
                let args = ["--gateway", behind, "--service", WASM_SERVICE];
                (Role::server("worker", &[&kv[..], &args].concat()), Some(WASM_SERVICE))
            }
            Mode::WasmBm => (Role::server("worker", &kv), None),
        };
        let instances = bed.start_many(&role, n_replicas).await?;
        Ok(Self { gateway, service, instances })
    }

    /// The instances that host functions.
    pub(crate) fn functions(&self) -> Vec<&Instance> {
        self.instances.iter().collect()
    }

    /// The endpoints of the instances that host functions.
    pub(crate) fn processes(&self) -> String {
        self.instances.iter().map(url).collect::<Vec<_>>().join(",")
    }

    /// The flags by which a job finds the functions.
    pub(crate) fn flags(&self) -> Vec<String> {
        let targets = self.gateway.clone().unwrap_or_else(|| self.processes());
        let service = self.service.into_iter().flat_map(|service| ["--host", service]);
        ["--target", &targets].into_iter().chain(service).map(str::to_owned).collect()
    }
}

/// An instance's HTTP endpoint.
fn url(instance: &Instance) -> String {
    format!("http://{}", instance.addresses["http"])
}
