//! What a host used in a span of time.

use serde::{Deserialize, Serialize};

use super::{
    HostReading,
    kernel::{Processors, Transfer},
};

/// A host's use of itself in a span: of each counter the last reading less the
/// first, of memory the highest less the lowest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostBill {
    /// The host's name.
    pub host: String,
    /// The length of the span.
    pub duration_s: f64,
    /// The readings it rests on.
    pub n_readings: usize,
    /// Processor time, summed over the processors.
    pub processors: Processors,
    /// Bytes at all network interfaces, loopback too.
    pub network: Transfer,
    /// Bytes written to its disks.
    pub disk_written_bytes: u64,
    /// By how much its used memory varied.
    pub memory_range_bytes: u64,
}

impl HostBill {
    /// The bill of the host whose readings these are, the oldest first, which
    /// lie `duration_s` seconds apart; `None` if there are none.
    #[must_use]
    pub fn of(readings: &[&HostReading], duration_s: f64) -> Option<Self> {
        let (first, last) = (readings.first()?, readings.last()?);
        let memory = || readings.iter().map(|reading| reading.memory_used_bytes);
        let spent = |of: fn(&Processors) -> f64| of(&last.processors) - of(&first.processors);
        // A counter may fall only if an interface or a disk was taken away.
        let counted = |of: fn(&HostReading) -> u64| of(last).saturating_sub(of(first));
        Some(Self {
            host: first.host.clone(),
            duration_s,
            n_readings: readings.len(),
            processors: Processors {
                user_s: spent(|processors| processors.user_s),
                system_s: spent(|processors| processors.system_s),
                iowait_s: spent(|processors| processors.iowait_s),
                idle_s: spent(|processors| processors.idle_s),
            },
            network: Transfer {
                sent_bytes: counted(|reading| reading.network.sent_bytes),
                received_bytes: counted(|reading| reading.network.received_bytes),
            },
            disk_written_bytes: counted(|reading| reading.disk_written_bytes),
            memory_range_bytes: memory().max()? - memory().min()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at: u64, memory_used_bytes: u64) -> HostReading {
        let s = at as f64;
        HostReading {
            host: "one".into(),
            processors: Processors {
                user_s: s,
                system_s: 2.0 * s,
                iowait_s: 3.0 * s,
                idle_s: 4.0 * s,
            },
            network: Transfer { sent_bytes: 5 * at, received_bytes: 6 * at },
            disk_written_bytes: 7 * at,
            memory_used_bytes,
        }
    }

    #[test]
    fn counters_are_billed_from_end_to_end_and_memory_between_its_extremes() {
        let readings = [reading(1, 500), reading(2, 900), reading(3, 400)];
        let bill = HostBill::of(&readings.each_ref(), 2.0).unwrap();
        let Processors { user_s, system_s, iowait_s, idle_s } = bill.processors;
        assert_eq!([user_s, system_s, iowait_s, idle_s], [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(bill.network, Transfer { sent_bytes: 10, received_bytes: 12 });
        assert_eq!((bill.disk_written_bytes, bill.memory_range_bytes), (14, 500));
        assert_eq!((bill.n_readings, bill.duration_s), (3, 2.0));
    }

    #[test]
    fn a_counter_that_fell_is_no_negative_use() {
        let readings = [reading(3, 0), reading(1, 0)];
        assert_eq!(HostBill::of(&readings.each_ref(), 1.0).unwrap().network, Transfer::default());
        assert_eq!(HostBill::of(&[], 1.0), None);
    }
}
