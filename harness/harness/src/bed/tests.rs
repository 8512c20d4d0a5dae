//! Starting several instances at once, on a testbed that only counts.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use async_trait::async_trait;
use targets::{
    host::{HostReading, Processors, Transfer},
    target::Casualty,
};
use tokio::sync::Barrier;

use super::*;

/// How many instances a test starts: more than some implementations of waiting
/// for all take as a few.
const N: u32 = 40;

/// An instance starts once all have been asked for, so that one after the other
/// would never end.
struct Counting {
    n_asked: AtomicU32,
    all_asked: Barrier,
    failing: Option<u32>,
    /// Readings of the hosts so far.
    n_readings: AtomicU64,
    n_hosts: u64,
}

impl Counting {
    fn bed(failing: Option<u32>) -> Bed {
        Self { failing, ..Self::of(N, 0) }.into_bed(&std::env::temp_dir())
    }

    /// Instances start `n` at a time, on so many hosts.
    fn of(n: u32, n_hosts: u64) -> Self {
        let all_asked = Barrier::new(n as usize);
        let (n_asked, n_readings) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { n_asked, all_asked, failing: None, n_readings, n_hosts }
    }

    fn into_bed(self, dir: &Path) -> Bed {
        let environment = Environment::parse("target = \"counting\"").unwrap();
        Bed::new(Box::new(self), "binary".into(), environment, vec![], dir.to_owned(), 1)
    }
}

#[async_trait]
impl Testbed for Counting {
    fn instances_are(&self) -> &'static str {
        "number"
    }

    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        let number = self.n_asked.fetch_add(1, Ordering::SeqCst);
        self.all_asked.wait().await;
        anyhow::ensure!(self.failing != Some(number), "number {number} does not start");
        let id = format!("{}-{number}", spec.role);
        Ok(Instance { id, role: spec.role.clone(), addresses: [].into() })
    }

    async fn ready(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }

    async fn finished(&self, _: &Instance, _: Duration) -> anyhow::Result<()> {
        Ok(())
    }

    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage> {
        anyhow::bail!("{} used nothing", instance.id)
    }

    /// Each reading finds a second of use, and 10 bytes, more than the last.
    async fn hosts(&self) -> anyhow::Result<Vec<HostReading>> {
        let n = self.n_readings.fetch_add(1, Ordering::SeqCst);
        let reading = |host: u64| HostReading {
            host: format!("host-{host}"),
            processors: Processors { user_s: n as f64, ..Processors::default() },
            network: Transfer { sent_bytes: 10 * n, received_bytes: 0 },
            disk_written_bytes: 0,
            memory_used_bytes: 1_000 - n,
        };
        Ok((0..self.n_hosts).map(reading).collect())
    }

    async fn log_tail(&self, _: &Instance, _: usize) -> anyhow::Result<String> {
        Ok(String::new())
    }

    async fn collect(&self, _: &Instance, _: &Path) -> anyhow::Result<()> {
        Ok(())
    }

    async fn casualties(&self) -> anyhow::Result<Vec<Casualty>> {
        Ok(vec![])
    }

    async fn stop(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }

    async fn tear_down(&self) -> anyhow::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn many_start_at_once_and_are_numbered_in_order() {
    let bed = Counting::bed(None);
    let started = bed.start_many(&Role::job("worker", &[]), N).await.unwrap();
    let ids: Vec<_> = started.iter().map(|instance| instance.id.clone()).collect();
    assert_eq!(ids, (0..N).map(|number| format!("worker-{number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn if_one_does_not_start_the_others_are_known_and_its_error_is_told() {
    let bed = Counting::bed(Some(7));
    let error = bed.start_many(&Role::job("worker", &[]), N).await.unwrap_err();
    assert_eq!(error.to_string(), "number 7 does not start");
    assert_eq!(bed.started().len(), N as usize - 1);
}

#[tokio::test]
async fn the_workloads_hosts_are_billed_from_its_start_to_its_end() {
    let attempt = tempfile::tempdir().unwrap();
    let bed = Counting::of(1, 2).into_bed(attempt.path());
    bed.run_billed(&Role::job("client", &[]), Duration::from_secs(1)).await.unwrap();
    let bills = bed.bills();
    let hosts: Vec<_> = bills.iter().map(|bill| bill.host.as_str()).collect();
    assert_eq!(hosts, ["host-0", "host-1"]);
    for bill in &bills {
        let n = bill.n_readings as u64 - 1;
        assert!(n >= 1 && bill.duration_s > 0.0, "{bill:?}");
        assert_eq!(bill.processors, Processors { user_s: n as f64, ..Processors::default() });
        assert_eq!((bill.network.sent_bytes, bill.memory_range_bytes), (10 * n, n));
    }
    let stored = std::fs::read_to_string(attempt.path().join("hosts.jsonl")).unwrap();
    assert_eq!(stored.lines().count(), bills.iter().map(|bill| bill.n_readings).sum::<usize>());
    let first = stored.lines().next().unwrap();
    assert!(first.contains(r#""host":"host-0","cpu_user_s":0.0"#), "{first}");
}

#[tokio::test]
async fn a_workload_that_fails_has_no_bill() {
    let attempt = tempfile::tempdir().unwrap();
    let testbed = Counting { failing: Some(0), ..Counting::of(1, 1) };
    let bed = testbed.into_bed(attempt.path());
    let job = Role::job("client", &[]);
    let error = bed.run_billed(&job, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "number 0 does not start");
    assert!(bed.bills().is_empty());
}
