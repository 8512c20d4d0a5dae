//! What is written of faults, and what is refused; that faults work is for the
//! targets to prove.

use std::{collections::BTreeMap, fs, path::Path};

use async_trait::async_trait;
use serde_json::Value;
use targets::{
    fault::{Kill, Partition, Pause, Restart, Throttle},
    host::HostReading,
    role::RoleSpec,
    target::{Casualty, Testbed},
    usage::Usage,
};

use super::*;
use crate::{fault::Outcome, profile::Environment};

/// A testbed whose instances are mere names and cannot be delayed, nor their
/// disks filled.
struct Names;

#[async_trait]
impl Testbed for Names {
    fn instances_are(&self) -> &'static str {
        "name"
    }

    async fn start(&self, spec: &RoleSpec) -> anyhow::Result<Instance> {
        anyhow::bail!("{} is a mere name", spec.role)
    }
    async fn ready(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
    async fn finished(&self, _: &Instance, _: Duration) -> anyhow::Result<()> {
        Ok(())
    }
    async fn usage(&self, instance: &Instance) -> anyhow::Result<Usage> {
        anyhow::bail!("{} is a mere name", instance.id)
    }
    async fn hosts(&self) -> anyhow::Result<Vec<HostReading>> {
        Ok(vec![])
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
    fn kill(&self) -> Option<&dyn Kill> {
        Some(self)
    }
    fn pause(&self) -> Option<&dyn Pause> {
        Some(self)
    }
    fn restart(&self) -> Option<&dyn Restart> {
        Some(self)
    }
    fn partition(&self) -> Option<&dyn Partition> {
        Some(self)
    }
    fn throttle(&self) -> Option<&dyn Throttle> {
        Some(self)
    }
}

#[async_trait]
impl Kill for Names {
    async fn kill(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Pause for Names {
    async fn pause(&self, instance: &Instance) -> anyhow::Result<()> {
        anyhow::ensure!(instance.id != "dead-0", "dead-0 does not run: it exited with code 1");
        Ok(())
    }
    async fn resume(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Restart for Names {
    async fn restart(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Partition for Names {
    async fn cut(&self, _: &Instance, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
    async fn heal(&self, _: &Instance, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Throttle for Names {
    async fn throttle(&self, _: &Instance, _: BitRate) -> anyhow::Result<Means> {
        Ok(Means::Tbf)
    }
    async fn unthrottle(&self, _: &Instance) -> anyhow::Result<()> {
        Ok(())
    }
}

fn bed(dir: &Path) -> Bed {
    let environment = Environment::parse("target = \"toy\"").unwrap();
    Bed::new(Box::new(Names), "/bin/toy".into(), environment, vec![], dir.to_owned(), 7)
}

fn instance(id: &str) -> Instance {
    let (role, _) = id.split_once('-').unwrap();
    Instance { id: id.to_owned(), role: role.to_owned(), addresses: BTreeMap::new() }
}

/// The lines of the file with each time replaced by its rank among all times.
fn lines(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("faults.jsonl")).unwrap();
    let mut records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_time = |key: &str| ["asked_s", "in_force_s", "undo_asked_s", "undone_s"].contains(&key);
    let times = |record: &Value| {
        let fields = record.as_object().unwrap().iter().filter(|(key, _)| is_time(key));
        fields.filter_map(|(_, value)| value.as_f64()).collect::<Vec<_>>()
    };
    let mut all: Vec<f64> = records.iter().flat_map(times).collect();
    all.sort_by(f64::total_cmp);
    for record in &mut records {
        for (key, value) in record.as_object_mut().unwrap() {
            if let Some(time) = value.as_f64().filter(|_| is_time(key)) {
                *value = all.iter().position(|it| *it == time).unwrap().into();
            }
        }
    }
    records.iter().map(|record| format!("{record}\n")).collect()
}

#[tokio::test]
async fn every_fault_is_a_line_with_its_four_times() {
    let dir = tempfile::tempdir().unwrap();
    let (bed, a, b) = (bed(dir.path()), instance("worker-0"), instance("worker-1"));
    bed.cut(&b, &a).await.unwrap();
    bed.throttle(&a, BitRate(8_000_000)).await.unwrap();
    bed.unthrottle(&a).await.unwrap();
    // A cut has no direction.
    bed.heal(&a, &b).await.unwrap();
    insta::assert_snapshot!(lines(dir.path()), @r#"
    {"amount":null,"asked_s":0,"fault":"partition","in_force_s":1,"instances":["worker-0","worker-1"],"means":null,"undo_asked_s":6,"undone_s":7}
    {"amount":{"limit_bit_per_s":8000000},"asked_s":2,"fault":"throttle","in_force_s":3,"instances":["worker-0"],"means":"tbf","undo_asked_s":4,"undone_s":5}
    "#);
}

#[tokio::test]
async fn a_restart_ends_the_kill_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (bed, a) = (bed(dir.path()), instance("worker-0"));
    bed.kill(&a).await.unwrap();
    bed.restart(&a).await.unwrap();
    bed.kill(&a).await.unwrap();
    insta::assert_snapshot!(lines(dir.path()), @r#"
    {"amount":null,"asked_s":0,"fault":"kill","in_force_s":1,"instances":["worker-0"],"means":null,"undo_asked_s":3,"undone_s":4}
    {"amount":null,"asked_s":2,"fault":"restart","in_force_s":5,"instances":["worker-0"],"means":null,"undo_asked_s":null,"undone_s":null}
    {"amount":null,"asked_s":6,"fault":"kill","in_force_s":7,"instances":["worker-0"],"means":null,"undo_asked_s":null,"undone_s":null}
    "#);
}

#[tokio::test]
async fn a_fault_that_failed_was_asked_for_and_never_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let (bed, dead) = (bed(dir.path()), instance("dead-0"));
    bed.pause(&dead).await.unwrap_err();
    insta::assert_snapshot!(lines(dir.path()), @r#"{"amount":null,"asked_s":0,"fault":"pause","in_force_s":null,"instances":["dead-0"],"means":null,"undo_asked_s":null,"undone_s":null}"#);
}

#[tokio::test]
async fn what_is_in_force_or_is_not_cannot_be_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let (bed, a) = (bed(dir.path()), instance("worker-0"));
    let error = bed.resume(&a).await.unwrap_err();
    insta::assert_snapshot!(error, @"worker-0: not paused, so nothing is to undo");
    bed.pause(&a).await.unwrap();
    let error = bed.pause(&a).await.unwrap_err();
    insta::assert_snapshot!(error, @"worker-0: already paused (hint: undo that first)");
}

#[tokio::test]
async fn a_power_that_the_target_lacks_is_a_lack_of_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let (bed, a) = (bed(dir.path()), instance("worker-0"));
    let error = bed.delay(&a, Duration::from_millis(5)).await.unwrap_err();
    assert_eq!(Outcome::of(&error), Outcome::Unavailable);
    insta::assert_snapshot!(error, @r"
    the target `toy` cannot delay what instances send
    (hint: `--profile docker` runs on one that can)
    ");
}
