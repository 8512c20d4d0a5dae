//! The life of an instance, as every target sees it: whether it is ready, how
//! it ended, and what its log says of that.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use node::NetworkBytes;
use tokio::sync::watch;

use crate::{
    files, http,
    probe::Condition,
    role::{Instance, Probe, RoleSpec},
    target::Casualty,
    wait::{self, Interval},
};

/// How long an instance may take to say what it has sent and received.
const METRICS: Duration = Duration::from_millis(500);

/// What is watched of one instance, over all its lives.
#[derive(Debug)]
pub(crate) struct Life {
    instance: Instance,
    pub(crate) log: PathBuf,
    condition: Condition,
    /// Whether it is meant to end by itself.
    pub(crate) is_job: bool,
    ready_within: Duration,
    /// Where it says what it has sent and received, if it counts that.
    metrics: Option<SocketAddr>,
    end: End,
}

/// How an instance ended.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) is_success: bool,
    pub(crate) was_asked_for: bool,
    pub(crate) how: String,
}

/// The end of an instance, for the task that waits for it. Clones are about
/// the same instance.
#[derive(Debug, Clone)]
pub(crate) struct End {
    ending: watch::Sender<Option<Ending>>,
    is_wanted: Arc<AtomicBool>,
}

impl Life {
    /// That of an instance of the role whose ports have become addresses.
    pub(crate) fn new(spec: &RoleSpec, instance: Instance, log: PathBuf) -> anyhow::Result<Self> {
        let port = spec.metrics.as_ref();
        Ok(Self {
            condition: Condition::of(&spec.ready, &instance.addresses)?,
            is_job: spec.ready == Probe::Started,
            ready_within: spec.ready_within,
            metrics: port.and_then(|port| instance.addresses.get(port).copied()),
            end: End { ending: watch::Sender::new(None), is_wanted: Arc::default() },
            instance,
            log,
        })
    }

    /// Waits for the probe.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        let what = self.condition.describe(&self.instance.id);
        let looking = wait::watch(Interval::BACKING_OFF, || self.condition.holds());
        let readiness = tokio::select! {
            biased;
            readiness = wait::within(&what, self.ready_within, looking) => readiness,
            ending = self.ended() => {
                let excerpt = files::excerpt(&self.log);
                bail!("{} {} before it was ready{excerpt}", self.instance.id, ending.how)
            }
        };
        readiness.map_err(|gave_up| anyhow!("{gave_up}{}", files::excerpt(&self.log)))
    }

    /// Waits for a job's successful end.
    pub(crate) async fn finished(&self, limit: Duration) -> anyhow::Result<()> {
        let what = format!("{} to finish", self.instance.id);
        let ending = wait::within(&what, limit, self.ended())
            .await
            .map_err(|gave_up| anyhow!("{gave_up}{}", files::excerpt(&self.log)))?;
        if !ending.is_success {
            bail!("{} {}{}", self.instance.id, ending.how, files::excerpt(&self.log));
        }
        Ok(())
    }

    /// The last lines it printed.
    pub(crate) fn log_tail(&self, n_lines: usize) -> anyhow::Result<String> {
        files::tail(&self.log, n_lines)
            .with_context(|| format!("read the log {}", self.log.display()))
    }

    /// How it ended, if it did so on its own and ought not to have. To be asked
    /// of an instance that has ended, if only just.
    pub(crate) async fn casualty(&self) -> Option<Casualty> {
        let Ending { is_success, was_asked_for, how } = self.ended().await;
        let is_expected = was_asked_for || (self.is_job && is_success);
        (!is_expected).then(|| Casualty { instance: self.instance.clone(), how })
    }

    /// Whether it says at an address what it has sent and received.
    pub(crate) fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// What it says it has sent and received; `None` if it cannot say.
    pub(crate) async fn network(&self) -> Option<NetworkBytes> {
        if self.ending().is_some() {
            return None;
        }
        let answer = http::get(self.metrics?, "/metrics", METRICS).await.ok()?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// Whether its probe holds now. A job has none and never answers.
    #[cfg(feature = "docker")]
    pub(crate) async fn answers(&self) -> bool {
        matches!(self.condition, Condition::Http { .. }) && self.condition.holds().await
    }

    /// How it ended, if that is known by now.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.end.ending.borrow().clone()
    }

    /// Resolves once it has ended.
    pub(crate) async fn ended(&self) -> Ending {
        let mut ending = self.end.ending.subscribe();
        match ending.wait_for(Option::is_some).await.ok().and_then(|ending| ending.clone()) {
            Some(ending) => ending,
            None => Ending {
                is_success: false,
                was_asked_for: false,
                how: "is no longer watched: the runtime that watched it has ended".to_owned(),
            },
        }
    }

    /// Says that its end, from now on, is nobody's accident.
    pub(crate) fn expect_end(&self) {
        self.end.is_wanted.store(true, Ordering::Release);
    }

    /// Another life begins.
    pub(crate) fn begin_again(&self) {
        self.end.is_wanted.store(false, Ordering::Release);
        self.end.ending.send_replace(None);
    }

    /// For the task that waits for the end of this life.
    pub(crate) fn end(&self) -> End {
        self.end.clone()
    }
}

impl End {
    /// Whether the end, if it came now, would be wanted.
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Tells everybody who waits.
    pub(crate) fn tell(&self, ending: Ending) {
        self.ending.send_replace(Some(ending));
    }
}
