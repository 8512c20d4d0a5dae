//! Whole simulations: nothing is lost, nothing is late, and a queue that theory
//! knows waits as long as theory says.

use std::{collections::VecDeque, sync::Arc};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::{Log, Network, Outcome, Simulation};
use crate::{
    message::{ActionStatus, ClientStatus, ModelId, Request, Response},
    models::{Catalogue, Deployment},
    scheduler::{Cluster, Infer4, ServedModel, Settings},
    telemetry::{ActionRow, RequestRow},
    time::{MILLISECOND, Nanos, SECOND},
    worker::{CacheSize, EmulatedDevice, Gpu, Noise},
    workload::{Arrival, Instances, Workload},
};

/// Requests whose times are known beforehand.
struct Listed {
    arrivals: VecDeque<Arrival>,
    instances: Instances,
}

impl Workload for Listed {
    fn next_at(&self) -> Option<Nanos> {
        self.arrivals.front().map(|arrival| arrival.at)
    }

    fn send(&mut self) -> Option<Arrival> {
        self.arrivals.pop_front()
    }

    fn instances(&self) -> &Instances {
        &self.instances
    }

    fn answered(&mut self, _: Nanos, _: &Response) {}
}

/// A Poisson process over all models, more often the first ones.
fn poisson(seed: u64, rate_per_s: f64, n_models: usize, duration: Nanos) -> Listed {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut arrivals = VecDeque::new();
    let mut at = 0.0;
    loop {
        at += -(1.0 - random.random::<f64>()).ln() / rate_per_s * SECOND as f64;
        if at >= duration as f64 {
            let instances = Instances { varieties: vec![] };
            return Listed { arrivals, instances };
        }
        let model = (random.random::<f64>().powi(4) * n_models as f64) as u32;
        let id = arrivals.len() as u64;
        let request = Request { id, user_id: model, model: ModelId(model), slo_factor: 0.0 };
        arrivals.push_back(Arrival { at: at as Nanos, request });
    }
}

/// Both logs, as rows.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    requests: Vec<RequestRow>,
    actions: Vec<ActionRow>,
}

impl Log for Rows {
    fn request(&mut self, row: &RequestRow) -> anyhow::Result<()> {
        self.requests.push(*row);
        Ok(())
    }

    fn action(&mut self, row: &ActionRow) -> anyhow::Result<()> {
        self.actions.push(*row);
        Ok(())
    }
}

/// What is simulated.
struct Case {
    settings: Settings,
    n_gpus: u32,
    pages_per_gpu: u32,
    noise: Option<Noise>,
    deployment: Deployment,
}

impl Case {
    fn all_varieties() -> Self {
        Self {
            settings: Settings::default(),
            n_gpus: 2,
            pages_per_gpu: 60,
            noise: None,
            deployment: Deployment::of_all(Catalogue::published(), 1),
        }
    }

    fn run(self, mut workload: Listed) -> (Outcome, Rows) {
        let size = CacheSize { n_pages: self.pages_per_gpu, ..CacheSize::V100_32GB };
        let deployment = Arc::new(self.deployment);
        let served: Vec<_> = deployment
            .models()
            .map(|model| ServedModel::of(deployment.variety(model), size))
            .collect();
        let cluster = Cluster {
            n_workers: self.n_gpus,
            gpus_per_worker: 1,
            pages_per_gpu: self.pages_per_gpu,
        };
        let mut scheduler = Infer4::new(self.settings, cluster, &served).unwrap();
        let device = |seed| match self.noise {
            None => EmulatedDevice::exact(),
            Some(noise) => EmulatedDevice::noisy(noise, seed),
        };
        let gpus = (0..u64::from(self.n_gpus))
            .map(|gpu| Gpu::new(device(gpu), Arc::clone(&deployment), size))
            .collect();
        let mut rows = Rows::default();
        let network = Network::default();
        let simulation = Simulation::new(&mut scheduler, &mut workload, network, gpus);
        let outcome = simulation.run(Nanos::MAX, &mut rows).unwrap();
        (outcome, rows)
    }
}

#[test]
fn every_request_is_answered_once_however_many_there_are() {
    for (seed, rate_per_s) in [(1, 50.0), (2, 500.0), (3, 5_000.0)] {
        for original_mistakes in [false, true] {
            let settings = Settings { original_mistakes, ..Settings::default() };
            let noise = Some(Noise::V100);
            let case = Case { settings, noise, ..Case::all_varieties() };
            let (outcome, rows) = case.run(poisson(seed, rate_per_s, 61, 2 * SECOND));
            let mut ids: Vec<_> = rows.requests.iter().map(|row| row.request_id).collect();
            ids.sort_unstable();
            assert_eq!(ids, (0..outcome.n_requests).collect::<Vec<_>>());
            assert_eq!(rows.actions.len() as u64, outcome.n_actions);
        }
    }
}

#[test]
fn what_is_executed_is_in_time_if_gpus_take_as_long_as_was_expected() {
    let (_, rows) = Case::all_varieties().run(poisson(7, 2_000.0, 61, 2 * SECOND));
    let succeeded = rows.requests.iter().filter(|row| row.result == ClientStatus::Success);
    let latest = succeeded.map(|row| row.latency).max().unwrap();
    assert!(latest <= 100 * MILLISECOND, "{latest}");
    let failed = rows.actions.iter().filter(|row| row.status != ActionStatus::Success);
    assert_eq!(failed.count(), 0);
    let n_late = rows.requests.iter().filter(|row| !row.deadline_met()).count();
    assert!(n_late > 0, "the load was to be more than can be done");
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let run = || {
        let case = Case { noise: Some(Noise::V100), ..Case::all_varieties() };
        case.run(poisson(11, 800.0, 61, SECOND))
    };
    assert_eq!(run(), run());
}

/// Poisson arrivals at one server whose service always takes as long: the mean
/// wait is ρs / 2(1 - ρ) (Pollaczek and Khinchine).
#[test]
fn one_model_without_batches_waits_as_long_as_in_m_d_1() {
    let deployment = Deployment::new(Catalogue::published(), [("resnet50_v2", 1)]).unwrap();
    let service_ms = 2.73;
    let utilisation = 0.5;
    let settings = Settings { max_batch: 1, ..Settings::default() };
    let case = Case { settings, n_gpus: 1, deployment, ..Case::all_varieties() };
    let rate_per_s = utilisation / service_ms * 1e3;
    let (_, rows) = case.run(poisson(13, rate_per_s, 1, 400 * SECOND));
    let warm: Vec<_> = rows.requests.iter().filter(|row| row.arrival_count > 0).collect();
    let mean_ms = warm.iter().map(|row| row.latency as f64 / 1e6).sum::<f64>() / warm.len() as f64;
    let network_ms = 2.0 * Network::default().one_way as f64 / 1e6;
    let expected_ms =
        network_ms + service_ms + utilisation * service_ms / (2.0 * (1.0 - utilisation));
    // Some 73,000 waits, correlated over some tens: their mean is known to 2 %.
    assert!((mean_ms / expected_ms - 1.0).abs() < 0.02, "{mean_ms} ms, expected {expected_ms} ms");
}
