//! Which trials run, and in which order.

use std::time::Duration;

use rand::{SeedableRng as _, seq::SliceRandom as _};
use rand_pcg::Pcg64;
use sha2::{Digest as _, Sha256};

use crate::{
    experiment::{AnyExperiment, PointId},
    fault::Fault,
    profile::Profile,
};

/// One planned trial.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// The point.
    pub point: PointId,
    /// The repetition, from 1.
    pub trial: u32,
    /// The seed of its random choices.
    pub seed: u64,
    /// A rough guess of its duration.
    pub expected: Duration,
}

/// Plans all trials of a profile: blocks of one repetition of every point,
/// each block in an order of its own. So a drift of the machine's speed meets
/// all points alike and is not taken for an effect.
///
/// # Errors
/// A usage error if the points make no sense or `filters` leave none of them.
pub(crate) fn plan(
    experiment: &dyn AnyExperiment,
    profile: &Profile,
    filters: &[String],
) -> anyhow::Result<Vec<Planned>> {
    let mut points =
        experiment.sweep(&profile.params).map_err(|error| Fault::usage(format!("{error:#}")))?;
    points
        .retain(|(point, _)| filters.is_empty() || filters.iter().any(|text| point.matches(text)));
    if points.is_empty() {
        return Err(Fault::usage(format!(
            "no point of `{}` matches {}\n(hint: `cargo xtask plan {}` lists the points)",
            experiment.name(),
            filters.join(" or "),
            experiment.name()
        )));
    }
    let mut planned = Vec::new();
    for trial in 1..=profile.trials {
        let mut order = Pcg64::seed_from_u64(profile.seed.wrapping_add(u64::from(trial)));
        points.shuffle(&mut order);
        planned.extend(points.iter().map(|(point, expected)| Planned {
            point: point.clone(),
            trial,
            seed: trial_seed(profile.seed, point, trial),
            expected: *expected,
        }));
    }
    Ok(planned)
}

/// Independent of the plan's order, so that a filtered or resumed run repeats
/// the same trials.
fn trial_seed(seed: u64, point: &PointId, trial: u32) -> u64 {
    let digest = Sha256::digest(format!("{seed}/{point}/{trial}").as_bytes());
    let bytes: [u8; 8] = digest[..8].try_into().expect("a digest has 32 bytes");
    u64::from_le_bytes(bytes)
}
