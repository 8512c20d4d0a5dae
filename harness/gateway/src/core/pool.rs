//! The replicas of one service, as its scheduler knows them: their phases, and
//! which of them is next.

use std::{cmp::Reverse, collections::BTreeMap};

use super::event::ReplicaId;

/// The replicas that were started and not stopped.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    replicas: BTreeMap<ReplicaId, Replica>,
    n_started: u64,
    n_assigned: u64,
}

#[derive(Debug, Clone)]
struct Replica {
    phase: Phase,
    n_running: u32,
    /// The number of the assignment that it got last.
    last_assignment: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready {
        since_us: u64,
    },
    /// It finishes what it has and then stops.
    Draining {
        since_us: u64,
    },
}

/// How many replicas there are, by phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PhaseCounts {
    pub(super) n_starting: usize,
    pub(super) n_ready: usize,
    pub(super) n_draining: usize,
}

/// A replica that can take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Free {
    pub(super) id: ReplicaId,
    pub(super) ready_since_us: u64,
}

impl Pool {
    /// A replica more, which is being started.
    pub(super) fn start(&mut self) -> ReplicaId {
        let id = self.n_started;
        self.n_started += 1;
        let replica = Replica { phase: Phase::Starting, n_running: 0, last_assignment: 0 };
        self.replicas.insert(id, replica);
        id
    }

    /// A replica that was started takes requests. One that was given up
    /// meanwhile is not known any more, and nobody counts on it.
    pub(super) fn set_ready(&mut self, id: ReplicaId, now_us: u64) {
        if let Some(replica) = self.replicas.get_mut(&id)
            && replica.phase == Phase::Starting
        {
            replica.phase = Phase::Ready { since_us: now_us };
        }
    }

    /// Forgets a replica; whether it was known.
    pub(super) fn remove(&mut self, id: ReplicaId) -> bool {
        self.replicas.remove(&id).is_some()
    }

    /// Gives a replica a request more.
    pub(super) fn assign(&mut self, id: ReplicaId) {
        self.n_assigned += 1;
        let replica = self.replicas.get_mut(&id).expect("requests go to replicas that are here");
        replica.n_running += 1;
        replica.last_assignment = self.n_assigned;
    }

    /// Takes a request from a replica, which may have been lost meanwhile;
    /// whether that was the last thing that kept it from stopping.
    pub(super) fn release(&mut self, id: ReplicaId) -> bool {
        let Some(replica) = self.replicas.get_mut(&id) else { return false };
        replica.n_running -= 1;
        !replica.is_alive() && replica.n_running == 0
    }

    /// Lets a replica finish what it has; false if it has nothing to finish.
    pub(super) fn drain(&mut self, id: ReplicaId) -> bool {
        match self.replicas.get_mut(&id) {
            Some(Replica { phase, n_running: 1.., .. }) => {
                if let Phase::Ready { since_us } = *phase {
                    *phase = Phase::Draining { since_us };
                }
                true
            }
            _ => false,
        }
    }

    /// Takes a replica back that was about to stop; whether there was one.
    pub(super) fn take_back(&mut self) -> bool {
        for replica in self.replicas.values_mut() {
            if let Phase::Draining { since_us } = replica.phase {
                replica.phase = Phase::Ready { since_us };
                return true;
            }
        }
        false
    }

    /// The ready replica with the fewest requests, of which it may have less
    /// than `limit` (0 is no limit); among equals, the one that has waited
    /// longest for one.
    pub(super) fn next(&self, limit: u32) -> Option<Free> {
        let has_room = |replica: &Replica| limit == 0 || replica.n_running < limit;
        self.replicas
            .iter()
            .filter(|(_, replica)| has_room(replica))
            .filter_map(|(id, replica)| match replica.phase {
                Phase::Ready { since_us } => Some((replica, *id, since_us)),
                _ => None,
            })
            .min_by_key(|(replica, id, _)| (replica.n_running, replica.last_assignment, *id))
            .map(|(_, id, ready_since_us)| Free { id, ready_since_us })
    }

    /// The replica that is missed least: one that is not there yet, else one
    /// with the fewest requests, else the newest.
    pub(super) fn least_missed(&self) -> Option<ReplicaId> {
        let alive = self.replicas.iter().filter(|(_, replica)| replica.is_alive());
        let least = alive.min_by_key(|(id, replica)| {
            (replica.phase != Phase::Starting, replica.n_running, Reverse(**id))
        });
        least.map(|(id, _)| *id)
    }

    /// How many there are, those that only finish what they have included.
    pub(super) fn len(&self) -> usize {
        self.replicas.len()
    }

    /// How many take requests, or will.
    pub(super) fn n_alive(&self) -> usize {
        self.replicas.values().filter(|replica| replica.is_alive()).count()
    }

    /// How many there are of each phase.
    pub(super) fn phases(&self) -> PhaseCounts {
        let mut counts = PhaseCounts::default();
        for replica in self.replicas.values() {
            match replica.phase {
                Phase::Starting => counts.n_starting += 1,
                Phase::Ready { .. } => counts.n_ready += 1,
                Phase::Draining { .. } => counts.n_draining += 1,
            }
        }
        counts
    }
}

impl Replica {
    /// Whether it takes requests, or will.
    fn is_alive(&self) -> bool {
        !matches!(self.phase, Phase::Draining { .. })
    }
}
