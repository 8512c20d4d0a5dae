//! How a request or an action went, with the numbers that logs and wires carry.

use serde::{Deserialize, Serialize};

/// What a client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientStatus {
    /// The output is there.
    Success,
    /// An action that carried the request failed.
    Error,
    /// Its deadline came before it was sent to a worker.
    Timeout,
    /// The controller is still loading models.
    Initializing,
    /// There is no such model, or the request makes no sense.
    Invalid,
    /// A batch of later requests left it behind.
    Skipped,
    /// By the time it could have run, its deadline was past.
    CouldNotStartInTime,
}

impl ClientStatus {
    /// Its number (`api_common.h` of the original).
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Timeout => 4,
            Self::Initializing => 5,
            Self::Invalid => 6,
            Self::Skipped => 7,
            Self::CouldNotStartInTime => 8,
        }
    }

    /// The status with that number, if there is one.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        let all = [
            Self::Success,
            Self::Error,
            Self::Timeout,
            Self::Initializing,
            Self::Invalid,
            Self::Skipped,
            Self::CouldNotStartInTime,
        ];
        all.into_iter().find(|status| status.code() == code)
    }
}

/// How an action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActionStatus {
    /// As it was told.
    Success,
    /// The worker knows no such model.
    UnknownModel,
    /// It left the controller too late.
    SentTooLate,
    /// A copy of weights could not begin in its window.
    LoadTooLate,
    /// There are not enough free pages for the weights.
    LoadInsufficientCache,
    /// Weights were loaded or evicted while they were being copied.
    LoadConcurrentModification,
    /// An eviction could not begin in its window.
    EvictTooLate,
    /// There were no weights to evict.
    EvictNotLoaded,
    /// A copy of inputs could not begin in its window.
    CopyInputTooLate,
    /// The model was compiled for no batch as large, or the batch was empty.
    CopyInputInvalidBatchSize,
    /// The execution could not begin in its window.
    ExecTooLate,
    /// The weights were not on the GPU when the execution was to begin.
    ExecWeightsMissing,
    /// The weights were evicted while they were being used.
    ExecConcurrentModification,
    /// The worker went away.
    WorkerLost,
    /// What only workers of the original report, with its number.
    Other(u32),
}

impl ActionStatus {
    /// Its number (`worker_api.h` of the original; the loss of a worker has none
    /// there, and is that of a runtime error here).
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Success => 0,
            Self::WorkerLost => 2,
            Self::UnknownModel => 10,
            Self::SentTooLate => 45,
            Self::LoadTooLate => 51,
            Self::LoadInsufficientCache => 53,
            Self::LoadConcurrentModification => 54,
            Self::EvictTooLate => 61,
            Self::EvictNotLoaded => 63,
            Self::CopyInputTooLate => 71,
            Self::CopyInputInvalidBatchSize => 73,
            Self::ExecTooLate => 81,
            Self::ExecWeightsMissing => 82,
            Self::ExecConcurrentModification => 84,
            Self::Other(code) => code,
        }
    }

    /// The status with that number.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        let named = [
            Self::Success,
            Self::WorkerLost,
            Self::UnknownModel,
            Self::SentTooLate,
            Self::LoadTooLate,
            Self::LoadInsufficientCache,
            Self::LoadConcurrentModification,
            Self::EvictTooLate,
            Self::EvictNotLoaded,
            Self::CopyInputTooLate,
            Self::CopyInputInvalidBatchSize,
            Self::ExecTooLate,
            Self::ExecWeightsMissing,
            Self::ExecConcurrentModification,
        ];
        named.into_iter().find(|status| status.code() == code).unwrap_or(Self::Other(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_an_action_status_is_read_back() {
        assert!((0..100).all(|code| ActionStatus::from_code(code).code() == code));
        assert_eq!(ActionStatus::from_code(63), ActionStatus::EvictNotLoaded);
        assert_eq!(ActionStatus::from_code(83), ActionStatus::Other(83));
    }

    #[test]
    fn only_the_numbers_of_a_client_status_are_read() {
        let known = (0..100).filter(|code| ClientStatus::from_code(*code).is_some());
        assert_eq!(known.collect::<Vec<_>>(), [0, 1, 4, 5, 6, 7, 8]);
    }
}
