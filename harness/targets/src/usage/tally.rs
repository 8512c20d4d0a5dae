//! The figures of one instance, as readings come in.

use std::time::{Duration, Instant};

use node::NetworkBytes;

use super::{InterfaceBytes, Usage, integral::Integral};

/// What was seen so far, by whoever looks; nothing is read here.
#[derive(Debug)]
pub(crate) struct Tally {
    started_at: Instant,
    ended_at: Option<Instant>,
    cpu: Duration,
    cpu_source: Option<&'static str>,
    memory: Integral,
    memory_source: Option<&'static str>,
    charged_peak: Option<(u64, &'static str)>,
    network: Option<NetworkBytes>,
    interface: Option<InterfaceBytes>,
}

impl Tally {
    /// The figures of an instance that has just started.
    pub(crate) fn begin() -> Self {
        Self {
            started_at: Instant::now(),
            ended_at: None,
            cpu: Duration::ZERO,
            cpu_source: None,
            memory: Integral::default(),
            memory_source: None,
            charged_peak: None,
            network: None,
            interface: None,
        }
    }

    /// Whether the instance has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.ended_at.is_some()
    }

    /// Its processor time since its start. One that is lower than before is
    /// ignored: a child that ended unwaited-for takes its time with it.
    pub(crate) fn see_cpu(&mut self, cpu: Duration, source: &'static str) {
        self.cpu = self.cpu.max(cpu);
        self.cpu_source = Some(source);
    }

    /// Its memory now.
    pub(crate) fn see_memory(&mut self, n_bytes: u64, source: &'static str) {
        self.memory.add(Instant::now(), n_bytes);
        self.memory_source = Some(source);
    }

    /// The most that its control group was ever charged.
    pub(crate) fn see_charged_peak(&mut self, n_bytes: u64, source: &'static str) {
        let before = self.charged_peak.map_or(0, |(n_bytes, _)| n_bytes);
        self.charged_peak = Some((n_bytes.max(before), source));
    }

    /// What the instance itself counted.
    pub(crate) fn see_network(&mut self, network: NetworkBytes) {
        self.network = Some(network);
    }

    /// What its interfaces counted since its start. Less than before is
    /// ignored: at the end they are taken away one after the other.
    pub(crate) fn see_interface(&mut self, interface: InterfaceBytes) {
        let (sent_bytes, received_bytes) =
            self.interface.as_ref().map_or((0, 0), |it| (it.sent_bytes, it.received_bytes));
        self.interface = Some(InterfaceBytes {
            sent_bytes: interface.sent_bytes.max(sent_bytes),
            received_bytes: interface.received_bytes.max(received_bytes),
            source: interface.source,
        });
    }

    /// It has ended.
    pub(crate) fn close(&mut self) {
        let now = Instant::now();
        self.memory.interrupt(now);
        self.ended_at.get_or_insert(now);
    }

    /// It was started again.
    pub(crate) fn reopen(&mut self) {
        self.memory.interrupt(Instant::now());
        self.ended_at = None;
    }

    /// Everything so far.
    pub(crate) fn usage(&self, instance: &str, role: &str) -> Usage {
        let until = self.ended_at.unwrap_or_else(Instant::now);
        let lifetime_s = (until - self.started_at).as_secs_f64();
        let memory = self.memory_until(until);
        // The highest charge stands in only where no sample was caught.
        let (peak_bytes, byte_s, source) = match self.charged_peak {
            Some((peak_bytes, source)) if memory.n_samples == 0 => {
                (peak_bytes, peak_bytes as f64 * lifetime_s, Some(source))
            }
            _ => (memory.peak_bytes, memory.byte_s, self.memory_source),
        };
        Usage {
            instance: instance.to_owned(),
            role: role.to_owned(),
            lifetime_s,
            cpu_s: self.cpu.as_secs_f64(),
            cpu_source: self.cpu_source.unwrap_or("none").to_owned(),
            memory_peak_bytes: peak_bytes,
            memory_byte_s: byte_s,
            memory_source: source.unwrap_or("none").to_owned(),
            n_samples: memory.n_samples,
            sampling_interval_s: memory.interval_s(),
            network: self.network,
            interface: self.interface.clone(),
        }
    }

    /// Its processor time so far.
    pub(crate) fn cpu(&self) -> Duration {
        self.cpu
    }

    /// What its interfaces counted so far.
    pub(crate) fn interface(&self) -> Option<&InterfaceBytes> {
        self.interface.as_ref()
    }

    fn memory_until(&self, now: Instant) -> Integral {
        let mut memory = self.memory;
        memory.extend(now);
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_stands_in_only_where_no_sample_was_caught() {
        let mut tally = Tally::begin();
        tally.see_charged_peak(4096, "cgroup-v1");
        let usage = tally.usage("job-0", "job");
        assert_eq!((usage.memory_peak_bytes, usage.n_samples), (4096, 0));
        assert_eq!(usage.memory_source, "cgroup-v1");
        tally.see_memory(1024, "pss");
        let usage = tally.usage("job-0", "job");
        assert_eq!((usage.memory_peak_bytes, usage.n_samples), (1024, 1));
        assert_eq!(usage.memory_source, "pss");
    }

    #[test]
    fn processor_time_never_falls() {
        let mut tally = Tally::begin();
        tally.see_cpu(Duration::from_secs(2), "proc");
        tally.see_cpu(Duration::from_secs(1), "proc");
        assert_eq!(tally.usage("job-0", "job").cpu_s, 2.0);
    }

    #[test]
    fn an_interface_that_is_taken_away_takes_no_bytes_along() {
        let mut tally = Tally::begin();
        let seen = |sent_bytes, received_bytes| InterfaceBytes {
            sent_bytes,
            received_bytes,
            source: "proc-net-dev".to_owned(),
        };
        tally.see_interface(seen(10, 20));
        tally.see_interface(seen(4, 30));
        assert_eq!(tally.usage("job-0", "job").interface, Some(seen(10, 30)));
    }

    #[test]
    fn nothing_changes_after_the_end() {
        let mut tally = Tally::begin();
        tally.see_memory(1024, "pss");
        tally.close();
        let first = tally.usage("job-0", "job");
        std::thread::yield_now();
        assert_eq!(first, tally.usage("job-0", "job"));
    }

    #[test]
    fn what_was_never_seen_has_no_source() {
        let usage = Tally::begin().usage("job-0", "job");
        assert_eq!((usage.cpu_source.as_str(), usage.memory_source.as_str()), ("none", "none"));
    }
}
