//! Measures what the testbed starts for a role: containers, or processes.

use std::time::{Duration, Instant};

use faasm::overheads::{Capacity, ChurnRate, Costs, Cycles, Headroom, Schedule, Served, Stopped};
use futures_util::future::try_join_all;
use harness::{Bed, Instance, Role};
use tokio::time::sleep;

use super::{
    NOOP, idle,
    params::{Mode, Params},
};
use crate::support::deployment::Storage;

/// For how long instances idle while their memory is watched.
const IDLE: Duration = Duration::from_secs(1);

/// Starts instances of the native no-op, lets them idle, stops them, and starts
/// others at growing rates.
pub(super) async fn measure(params: &Params, bed: &Bed) -> anyhow::Result<Costs> {
    let storage = Storage::start(bed).await?;
    let own = ["--user", NOOP.user, "--function", NOOP.name];
    let role = Role::server("function", &[&["--kv", storage.kv()][..], &own].concat());
    let filled = Filled::start(params, bed, &role).await?;
    let instances: Vec<_> = filled.instances.iter().collect();
    let before = bed.usage(&instances).await?;
    sleep(IDLE).await;
    let after = bed.usage(&instances).await?;
    try_join_all(instances.iter().map(|instance| bed.stop(instance))).await?;
    let mut churn = Vec::new();
    for per_s in params.churn_per_s.of(Mode::Instance) {
        let schedule = Schedule { per_s: *per_s, span: Duration::from_secs_f64(params.churn_s) };
        churn.push(churn_at(&schedule, bed, &role).await?);
    }
    let cpu_s: f64 = before.iter().map(|usage| usage.cpu_s).sum();
    Ok(Costs {
        instance: bed.instances_are().to_owned(),
        init_us: filled.init_us,
        cpu_us: cpu_s * 1e6 / instances.len() as f64,
        cycles: Cycles::NotCounted {
            why: "the testbed reads processor time, not cycles".to_owned(),
        },
        memory: idle::memory(&before, &after)?,
        capacity: filled.capacity,
        churn,
    })
}

/// Instances that stay.
struct Filled {
    instances: Vec<Instance>,
    init_us: Vec<f64>,
    capacity: Capacity,
}

impl Filled {
    /// Starts one after the other until there are as many as may be. Without
    /// those that are timed there is nothing to say, so their failure is one.
    async fn start(params: &Params, bed: &Bed, role: &Role) -> anyhow::Result<Self> {
        let starts = *params.starts.of(Mode::Instance);
        let max = *params.capacity_max.of(Mode::Instance);
        let (mut instances, mut init_us) = (Vec::new(), Vec::new());
        let mut stopped = Stopped::Bound;
        while (instances.len() as u64) < max {
            let is_timed = (instances.len() as u64) < starts;
            if let Some(lacks) = Headroom::now()?.lacks().filter(|_| !is_timed) {
                stopped = Stopped::By(lacks);
                break;
            }
            let began = Instant::now();
            match bed.start(role).await {
                Ok(instance) => instances.push(instance),
                Err(error) if is_timed => return Err(error),
                Err(error) => {
                    stopped = Stopped::By(format!("{error:#}"));
                    break;
                }
            }
            if is_timed {
                init_us.push(began.elapsed().as_secs_f64() * 1e6);
            }
        }
        let capacity = Capacity { reached: instances.len() as u64, stopped };
        Ok(Self { instances, init_us, capacity })
    }
}

/// Starts instances on schedule, each of which stops once it was ready.
async fn churn_at(schedule: &Schedule, bed: &Bed, role: &Role) -> anyhow::Result<ChurnRate> {
    let began = Instant::now();
    let starts = (0..schedule.n()).map(|index| async move {
        sleep(schedule.due(index).saturating_sub(began.elapsed())).await;
        let instance = bed.start(role).await?;
        let served = Served { index, at: began.elapsed() };
        bed.stop(&instance).await?;
        anyhow::Ok(served)
    });
    Ok(ChurnRate::of(schedule, &try_join_all(starts).await?)?)
}
