//! A run whose test makes images and plain containers, which are taken away
//! again however the test ends.

use std::{
    collections::HashMap,
    fs,
    future::Future,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use bollard::{
    exec::{StartExecOptions, StartExecResults},
    models::{ContainerCreateBody, ExecConfig, HostConfig},
    query_parameters::{
        CreateContainerOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
        LogsOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
        StartContainerOptions, WaitContainerOptions,
    },
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use libtest_mimic::Trial;

use crate::support::{self, Run};

/// The label of a run's resources.
const RUN: &str = "io.github.reprise.run";

/// A run, and the daemon without the target's help.
pub(crate) struct Workshop {
    pub(crate) run: Run,
    pub(crate) api: bollard::Docker,
}

/// One test as a trial of the runner.
pub(crate) fn test<F>(name: &str, body: impl FnOnce(Arc<Workshop>) -> F + Send + 'static) -> Trial
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    support::test(name, || async {
        let shop = Arc::new(Workshop { run: Run::begin()?, api: support::api()? });
        // As a task, so that a panic does not keep us from clearing away.
        let outcome = tokio::spawn(body(Arc::clone(&shop))).await;
        shop.clear_away().await?;
        outcome?
    })
}

/// The same, ignored with the reason where this file is missing.
pub(crate) fn test_needing<F>(
    path: &str,
    name: &str,
    body: impl FnOnce(Arc<Workshop>) -> F + Send + 'static,
) -> Trial
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let trial = test(name, body);
    if Path::new(path).exists() {
        return trial;
    }
    trial.with_kind(format!("needs {path}")).with_ignored_flag(true)
}

impl Workshop {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.run.root.path().join(name)
    }

    /// A file name that no other run has, so that its images have no other's.
    pub(crate) fn unique(&self, name: &str) -> String {
        format!("test-{}-{name}", self.run.label)
    }

    /// A program of this content whose file name is [`Self::unique`].
    pub(crate) fn program(&self, name: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.path(&self.unique(name));
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }

    /// Starts a container of the run's, without a network; the test need not
    /// remove it.
    pub(crate) async fn start(&self, image: &str, words: &[&str]) -> anyhow::Result<String> {
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            cmd: Some(words.iter().map(|&word| word.to_owned()).collect()),
            host_config: Some(HostConfig {
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            labels: Some(HashMap::from([(RUN.to_owned(), self.run.label.to_string())])),
            ..ContainerCreateBody::default()
        };
        let made = self.api.create_container(None::<CreateContainerOptions>, body).await?;
        self.api.start_container(&made.id, None::<StartContainerOptions>).await?;
        Ok(made.id)
    }

    /// What a command prints in a container of its own, both outputs together.
    pub(crate) async fn output(&self, image: &str, words: &[&str]) -> anyhow::Result<String> {
        let container = self.start(image, words).await?;
        let ended = self.api.wait_container(&container, None::<WaitContainerOptions>);
        // A status other than 0 is an error here; what it printed says more.
        let _ = ended.collect::<Vec<_>>().await;
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let pieces: Vec<_> = self.api.logs(&container, Some(options)).try_collect().await?;
        Ok(pieces.iter().map(ToString::to_string).collect())
    }

    /// What a command prints inside a running container.
    pub(crate) async fn exec(&self, container: &str, words: &[&str]) -> anyhow::Result<String> {
        let body = ExecConfig {
            cmd: Some(words.iter().map(|&word| word.to_owned()).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..ExecConfig::default()
        };
        let made = self.api.create_exec(container, body).await?;
        let started = self.api.start_exec(&made.id, None::<StartExecOptions>).await?;
        let StartExecResults::Attached { output, .. } = started else { return Ok(String::new()) };
        let pieces: Vec<_> = output.try_collect().await?;
        Ok(pieces.iter().map(ToString::to_string).collect())
    }

    /// The names of all images of a program of this run.
    pub(crate) async fn images_of(&self, program: &Path) -> anyhow::Result<Vec<String>> {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        self.images(&format!("reprise/{name}")).await
    }

    async fn images(&self, reference: &str) -> anyhow::Result<Vec<String>> {
        let filters = HashMap::from([("reference", vec![reference])]);
        let options = ListImagesOptionsBuilder::default().filters(&filters).build();
        let images = self.api.list_images(Some(options)).await?;
        Ok(images.into_iter().flat_map(|image| image.repo_tags).collect())
    }

    async fn clear_away(&self) -> anyhow::Result<()> {
        let label = format!("{RUN}={}", self.run.label);
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        for container in self.api.list_containers(Some(options)).await? {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            self.api.remove_container(&container.id.unwrap_or_default(), Some(options)).await?;
        }
        for image in self.images(&format!("reprise/{}*", self.unique(""))).await? {
            let options = RemoveImageOptionsBuilder::default().force(true).build();
            self.api.remove_image(&image, Some(options), None).await?;
        }
        Ok(())
    }
}
