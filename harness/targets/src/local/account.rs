//! The account of one instance: what it has used so far, kept after its end.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use node::NetworkBytes;

use super::cgroup::Cgroup;
use crate::{
    cgroup::group::Group,
    process::{Incarnation, Table, pss_bytes},
    usage::{Usage, sampler::Sampled, tally::Tally},
};

/// What is known of an instance's use of the machine.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) cgroup: Option<Cgroup>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The first process of the present life.
    leader: Incarnation,
    members: Vec<u32>,
    tally: Tally,
    /// What earlier lives used, where /proc has to say it.
    cpu_before: Duration,
}

impl Account {
    pub(crate) fn open(leader: Incarnation, cgroup: Option<Cgroup>) -> Self {
        let members = vec![leader.pid];
        let (tally, cpu_before) = (Tally::begin(), Duration::ZERO);
        Self { cgroup, state: Mutex::new(State { leader, members, tally, cpu_before }) }
    }

    /// The instance was started again: what it used before is added to.
    pub(crate) fn reopen(&self, leader: Incarnation) {
        let mut state = self.state();
        state.cpu_before = state.tally.cpu();
        state.members = vec![leader.pid];
        state.leader = leader;
        state.tally.reopen();
    }

    /// The first process of its present life, dead or alive.
    pub(crate) fn leader(&self) -> Incarnation {
        self.state().leader.clone()
    }

    /// Takes the last readings of an instance that has ended and is not reaped.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        self.read_cpu(&mut state);
        if let Some((n_bytes, source)) = self.group().and_then(Group::memory_peak_bytes) {
            state.tally.see_charged_peak(n_bytes, source);
        }
        state.tally.close();
    }

    /// Keeps what the instance itself counted.
    pub(crate) fn set_network(&self, network: NetworkBytes) {
        self.state().tally.see_network(network);
    }

    /// Everything so far.
    pub(crate) fn usage(&self, instance: &str, role: &str) -> Usage {
        self.state().tally.usage(instance, role)
    }

    /// The processes of the instance's group, and their descendants.
    fn members(leader: &Incarnation, table: &Table) -> Vec<u32> {
        let group =
            table.processes.values().filter(|stat| stat.group == leader.pid && !stat.is_dead());
        table.with_descendants(group.map(|stat| stat.pid)).into_iter().collect()
    }

    fn read_cpu(&self, state: &mut State) {
        let (cpu, source) = match self.group().and_then(Group::cpu) {
            Some((cpu, source)) => (cpu, source),
            None => (state.cpu_before + state.cpu_in_proc(), "proc"),
        };
        state.tally.see_cpu(cpu, source);
    }

    fn group(&self) -> Option<&Group> {
        self.cgroup.as_ref().map(|cgroup| &cgroup.group)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The leader may have ended; its times stay readable until it is reaped.
    fn cpu_in_proc(&self) -> Duration {
        let others = self.members.iter().filter(|pid| **pid != self.leader.pid);
        let others = others.filter_map(|pid| crate::process::Stat::of(*pid));
        self.leader.stat().into_iter().chain(others).map(|stat| stat.cpu).sum()
    }
}

impl Sampled for Account {
    fn is_closed(&self) -> bool {
        self.state().tally.is_closed()
    }

    fn needs_table(&self) -> bool {
        self.cgroup.is_none() && !self.is_closed()
    }

    /// `table`, where it is needed and given, renews the list of processes.
    /// Memory is PSS, because it means the same with and without groups.
    fn sample(&self, table: Option<&Table>) {
        let mut state = self.state();
        if state.tally.is_closed() {
            return;
        }
        if let Some(group) = self.group() {
            state.members = group.pids();
        } else if let Some(table) = table {
            state.members = Self::members(&state.leader, table);
        }
        let pss: Option<u64> = state.members.iter().map(|pid| pss_bytes(*pid)).sum_known();
        if let Some(n_bytes) = pss {
            state.tally.see_memory(n_bytes, "pss");
        }
        self.read_cpu(&mut state);
    }
}

/// The sum of those that are known; `None` if none is.
trait SumKnown {
    fn sum_known(self) -> Option<u64>;
}

impl<I: Iterator<Item = Option<u64>>> SumKnown for I {
    fn sum_known(self) -> Option<u64> {
        self.flatten().fold(None, |sum, n| Some(sum.unwrap_or(0) + n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cgroup::Hierarchy,
        command::{self, Invocation, Streams},
    };

    /// Where control groups may be made here, all of them and /proc are asked
    /// about the same process.
    #[tokio::test]
    async fn every_source_of_processor_time_says_the_same() {
        let name = format!("reprise-test-{}", std::process::id());
        let hierarchies = Hierarchy::mounted();
        let groups: Vec<Cgroup> = hierarchies
            .iter()
            .filter_map(|it| Cgroup::plan(&name, std::slice::from_ref(it)).create())
            .collect();
        let entrances = groups.iter().flat_map(|group| group.entrances().unwrap()).collect();
        let script = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let busy = Invocation::new("sh", "/").args(["-c", script]);
        let log = Streams::Log(tempfile::tempfile().unwrap());
        let (process, _) = command::spawn(&busy, log, entrances).unwrap();
        process.ended().await.unwrap();
        let in_proc = process.incarnation.stat().unwrap().cpu.as_secs_f64();
        let in_groups: Vec<_> = groups.iter().filter_map(|it| it.group.cpu()).collect();
        process.reap().unwrap();
        for group in &groups {
            assert!(group.remove().await);
        }
        assert!(in_proc > 0.0);
        for (cpu, source) in in_groups {
            let apart = (cpu.as_secs_f64() - in_proc).abs();
            assert!(apart < 0.05 + 0.2 * in_proc, "{source} says {cpu:?}, proc {in_proc}");
        }
    }

    #[test]
    fn a_hidden_process_does_not_hide_the_others() {
        assert_eq!([Some(1), None, Some(2)].into_iter().sum_known(), Some(3));
        assert_eq!([None, None].into_iter().sum_known(), None);
    }
}
