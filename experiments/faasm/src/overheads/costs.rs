//! The record: everything that was measured of one kind of instance.

use serde::{Deserialize, Serialize};
use stats::SampleError;

use super::{churn::ChurnRate, cycles::Cycles, memory::Memory};

/// What instances of one kind cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// What an instance is: `process`, `container`, `faaslet`, `proto-faaslet`.
    pub instance: String,
    /// From the command to start an instance until it can serve, one by one.
    pub init_us: Vec<f64>,
    /// Processor time of one start.
    pub cpu_us: f64,
    /// Processor cycles of one start.
    pub cycles: Cycles,
    /// Memory of idle instances.
    pub memory: Memory,
    /// How many there were at once.
    pub capacity: Capacity,
    /// Starts at a rate, by rate.
    pub churn: Vec<ChurnRate>,
}

/// How many instances there were at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Instances.
    pub reached: u64,
    /// Why there were no more.
    pub stopped: Stopped,
}

/// Why no more instances were started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// As many as were asked for were there: the capacity is at least that.
    Bound,
    /// Something had run out, or soon would have.
    By(String),
}

impl Costs {
    /// The median time of a start.
    ///
    /// # Errors
    /// If there was none.
    pub fn init_median_us(&self) -> Result<f64, SampleError> {
        super::churn::quantile(&self.init_us, 0.5)
    }
}
