//! Services whose replicas the gateway starts itself, as a file describes them.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use gateway::{ProcessReplicas, Scaling, ServiceConfig};
use node::Meter;
use serde::Deserialize;

/// A service of processes, between a fewest and a most of them by load.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProcessService {
    /// The `Host` header of its requests.
    pub host: String,
    /// A program and its arguments, in which `{port}` is where to listen.
    pub command: Vec<String>,
    /// With 0 it has no process while nobody asks for it.
    pub min_replicas: u32,
    /// The most processes.
    pub max_replicas: u32,
    /// Requests that a process takes at once; 0 is no limit.
    pub concurrency: u32,
    /// Seconds over which the load is averaged.
    pub stable_window_s: u64,
    /// Seconds until a process must be ready.
    pub ready_within_s: u64,
}

impl ProcessService {
    /// Reads a JSON array of services.
    ///
    /// # Errors
    /// If the file cannot be read or is none; the message says where.
    pub fn read_all(path: &Path) -> anyhow::Result<Vec<Self>> {
        let what = || format!("read the services of {}", path.display());
        let text = std::fs::read_to_string(path).with_context(what)?;
        serde_json::from_str(&text).with_context(what)
    }

    /// The same, as the gateway takes it.
    ///
    /// # Errors
    /// If the command says nowhere where to listen.
    pub(super) fn config(self, meter: &Arc<Meter>) -> anyhow::Result<ServiceConfig> {
        let ready_limit = Duration::from_secs(self.ready_within_s);
        let replicas = ProcessReplicas::new(self.command, ready_limit, meter)
            .with_context(|| format!("service `{}`", self.host))?;
        let scaling = Scaling {
            stable_window: Duration::from_secs(self.stable_window_s),
            ..Scaling::new(self.min_replicas, self.max_replicas, self.concurrency)
        };
        Ok(ServiceConfig { host: self.host, scaling, replicas: Arc::new(replicas) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Vec<ProcessService>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        ProcessService::read_all(file.path())
    }

    #[test]
    fn a_file_lists_services() {
        let services = read(
            r#"[{"host": "svm", "command": ["faasm", "function", "--listen", "127.0.0.1:{port}"],
                 "min-replicas": 0, "max-replicas": 4, "concurrency": 1,
                 "stable-window-s": 20, "ready-within-s": 10}]"#,
        );
        assert_eq!(services.unwrap()[0].max_replicas, 4);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let error = format!("{:#}", read(r#"[{"hosts": "svm"}]"#).unwrap_err());
        assert!(error.contains("unknown field `hosts`"), "{error}");
        assert!(error.contains("line 1 column 9"), "{error}");
    }
}
