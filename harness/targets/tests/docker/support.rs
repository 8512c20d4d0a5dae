//! Runs on the daemon of this machine, and a look at it without our help.

use bollard::{models::ContainerInspectResponse, query_parameters::ListContainersOptionsBuilder};
use libtest_mimic::Trial;
use targets::{
    docker::Docker,
    role::Instance,
    settings::DockerSettings,
    target::{Target as _, Testbed},
};

use crate::common::run::{self, runtime};
pub(crate) use crate::common::{
    roles::{toy, toy_server},
    run::{PATIENCE, refusal, test},
};

/// A run on the daemon.
pub(crate) type Run = run::Run<Docker>;

/// Where no daemon answers, the trials are shown as ignored with the reason.
pub(crate) fn ignored_without_daemon(trials: Vec<Trial>) -> Vec<Trial> {
    let shortfalls = runtime().block_on(Docker::new(&settings()).shortfalls());
    let Some(shortfall) = shortfalls.first() else { return trials };
    let ignore = |trial: Trial| trial.with_kind(&shortfall.missing).with_ignored_flag(true);
    trials.into_iter().map(ignore).collect()
}

/// The daemon of DOCKER_HOST, or this machine's.
pub(crate) fn settings() -> DockerSettings {
    DockerSettings::default()
}

/// The daemon's API, without our help.
pub(crate) fn api() -> anyhow::Result<bollard::Docker> {
    Ok(bollard::Docker::connect_with_defaults()?)
}

impl Run {
    pub(crate) fn begin() -> anyhow::Result<Self> {
        Self::begin_on(Docker::new(&settings()))
    }

    /// A testbed for the length of `body`, gone again however that ends.
    pub(crate) async fn with_testbed<T>(
        &self,
        body: impl AsyncFnOnce(&dyn Testbed) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let testbed = self.testbed().await?;
        let outcome = body(testbed.as_ref()).await;
        testbed.tear_down().await?;
        outcome
    }

    /// What the daemon says about the container of an instance.
    pub(crate) async fn inspect(
        &self,
        instance: &Instance,
    ) -> anyhow::Result<ContainerInspectResponse> {
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&std::collections::HashMap::from([("name", vec![self.label.to_string()])]))
            .build();
        let api = api()?;
        let end = format!("-{}", instance.id);
        let is_it = |names: &Vec<String>| names.iter().any(|name| name.ends_with(&end));
        let containers = api.list_containers(Some(options)).await?;
        let mut of_it = containers.into_iter().filter(|it| it.names.as_ref().is_some_and(is_it));
        let id = of_it.next().and_then(|it| it.id).expect("the instance has a container");
        Ok(api.inspect_container(&id, None).await?)
    }
}
