//! A promise: a sentence, what it takes for granted, and how it is proved.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
};

use targets::target::Target;
use workspace_tests::Trials;

use crate::{
    place::{Need, Place},
    run::Run,
};

/// Has a target keep a promise.
type Proof = dyn Fn(&Arc<dyn Target>) -> anyhow::Result<()> + Send + Sync;

/// Something that every target does.
pub(crate) struct Promise {
    sentence: &'static str,
    needs: Vec<Need>,
    keep: Arc<Proof>,
}

/// A promise, proved by a function that is given a run of its own.
pub(crate) fn promise(
    sentence: &'static str,
    keep: impl AsyncFn(&Run) -> anyhow::Result<()> + Send + Sync + 'static,
) -> Promise {
    let keep = move |target: &Arc<dyn Target>| {
        let run = Trials::block_on(Run::begin(target))?;
        let proof = AssertUnwindSafe(|| Trials::block_on(keep(&run)));
        let proved = catch_unwind(proof);
        if !matches!(proved, Ok(Ok(()))) {
            Trials::block_on(run.clear())?;
        }
        proved.unwrap_or_else(|panic| resume_unwind(panic))?;
        Trials::block_on(run.end())
    };
    Promise { sentence, needs: vec![], keep: Arc::new(keep) }
}

impl Promise {
    /// It is only made where this is given.
    pub(crate) fn needing(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// Adds the trial of one target.
    pub(crate) fn try_on(&self, place: &Place, trials: &mut Trials) {
        let name = format!("{}::{}", self.sentence, place.name);
        let lacking = self.needs.iter().find_map(|need| place.lacks(*need));
        match (&place.target, lacking) {
            (Err(reason), _) => trials.add_impossible(name, reason.clone()),
            (Ok(_), Some(reason)) => trials.add_impossible(name, reason),
            (Ok(target), None) => {
                let (target, keep) = (Arc::clone(target), Arc::clone(&self.keep));
                trials.add(name, move || keep(&target));
            }
        }
    }
}
