//! The memory of idle instances.

use harness::Usage;

use crate::idle::memory;

fn usage(lifetime_s: f64, memory_byte_s: f64) -> Usage {
    Usage {
        instance: "function-0".into(),
        role: "function".into(),
        lifetime_s,
        cpu_s: 0.1,
        cpu_source: "proc".into(),
        memory_peak_bytes: 5000,
        memory_byte_s,
        memory_source: "pss".into(),
        n_samples: 10,
        sampling_interval_s: None,
        network: None,
        interface: None,
    }
}

#[test]
fn only_the_memory_between_the_readings_counts() {
    let before = [usage(1.0, 5000.0), usage(2.0, 9000.0)];
    let after = [usage(3.0, 7000.0), usage(4.0, 13_000.0)];
    let memory = memory(&before, &after).unwrap();
    assert_eq!((memory.source.as_str(), memory.per_instance_bytes()), ("pss", Some(1500.0)));
    assert_eq!(memory.rss_per_instance_bytes(), None);
}

#[test]
fn without_an_instance_there_is_none() {
    assert!(memory(&[], &[]).is_err());
}
