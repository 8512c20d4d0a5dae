//! What a service's scheduler is told, and what it decides.

use serde::{Deserialize, Serialize};

/// A request of a service, numbered by arrival.
pub type RequestId = u64;

/// A replica of a service, numbered by start; a number is never used again.
pub type ReplicaId = u64;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// A request came in.
    Arrived {
        /// The request.
        request: RequestId,
    },
    /// A request was answered, or its client went away.
    Left {
        /// The request.
        request: RequestId,
    },
    /// A request could not be handed to its replica, and waits again.
    Returned {
        /// The request.
        request: RequestId,
    },
    /// A replica that was started takes requests.
    Ready {
        /// The replica.
        replica: ReplicaId,
    },
    /// A replica that was started will not take requests.
    StartFailed {
        /// The replica.
        replica: ReplicaId,
    },
    /// A replica that took requests is gone, or cannot be reached.
    Lost {
        /// The replica.
        replica: ReplicaId,
    },
    /// Some time has passed.
    Tick,
}

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Send a request to a replica.
    Dispatch {
        /// The request.
        request: RequestId,
        /// The replica.
        replica: ReplicaId,
        /// Whether the request waited for this replica to start.
        cold: bool,
    },
    /// Answer a request with a refusal.
    Reject {
        /// The request.
        request: RequestId,
        /// Why.
        reason: Rejection,
    },
    /// Start a replica.
    Start {
        /// Its number.
        replica: ReplicaId,
    },
    /// Stop a replica; it has no requests.
    Stop {
        /// The replica.
        replica: ReplicaId,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rejection {
    /// As many requests wait as may.
    QueueFull,
    /// There is no replica, and none could be started.
    NoReplica,
}
