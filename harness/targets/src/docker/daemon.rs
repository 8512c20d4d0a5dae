//! The connection to a Docker daemon, and what its errors mean.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use bollard::{API_DEFAULT_VERSION, errors::Error};
use tokio::sync::OnceCell;

use crate::{
    doctor,
    host::this_machine,
    settings::DockerSettings,
    target::{Shortfall, Unavailable},
    wait::{self, Interval},
};

/// The longest that one request may take; a daemon under load is slow.
const REQUEST_S: u64 = 120;

/// How long a daemon that was there and went away may take to come back.
const COMEBACK: Duration = Duration::from_secs(20);

/// A daemon, connected to on first need. Clones share the connection.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    host: String,
    api: Arc<OnceCell<bollard::Docker>>,
    on_this_machine: Arc<OnceCell<bool>>,
}

impl Daemon {
    pub(crate) fn new(settings: &DockerSettings) -> Self {
        Self { host: settings.daemon(), api: Arc::default(), on_this_machine: Arc::default() }
    }

    /// Its address, as DOCKER_HOST has it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The daemon's API, in a version that both sides speak.
    pub(crate) async fn api(&self) -> anyhow::Result<&bollard::Docker> {
        self.connected().await.map_err(|error| {
            let Shortfall { missing, mend } = self.shortfall(&error);
            anyhow!(Unavailable(format!("{missing}\n(hint: {mend})")))
        })
    }

    /// Whether it runs on this machine, by the name of its machine.
    pub(crate) async fn is_on_this_machine(&self) -> anyhow::Result<bool> {
        let here = self
            .on_this_machine
            .get_or_try_init(|| async {
                let info = self.api().await?.info().await.context("ask the daemon for its host")?;
                anyhow::Ok(info.name == Some(this_machine()?))
            })
            .await?;
        Ok(*here)
    }

    /// What is lacking if the daemon does not answer.
    pub(crate) async fn shortfalls(&self) -> Vec<Shortfall> {
        doctor::docker::shortfalls(&self.host).await
    }

    /// Waits, for a moment, until a daemon that went away answers again.
    pub(crate) async fn comeback(&self) {
        let answers = || async {
            match self.connected().await {
                Ok(api) => api.ping().await.is_ok(),
                Err(_) => false,
            }
        };
        // If it does not, the next request says so.
        let _ = wait::until("the daemon", COMEBACK, Interval::BACKING_OFF, answers).await;
    }

    async fn connected(&self) -> Result<&bollard::Docker, Error> {
        self.api
            .get_or_try_init(|| async {
                let connect = bollard::Docker::connect_with_local;
                let api = if self.host.starts_with("tcp://") || self.host.starts_with("http://") {
                    bollard::Docker::connect_with_http(&self.host, REQUEST_S, API_DEFAULT_VERSION)
                } else {
                    connect(&self.host, REQUEST_S, API_DEFAULT_VERSION)
                }?;
                api.negotiate_version().await
            })
            .await
    }

    fn shortfall(&self, error: &Error) -> Shortfall {
        doctor::docker::silence(&self.host, &chain(error))
    }
}

/// What a failed request means to the one who made it.
pub(crate) trait Refusal {
    /// The thing that it is about does not exist.
    fn is_missing(&self) -> bool;
    /// The state of things does not allow it: a name in use, a stopped container.
    fn is_conflict(&self) -> bool;
    /// The daemon is not there (any more).
    fn is_silence(&self) -> bool;
    /// In words, the daemon's own where there are any.
    fn explain(self) -> anyhow::Error;
}

impl Refusal for Error {
    fn is_missing(&self) -> bool {
        status(self) == Some(404)
    }

    fn is_conflict(&self) -> bool {
        matches!(status(self), Some(304 | 409))
    }

    fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::RequestTimeoutError
                | Self::HyperResponseError { .. }
                | Self::HyperLegacyError { .. }
                | Self::IOError { .. }
                | Self::SocketNotFoundError(_)
        )
    }

    fn explain(self) -> anyhow::Error {
        match &self {
            Self::DockerResponseServerError { message, .. } => {
                anyhow!("the Docker daemon says: {}", message.trim())
            }
            error if error.is_silence() => anyhow!(Unavailable(format!(
                "the Docker daemon does not answer: {}\n\
                 (hint: start it, then continue with --resume RUN, or clean up with \
                 `cargo xtask gc`)",
                chain(error)
            ))),
            _ => anyhow!(chain(&self)),
        }
    }
}

fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The error and its causes in one line; bollard's own text leaves them out.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_is_too_slow_is_no_finding_of_the_trial() {
        let error = Error::RequestTimeoutError.explain();
        assert!(error.is::<Unavailable>(), "{error:#}");
        insta::assert_snapshot!(error, @r"
        the Docker daemon does not answer: Timeout error
        (hint: start it, then continue with --resume RUN, or clean up with `cargo xtask gc`)
        ");
    }
}
