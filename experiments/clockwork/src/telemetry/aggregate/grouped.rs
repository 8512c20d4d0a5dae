//! What is kept of the rows of one group of models.

use super::{bucket::Bucket, model_set::ModelSet};
use crate::{
    message::{ActionKind, ActionStatus},
    telemetry::{ActionRow, Group, GroupPoint, GroupSeries, RequestRow, Window},
    time::{Nanos, SECOND},
};

/// The rows of a group.
#[derive(Debug, Clone)]
pub(super) struct Grouped {
    group: Group,
    /// Copies of weights that came to GPUs before the window, less those that went.
    loaded_before: i64,
    buckets: Vec<GroupBucket>,
}

/// Those of one bucket.
#[derive(Debug, Clone, Default)]
struct GroupBucket {
    bucket: Bucket,
    asked: ModelSet,
    /// Copies of weights that came, less those that went.
    loaded: i64,
    executing: Nanos,
    loading: Nanos,
}

impl Grouped {
    pub(super) fn new(group: Group) -> Self {
        Self { group, loaded_before: 0, buckets: Vec::new() }
    }

    pub(super) fn request(&mut self, window: &Window, row: &RequestRow) {
        if !self.group.has(row.model) {
            return;
        }
        let Some(bucket) = self.bucket(window, row.t) else { return };
        bucket.bucket.request(row);
        bucket.asked.insert(row.model);
    }

    pub(super) fn action(&mut self, window: &Window, row: &ActionRow) {
        if !self.group.has(row.model) {
            return;
        }
        let loaded = match (row.kind, row.status) {
            (ActionKind::Load, ActionStatus::Success) => 1,
            (ActionKind::Evict, ActionStatus::Success) => -1,
            _ => 0,
        };
        if window.is_before(row.t) {
            self.loaded_before += loaded;
            return;
        }
        let Some(bucket) = self.bucket(window, row.t) else { return };
        bucket.bucket.action(row);
        bucket.loaded += loaded;
        match row.kind {
            ActionKind::Infer { .. } => bucket.executing += row.worker_exec_duration,
            ActionKind::Load => bucket.loading += row.worker_exec_duration,
            ActionKind::Evict => {}
        }
    }

    /// Takes in what another saw of the same group.
    pub(super) fn add(&mut self, other: &Self) {
        assert_eq!(self.group, other.group, "only the same groups add up");
        self.loaded_before += other.loaded_before;
        let n_buckets = self.buckets.len().max(other.buckets.len());
        self.buckets.resize_with(n_buckets, GroupBucket::default);
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            bucket.bucket.add(&more.bucket);
            bucket.asked.add(&more.asked);
            bucket.loaded += more.loaded;
            bucket.executing += more.executing;
            bucket.loading += more.loading;
        }
    }

    pub(super) fn series(&self, window: &Window) -> GroupSeries {
        let mut loaded_copies = self.loaded_before;
        let mut points = Vec::with_capacity(self.buckets.len());
        for (index, bucket) in self.buckets.iter().enumerate() {
            loaded_copies += bucket.loaded;
            let busy = |time: Nanos| time as f64 / (window.seconds_in(index) * SECOND as f64);
            points.push(GroupPoint {
                all: bucket.bucket.point(window, index),
                active_models: bucket.asked.len(),
                // A log that is cut off at its beginning has evictions without their loads.
                loaded_copies: loaded_copies.max(0) as u64,
                gpus_busy: busy(bucket.executing),
                links_busy: busy(bucket.loading),
            });
        }
        let n_models = self.group.models.len() as u32;
        GroupSeries { name: self.group.name.clone(), n_models, points }
    }

    fn bucket(&mut self, window: &Window, t: Nanos) -> Option<&mut GroupBucket> {
        let index = window.bucket_of(t)?;
        if index >= self.buckets.len() {
            self.buckets.resize_with(index + 1, GroupBucket::default);
        }
        self.buckets.get_mut(index)
    }
}
