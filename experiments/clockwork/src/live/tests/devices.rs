//! GPUs whose doings tests can tell.

use std::{collections::HashMap, sync::Arc};

use crate::{
    live::{
        clock::{pause, spawn},
        worker::Report,
    },
    message::ModelId,
    models::Variety,
    time::{MILLISECOND, Nanos},
    worker::{Batch, Completion, Device, Progress, Stage},
};

/// A GPU whose output is the first four bytes of the input, and that fails without.
#[derive(Default)]
pub(super) struct Echo {
    inputs: HashMap<u64, Vec<u8>>,
    outputs: HashMap<u64, Vec<u8>>,
}

impl Device for Echo {
    fn load(&mut self, _: ModelId, variety: &Variety) -> Progress {
        Progress::Takes(variety.load)
    }

    fn execute(&mut self, batch: &Batch<'_>) -> Progress {
        let inputs = self.inputs.remove(&batch.action_id).unwrap_or_default();
        let firsts = inputs.chunks(batch.variety.input_bytes as usize).map(|input| &input[..4]);
        self.outputs.insert(batch.action_id, firsts.collect::<Vec<_>>().concat());
        Progress::Takes(1_000)
    }

    fn copy_input(&mut self, batch: &Batch<'_>) -> Progress {
        let given = self.inputs.get(&batch.action_id).map_or(0, Vec::len);
        let expected = batch.variety.input_bytes as usize * batch.n_inputs as usize;
        // An input that is missing keeps the copy from ever beginning in time.
        Progress::Takes(if given == expected { 0 } else { Nanos::from(u32::MAX) })
    }

    fn copy_output(&mut self, _: &Batch<'_>) -> Progress {
        Progress::Takes(0)
    }

    fn give_input(&mut self, action_id: u64, inputs: Vec<u8>) {
        self.inputs.insert(action_id, inputs);
    }

    fn take_output(&mut self, action_id: u64) -> Option<Vec<u8>> {
        self.outputs.remove(&action_id)
    }

    fn clock_mhz(&mut self) -> u32 {
        0
    }
}

/// A GPU that does everything in threads of its own, and reports when it has.
pub(super) struct Busy(Arc<Report>);

impl Busy {
    /// What everything takes it, as it says.
    pub(super) const TAKES: Nanos = 3 * MILLISECOND;

    pub(super) fn new(report: Report) -> Self {
        Self(Arc::new(report))
    }

    fn run(&self, stage: Stage) -> Progress {
        let report = Arc::clone(&self.0);
        spawn("busy", move || {
            pause(Self::TAKES);
            report(Completion { stage, duration: Self::TAKES, outcome: Ok(()) });
        })
        .unwrap();
        Progress::Running
    }
}

impl Device for Busy {
    fn load(&mut self, _: ModelId, _: &Variety) -> Progress {
        self.run(Stage::Weights)
    }

    fn execute(&mut self, _: &Batch<'_>) -> Progress {
        self.run(Stage::Exec)
    }

    fn copy_input(&mut self, _: &Batch<'_>) -> Progress {
        self.run(Stage::Inputs)
    }

    fn copy_output(&mut self, _: &Batch<'_>) -> Progress {
        self.run(Stage::Outputs)
    }

    fn clock_mhz(&mut self) -> u32 {
        0
    }
}
