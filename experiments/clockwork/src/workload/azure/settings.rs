//! The parameters of a replay.

use anyhow::{Result, bail, ensure};

use super::{
    LoadSteps,
    plan::{Assignment, Plan},
};
use crate::{
    time::{MINUTE, Nanos},
    workload::Instances,
};

/// The variety that is deployed where not all of them are.
const ONLY_VARIETY: &str = "resnet50_v2";
/// The part of the trace's own rate that one worker is taken to manage.
const SCALE_PER_WORKER: f64 = 0.125;

/// The parameters of a replay, as the original's client has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AzureSettings {
    /// The load is chosen for so many workers; with 8 it is that of the trace.
    pub num_workers: u32,
    /// Deploy all varieties, or only `resnet50_v2`.
    pub use_all_models: bool,
    /// The load, relative to what those workers are taken to manage.
    pub load: Load,
    /// How many copies of each variety, in four sizes: 1 to 4.
    pub memory_load_factor: u8,
    /// How long each minute of the trace lasts. The rate stays that of the trace, so a
    /// shorter one means fewer requests, not more per second.
    pub interval: Nanos,
    /// Begin at minute 735, of which a random rest is left, instead of at midnight:
    /// what the original's attempt at a random minute comes to.
    pub randomise: bool,
    /// Everything random follows from it.
    pub seed: u64,
}

/// A load, relative to what the workers are taken to manage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// The same all the time.
    Fixed(f64),
    /// One after the other.
    Steps(LoadSteps),
}

impl AzureSettings {
    /// What the original does if nothing else is asked for.
    pub const ORIGINAL: AzureSettings = AzureSettings {
        num_workers: 1,
        use_all_models: true,
        load: Load::Fixed(1.0),
        memory_load_factor: 4,
        interval: MINUTE,
        randomise: false,
        seed: 0,
    };

    /// The instances of the varieties there are.
    fn instances(&self, varieties: &[String]) -> Result<Instances> {
        let copies = self.copies()?;
        let instances = if self.use_all_models {
            Instances::of_each(varieties, copies)
        } else {
            Instances::of(ONLY_VARIETY, copies)
        };
        ensure!(!instances.is_empty(), "there is no variety to replay the trace with");
        Ok(instances)
    }

    /// Copies of each variety.
    fn copies(&self) -> Result<u32> {
        Ok(match (self.memory_load_factor, self.use_all_models) {
            (1, true) => 3,
            (1, false) => 200,
            (2, true) => 13,
            (2, false) => 800,
            (3, true) => 29,
            (3, false) => 1800,
            (4, true) => 66,
            (4, false) => 3600,
            (other, _) => bail!("no memory load factor is {other}\n(hint: expected 1, 2, 3 or 4)"),
        })
    }

    /// What the trace's rates are multiplied with at a load of 1.
    #[must_use]
    pub fn scale(&self) -> f64 {
        SCALE_PER_WORKER * f64::from(self.num_workers)
    }

    /// What is replayed against the varieties there are.
    pub(super) fn plan(&self, varieties: &[String]) -> Result<Plan> {
        self.check()?;
        Ok(Plan {
            instances: self.instances(varieties)?,
            assignment: Assignment::Blocks,
            scale: self.scale(),
            load: self.load,
            interval: self.interval,
            randomise: self.randomise,
            seed: self.seed,
        })
    }

    /// Refuses what asks for nothing, or never ends.
    ///
    /// # Errors
    /// Says which.
    pub fn check(&self) -> Result<()> {
        self.copies()?;
        let first = match self.load {
            Load::Fixed(load) => load,
            Load::Steps(steps) => {
                ensure!(
                    steps.factor > 1.0 && steps.period > 0,
                    "a load that is multiplied by {} every {} ns never ends\n\
                     (hint: a factor above 1, and a period)",
                    steps.factor,
                    steps.period
                );
                steps.start
            }
        };
        ensure!(
            (first * self.scale()).is_normal() && first > 0.0,
            "a load of {first} for {} workers is none\n(hint: both are to be positive)",
            self.num_workers
        );
        ensure!(self.interval > 0, "the interval is 0\n(hint: the trace has minutes)");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployments_are_those_of_the_original() {
        let varieties: Vec<String> = (0..61).map(|nth| format!("v{nth}")).collect();
        let n_instances = |memory_load_factor, use_all_models| {
            let settings =
                AzureSettings { memory_load_factor, use_all_models, ..AzureSettings::ORIGINAL };
            settings.instances(&varieties).unwrap().len()
        };
        assert_eq!([1, 2, 3, 4].map(|factor| n_instances(factor, true)), [183, 793, 1769, 4026]);
        assert_eq!([1, 2, 3, 4].map(|factor| n_instances(factor, false)), [200, 800, 1800, 3600]);
    }

    #[test]
    fn eight_workers_get_the_trace_as_it_is() {
        let scale = |num_workers| AzureSettings { num_workers, ..AzureSettings::ORIGINAL }.scale();
        assert_eq!([8, 1, 150].map(scale), [1.0, 0.125, 18.75]);
    }

    #[test]
    fn settings_without_a_meaning_are_refused() {
        let complaint = |settings: AzureSettings| {
            let checked = settings.check().and_then(|()| settings.instances(&["a".into()]));
            checked.unwrap_err().to_string()
        };
        let original = AzureSettings::ORIGINAL;
        let steps = LoadSteps { start: 1.0, end: 4.0, factor: 1.0, period: MINUTE };
        insta::assert_snapshot!(complaint(AzureSettings { memory_load_factor: 5, ..original }), @r"
        no memory load factor is 5
        (hint: expected 1, 2, 3 or 4)
        ");
        insta::assert_snapshot!(complaint(AzureSettings { load: Load::Fixed(0.0), ..original }), @r"
        a load of 0 for 1 workers is none
        (hint: both are to be positive)
        ");
        insta::assert_snapshot!(complaint(AzureSettings { load: Load::Steps(steps), ..original }), @r"
        a load that is multiplied by 1 every 60000000000 ns never ends
        (hint: a factor above 1, and a period)
        ");
        insta::assert_snapshot!(complaint(AzureSettings { num_workers: 0, ..original }), @r"
        a load of 1 for 0 workers is none
        (hint: both are to be positive)
        ");
        insta::assert_snapshot!(complaint(AzureSettings { interval: 0, ..original }), @r"
        the interval is 0
        (hint: the trace has minutes)
        ");
    }
}
