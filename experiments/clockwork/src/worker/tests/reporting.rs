//! A device that reports its completions: driven by hand, as a real one drives itself.

use std::collections::BTreeMap;

use super::bed::{self, evict, infer, load};
use crate::{
    message::{Action, ActionResult, ActionStatus, ModelId},
    models::Variety,
    time::Nanos,
    worker::{Batch, Completion, Device, Gpu, Progress, Stage},
};

/// Says that everything is running, and notes what it was told.
#[derive(Debug, Default)]
struct Reporting {
    told: Vec<String>,
    inputs: BTreeMap<u64, Vec<u8>>,
}

impl Reporting {
    fn begun(&mut self, what: String) -> Progress {
        self.told.push(what);
        Progress::Running
    }
}

impl Device for Reporting {
    fn load(&mut self, model: ModelId, _: &Variety) -> Progress {
        self.begun(format!("load {}", model.0))
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        let Batch { action_id, n_inputs, batch_size, .. } = batch;
        self.begun(format!("execute {action_id}: {n_inputs} of {batch_size}"))
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        self.begun(format!("copy inputs of {}", batch.action_id))
    }

    fn copy_output(&mut self, batch: &Batch<'_>) -> Progress {
        self.begun(format!("copy outputs of {}", batch.action_id))
    }

    fn evict(&mut self, model: ModelId) {
        self.told.push(format!("evict {}", model.0));
    }

    fn give_input(&mut self, action_id: u64, inputs: Vec<u8>) {
        self.inputs.insert(action_id, inputs);
    }

    fn take_output(&mut self, action_id: u64) -> Option<Vec<u8>> {
        self.inputs.remove(&action_id)
    }

    fn forget(&mut self, action_id: u64) {
        self.inputs.remove(&action_id);
    }

    fn clock_mhz(&mut self) -> u32 {
        1380
    }
}

/// A GPU with such a device, and what it has answered.
struct Bed {
    gpu: Gpu<Reporting>,
    results: Vec<ActionResult>,
}

impl Bed {
    fn new() -> Self {
        Self { gpu: bed::gpu(Reporting::default()), results: Vec::new() }
    }

    /// With instance 0 loaded, at time 100.
    fn warm() -> Self {
        let mut bed = Self::new();
        bed.act(0, load(9_999, 0));
        assert_eq!(bed.ends(100, Stage::Weights), Some(ActionStatus::Success));
        bed.gpu.device_mut().told.clear();
        bed
    }

    fn act(&mut self, now: Nanos, action: Action) {
        self.gpu.act(now, action);
        self.gpu.wake(now, &mut self.results);
    }

    /// What the GPU answers when something ends that took 7 by the device's clock.
    fn ends(&mut self, now: Nanos, stage: Stage) -> Option<ActionStatus> {
        self.completed(now, stage, Ok(()))
    }

    fn completed(
        &mut self,
        now: Nanos,
        stage: Stage,
        outcome: Result<(), ActionStatus>,
    ) -> Option<ActionStatus> {
        let n_results = self.results.len();
        self.gpu.completed(now, Completion { stage, duration: 7, outcome }, &mut self.results);
        assert!(self.results.len() <= n_results + 1);
        self.results.get(n_results).map(|result| result.status)
    }

    fn told(&mut self) -> String {
        std::mem::take(&mut self.gpu.device_mut().told).join(", ")
    }
}

#[test]
fn what_runs_ends_when_it_is_reported_and_has_the_devices_duration() {
    let mut bed = Bed::warm();
    bed.act(200, infer(1, 0, 3));
    assert_eq!(bed.gpu.next_wake(), None);
    assert_eq!(bed.ends(210, Stage::Inputs), None);
    assert_eq!(bed.ends(230, Stage::Exec), None);
    assert_eq!(bed.ends(235, Stage::Outputs), Some(ActionStatus::Success));
    assert_eq!(bed.told(), "copy inputs of 1, execute 1: 3 of 4, copy outputs of 1");
    let timing = bed.results[1].timing.unwrap();
    assert_eq!((timing.begin, timing.end, timing.copy_output_end), (210, 230, 235));
    assert_eq!((timing.duration, bed.results[1].sent), (7, 235));
    assert_eq!(bed.gpu.n_unanswered(), 0);
}

