//! Which policy decides.

use serde::{Deserialize, Serialize};

use super::{Cluster, Infer4, Scheduler, ServedModel, Settings, best_effort::BestEffort};

/// The schedulers that a controller can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The paper's: windows for all actions, estimates, loads by demand.
    Infer4,
    /// In the order of arrival, in batches; nothing is given up.
    Fifo,
    /// As Clipper: models have GPUs of their own, batches adapt, nothing is given up.
    Adaptive,
}

impl Policy {
    /// Its scheduler, of an idle, empty cluster. The baselines heed the settings'
    /// default objective, which batches may be used, and how many LOADs are
    /// outstanding.
    ///
    /// # Errors
    /// If there is no GPU, or a model does not fit on one or has no duration at
    /// batch size 1.
    pub fn scheduler(
        self,
        settings: Settings,
        cluster: Cluster,
        served: &[ServedModel],
    ) -> anyhow::Result<Box<dyn Scheduler + Send>> {
        Ok(match self {
            Self::Infer4 => Box::new(Infer4::new(settings, cluster, served)?),
            Self::Fifo => Box::new(BestEffort::fifo(settings, cluster, served)?),
            Self::Adaptive => Box::new(BestEffort::adaptive(settings, cluster, served)?),
        })
    }
}
