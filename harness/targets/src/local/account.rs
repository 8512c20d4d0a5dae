//! The account of one instance: what it has used so far, kept after its end.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use node::NetworkBytes;

use super::cgroup::Cgroup;
use crate::{
    process::{Incarnation, Table, pss_bytes},
    usage::Usage,
};

/// What is known of an instance's use of the machine.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) leader: Incarnation,
    pub(crate) cgroup: Option<Cgroup>,
    started_at: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: Vec<u32>,
    cpu: Duration,
    cpu_source: Option<&'static str>,
    memory: Integral,
    cgroup_peak: Option<(u64, &'static str)>,
    network: Option<NetworkBytes>,
    ended_at: Option<Instant>,
}

/// Memory over time, as a step function through the samples.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Integral {
    last: Option<(Instant, u64)>,
    peak_bytes: u64,
    byte_s: f64,
    n_samples: u64,
}

impl Account {
    pub(crate) fn open(leader: Incarnation, cgroup: Option<Cgroup>) -> Self {
        let state = State { members: vec![leader.pid], ..State::default() };
        Self { leader, cgroup, started_at: Instant::now(), state: Mutex::new(state) }
    }

    /// Whether the processes have to be looked for in the whole of /proc.
    pub(crate) fn needs_table(&self) -> bool {
        self.cgroup.is_none() && !self.is_closed()
    }

    /// Whether the instance has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().ended_at.is_some()
    }

    /// Reads processor time and memory now. `table`, where it is needed and
    /// given, renews the list of the instance's processes.
    pub(crate) fn sample(&self, table: Option<&Table>) {
        let mut state = self.state();
        if state.ended_at.is_some() {
            return;
        }
        if let Some(cgroup) = &self.cgroup {
            state.members = cgroup.pids();
        } else if let Some(table) = table {
            state.members = self.members(table);
        }
        let pss: Option<u64> = state.members.iter().map(|pid| pss_bytes(*pid)).sum_known();
        if let Some(n_bytes) = pss {
            state.memory.add(Instant::now(), n_bytes);
        }
        self.read_cpu(&mut state);
    }

    /// Takes the last readings of an instance that has ended and is not reaped.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        self.read_cpu(&mut state);
        state.cgroup_peak = self.cgroup.as_ref().and_then(Cgroup::memory_peak_bytes);
        let now = Instant::now();
        state.memory.extend(now);
        state.ended_at = Some(now);
    }

    /// Keeps what the instance itself counted.
    pub(crate) fn set_network(&self, network: NetworkBytes) {
        self.state().network = Some(network);
    }

    /// Everything so far.
    pub(crate) fn usage(&self, instance: &str, role: &str) -> Usage {
        let state = self.state();
        let until = state.ended_at.unwrap_or_else(Instant::now);
        let lifetime_s = (until - self.started_at).as_secs_f64();
        let memory = Memory::of(&state, lifetime_s);
        Usage {
            instance: instance.to_owned(),
            role: role.to_owned(),
            lifetime_s,
            cpu_s: state.cpu.as_secs_f64(),
            cpu_source: state.cpu_source.unwrap_or("proc").to_owned(),
            memory_peak_bytes: memory.peak_bytes,
            memory_byte_s: memory.byte_s,
            memory_source: memory.source.to_owned(),
            n_samples: state.memory.n_samples,
            network: state.network,
        }
    }

    /// The processes of the instance's group, and their descendants.
    pub(crate) fn members(&self, table: &Table) -> Vec<u32> {
        let group = table
            .processes
            .values()
            .filter(|stat| stat.group == self.leader.pid && !stat.is_dead());
        table.with_descendants(group.map(|stat| stat.pid)).into_iter().collect()
    }

    fn read_cpu(&self, state: &mut State) {
        let (cpu, source) = match self.cgroup.as_ref().and_then(Cgroup::cpu) {
            Some((cpu, source)) => (cpu, source),
            None => (self.cpu_in_proc(&state.members), "proc"),
        };
        // A child that ended unwaited-for takes its time with it: never fall.
        state.cpu = state.cpu.max(cpu);
        state.cpu_source = Some(source);
    }

    /// The leader may have ended; its times stay readable until it is reaped.
    fn cpu_in_proc(&self, members: &[u32]) -> Duration {
        let others = members.iter().filter(|pid| **pid != self.leader.pid);
        let others = others.filter_map(|pid| crate::process::Stat::of(*pid));
        self.leader.stat().into_iter().chain(others).map(|stat| stat.cpu).sum()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Integral {
    fn add(&mut self, now: Instant, n_bytes: u64) {
        self.extend(now);
        self.last = Some((now, n_bytes));
        self.peak_bytes = self.peak_bytes.max(n_bytes);
        self.n_samples += 1;
    }

    /// The memory stayed as it was until now.
    fn extend(&mut self, now: Instant) {
        if let Some((then, n_bytes)) = self.last {
            self.byte_s += n_bytes as f64 * now.saturating_duration_since(then).as_secs_f64();
            self.last = Some((now, n_bytes));
        }
    }
}

/// The memory figures and their source: PSS, because it means the same with and
/// without control groups; the group's peak only where no sample was caught.
struct Memory {
    peak_bytes: u64,
    byte_s: f64,
    source: &'static str,
}

impl Memory {
    fn of(state: &State, lifetime_s: f64) -> Self {
        match state.cgroup_peak {
            Some((peak_bytes, source)) if state.memory.n_samples == 0 => {
                Self { peak_bytes, byte_s: peak_bytes as f64 * lifetime_s, source }
            }
            _ => {
                let mut memory = state.memory;
                if state.ended_at.is_none() {
                    memory.extend(Instant::now());
                }
                Self { peak_bytes: memory.peak_bytes, byte_s: memory.byte_s, source: "pss" }
            }
        }
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
        command::{self, Invocation, Streams},
        local::cgroup::Hierarchy,
    };

    #[test]
    fn memory_is_integrated_as_steps() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut memory = Integral::default();
        memory.add(at(1), 100);
        memory.add(at(3), 50);
        memory.extend(at(7));
        assert_eq!(memory.byte_s, 2.0 * 100.0 + 4.0 * 50.0);
        assert_eq!((memory.peak_bytes, memory.n_samples), (100, 2));
    }

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
        let in_groups: Vec<_> = groups.iter().filter_map(Cgroup::cpu).collect();
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
