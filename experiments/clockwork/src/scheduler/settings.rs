//! The controller's knobs, and what it serves where.

use serde::{Deserialize, Serialize};

use crate::{
    models::Variety,
    time::{MICROSECOND, MILLISECOND, Nanos},
    worker::CacheSize,
};

/// The options of the INFER4 scheduler and the constants of its code. Times are
/// in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// How far ahead of its execution an action is sent.
    pub schedule_ahead: Nanos,
    /// The objective of a request that names none.
    pub default_slo: Nanos,
    /// Batches of more than one input must not take longer.
    pub max_exec: Nanos,
    /// Batches must not be larger.
    pub max_batch: u32,
    /// How much earlier than promised a request should be complete.
    pub buffer: Nanos,
    /// How soon an action can begin at the earliest.
    pub future: Nanos,
    /// How late a result may be before the worker is thought to be busy still.
    pub lag: Nanos,
    /// How many LOADs a GPU has outstanding at most.
    pub max_loads: usize,
    /// Demand for weights is forgotten after so long.
    pub max_load_slo: Nanos,
    /// How often, at most, a GPU looks whether others' models should be here too.
    pub load_throttle: Nanos,
    /// What estimates are scaled by, in MHz.
    pub clock_mhz: u32,
    /// Keeps what the original does by mistake, where that changes results: weights
    /// are also loaded for models whose demand is met already, and wherever a request
    /// is unanswered (a pointer is compared where a priority was meant), a batch is not
    /// completed with older requests (a comparison is inverted), and a request is
    /// forgotten until its deadline when its last strategy executes older ones.
    pub original_mistakes: bool,
}

impl Default for Settings {
    /// The documented ones (usage text of `controller`).
    fn default() -> Self {
        Self {
            schedule_ahead: 10 * MILLISECOND,
            default_slo: 100 * MILLISECOND,
            max_exec: 25 * MILLISECOND,
            max_batch: 16,
            buffer: 5 * MILLISECOND,
            future: MILLISECOND,
            lag: 10 * MILLISECOND,
            max_loads: 2,
            max_load_slo: 25 * MILLISECOND,
            load_throttle: 100 * MICROSECOND,
            clock_mhz: 1380,
            original_mistakes: false,
        }
    }
}

impl Settings {
    /// The code's: batches may take ten times as long as its documentation says,
    /// and its mistakes are kept.
    #[must_use]
    pub fn original() -> Self {
        Self { max_exec: 250 * MILLISECOND, original_mistakes: true, ..Self::default() }
    }

    /// These, with what was asked to be otherwise: how far ahead actions are sent, the
    /// default objective, and how long and how large batches may be.
    #[must_use]
    pub fn with(
        self,
        schedule_ahead: Option<Nanos>,
        default_slo: Option<Nanos>,
        max_exec: Option<Nanos>,
        max_batch: Option<u32>,
    ) -> Self {
        Self {
            schedule_ahead: schedule_ahead.unwrap_or(self.schedule_ahead),
            default_slo: default_slo.unwrap_or(self.default_slo),
            max_exec: max_exec.unwrap_or(self.max_exec),
            max_batch: max_batch.unwrap_or(self.max_batch),
            ..self
        }
    }

    /// By when an action must have left the controller that was decided at `sent` and
    /// must start by `latest`: it must leave the worker the buffer, unless it had not
    /// as much time from the beginning. One that leaves later is not worth sending; it
    /// is reported as [`ActionStatus::SentTooLate`](crate::message::ActionStatus).
    #[must_use]
    pub fn send_by(&self, sent: Nanos, latest: Nanos) -> Nanos {
        sent.saturating_add(self.future).max(latest.saturating_sub(self.buffer))
    }
}

/// What the controller knows of a model instance before it has run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServedModel {
    /// Pages of its weights.
    pub n_pages: u32,
    /// How long its weights take to a GPU.
    pub load: Nanos,
    /// How long batches take, by batch size, ascending; the first is of size 1.
    pub exec: Vec<(u32, Nanos)>,
}

impl ServedModel {
    /// What is published of a variety, on GPUs of this size.
    #[must_use]
    pub fn of(variety: &Variety, size: CacheSize) -> Self {
        let n_pages = variety.n_pages(size.page_bytes);
        Self { n_pages, load: variety.load, exec: variety.exec.clone() }
    }
}

/// The GPUs: all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// How many workers.
    pub n_workers: u32,
    /// How many GPUs each of them has.
    pub gpus_per_worker: u32,
    /// How many pages of weights a GPU holds.
    pub pages_per_gpu: u32,
}

impl Cluster {
    /// All GPUs.
    #[must_use]
    pub fn n_gpus(&self) -> usize {
        (self.n_workers * self.gpus_per_worker) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_must_leave_a_buffer_before_it_starts_but_never_sooner_than_it_can() {
        let settings = Settings::default();
        let (sent, ms) = (7 * MILLISECOND, MILLISECOND);
        // An idle executor, and one that is busy for the whole time ahead.
        assert_eq!(settings.send_by(sent, sent + 11 * ms), sent + 6 * ms);
        assert_eq!(settings.send_by(sent, sent + 20 * ms), sent + 15 * ms);
        assert_eq!(settings.send_by(sent, sent + 2 * ms), sent + ms);
        // The baselines' actions may start whenever they can, an eviction too.
        assert_eq!(settings.send_by(sent, Nanos::MAX), Nanos::MAX - 5 * ms);
    }
}