#[test]
fn a_stage_begins_the_next_task_once_the_last_is_reported() {
    let mut bed = Bed::new();
    bed.act(0, load(1, 0));
    bed.act(0, load(2, 1));
    bed.act(0, Action { latest: 49, ..load(3, 2) });
    assert_eq!((bed.told().as_str(), bed.gpu.next_wake()), ("evict 0, load 0", None));
    assert_eq!(bed.ends(50, Stage::Weights), Some(ActionStatus::Success));
    assert_eq!((bed.told().as_str(), bed.gpu.next_wake()), ("evict 1, load 1", None));
    bed.gpu.completed(
        60,
        Completion { stage: Stage::Weights, duration: 7, outcome: Ok(()) },
        &mut bed.results,
    );
    let statuses = bed.results.iter().map(|result| (result.id, result.status));
    let expected =
        [(1, ActionStatus::Success), (2, ActionStatus::Success), (3, ActionStatus::LoadTooLate)];
    assert_eq!(statuses.collect::<Vec<_>>(), expected);
}

#[test]
fn a_load_that_fails_gives_its_pages_back() {
    let mut bed = Bed::new();
    bed.act(0, load(1, 0));
    assert_eq!(bed.gpu.n_free_pages(), 14);
    let failed = ActionStatus::Other(20);
    assert_eq!(bed.completed(50, Stage::Weights, Err(failed)), Some(failed));
    assert_eq!(bed.gpu.n_free_pages(), 21);
    assert!(!bed.gpu.has_weights(ModelId(0)));
    assert_eq!(bed.told(), "evict 0, load 0, evict 0");
}

#[test]
fn a_stage_that_fails_fails_its_action_and_the_device_forgets_it() {
    for (n_before, failing) in [Stage::Inputs, Stage::Exec, Stage::Outputs].iter().enumerate() {
        let mut bed = Bed::warm();
        bed.gpu.device_mut().give_input(1, vec![5]);
        bed.act(100, infer(1, 0, 1));
        for stage in [Stage::Inputs, Stage::Exec].iter().take(n_before) {
            assert_eq!(bed.ends(110, *stage), None);
        }
        let failed = ActionStatus::Other(2);
        assert_eq!(bed.completed(120, *failing, Err(failed)), Some(failed));
        assert_eq!(bed.gpu.device_mut().take_output(1), None);
        assert_eq!((bed.gpu.n_unanswered(), bed.gpu.next_wake()), (0, None));
    }
}

#[test]
fn inputs_are_forgotten_of_what_never_began() {
    let mut bed = Bed::warm();
    bed.gpu.device_mut().give_input(1, vec![5]);
    bed.act(100, Action { latest: 99, ..infer(1, 0, 1) });
    assert_eq!(bed.results[1].status, ActionStatus::CopyInputTooLate);
    assert!(bed.gpu.device_mut().inputs.is_empty());
}

#[test]
fn an_eviction_takes_effect_while_an_execution_goes_on() {
    let mut bed = Bed::warm();
    bed.act(100, infer(1, 0, 1));
    bed.ends(110, Stage::Inputs);
    bed.act(120, evict(2, 0));
    assert_eq!(bed.told(), "copy inputs of 1, execute 1: 1 of 1, evict 0");
    assert_eq!(bed.gpu.n_free_pages(), 21);
    let spoilt = Some(ActionStatus::ExecConcurrentModification);
    assert_eq!(bed.ends(130, Stage::Exec), spoilt);
}

#[test]
fn weights_that_were_cleared_while_they_were_copied_are_evicted_once_they_are_there() {
    let mut bed = Bed::new();
    bed.act(0, load(1, 0));
    bed.gpu.clear_cache();
    bed.told();
    let spoilt = Some(ActionStatus::LoadConcurrentModification);
    assert_eq!(bed.ends(50, Stage::Weights), spoilt);
    assert_eq!(bed.told(), "evict 0");
}

#[test]
#[should_panic(expected = "the device has nothing running on Exec")]
fn a_completion_of_nothing_is_a_mistake() {
    Bed::warm().ends(100, Stage::Exec);
}
