//! `report` on a directory that another tool wrote.

use std::{path::Path, time::Duration};

use anyhow::ensure;

use super::{
    args::{ForeignArgs, ReportArgs},
    exp::print,
};
use crate::{
    experiment::System,
    fault::{Fault, Outcome},
    foreign::{ForeignRun, Stretch},
    report::{Foreign, publish_foreign},
};

/// What is left out at the beginning if nothing is said, and one point of a figure.
const LEAD_IN: Duration = Duration::from_mins(10);
const BUCKET: Duration = Duration::from_mins(1);

/// What the system takes a directory for; nothing if it does not know it.
pub(super) fn known(system: System, dir: &Path) -> Option<&'static dyn ForeignRun> {
    system.foreign_runs.iter().copied().find(|foreign| foreign.recognises(dir))
}

/// `knows`, which xtask asks.
pub(super) fn knows(system: System, dir: &Path) -> Outcome {
    if known(system, dir).is_some() { Outcome::AsExpected } else { Outcome::Usage }
}

/// Reports on the directory.
pub(super) fn report(
    system: System,
    known: &dyn ForeignRun,
    args: &ReportArgs,
) -> anyhow::Result<Outcome> {
    let stretch = args.foreign.stretch()?;
    let parts = known.analyse(&args.run, &stretch)?;
    let dir = args.run.canonicalize().unwrap_or_else(|_| args.run.clone());
    let out = args.foreign.out.clone().unwrap_or_else(|| dir.join("report"));
    let (name, about) = (system.name, known.about());
    let foreign = Foreign { system: name, about, dir: &dir, stretch, parts: &parts };
    let page = publish_foreign(&foreign, &out)?;
    print(&format!("report: {}", page.display()));
    Ok(Outcome::AsExpected)
}

impl ForeignArgs {
    fn stretch(&self) -> anyhow::Result<Stretch> {
        let lead_in = self.lead_in.unwrap_or(LEAD_IN);
        let bucket = self.bucket.unwrap_or(BUCKET);
        let duration = self.duration.and_then(|most| most.0);
        ensure!(
            !bucket.is_zero() && duration.is_none_or(|duration| !duration.is_zero()),
            Fault::Usage("--bucket and --duration must be longer than nothing".into())
        );
        Ok(Stretch { lead_in, duration, bucket })
    }

    /// # Errors
    /// A usage error if one was given.
    pub(super) fn must_be_absent(&self) -> anyhow::Result<()> {
        let given = [
            ("--lead-in", self.lead_in.is_some()),
            ("--duration", self.duration.is_some()),
            ("--bucket", self.bucket.is_some()),
            ("--out", self.out.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((flag, _)) => Err(Fault::usage(format!(
                "{flag} is for what another tool wrote, and this is a run\n\
                 (hint: the profile decides what a run shows)"
            ))),
        }
    }
}
