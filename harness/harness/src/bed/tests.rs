//! Starting several instances at once, on a testbed that only counts.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use targets::target::Casualty;
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
}

impl Counting {
    fn bed(failing: Option<u32>) -> Bed {
        let all_asked = Barrier::new(N as usize);
        let testbed = Self { n_asked: AtomicU32::new(0), all_asked, failing };
        let environment = Environment::parse("target = \"counting\"").unwrap();
        let dir = std::env::temp_dir();
        Bed::new(Box::new(testbed), "binary".into(), environment, vec![], dir, 1)
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
