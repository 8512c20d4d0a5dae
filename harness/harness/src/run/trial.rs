//! One attempt at one trial: provision, run, tear down, audit, close.

use std::{path::Path, time::Instant};

use anyhow::Context as _;
use load::validity::{Conditions, Sources};
use targets::{
    audit::{Audit, Listing},
    gc,
    host::HostBill,
    label::RunLabel,
    ledger::Ledger,
    target::{Site, Target},
    usage::Usage,
};

use super::{
    conditions::disturbances,
    plan::Planned,
    validity::{Reason, Validity},
};
use crate::{
    bed::Bed,
    dataset::DataUsed,
    experiment::AnyExperiment,
    fault::{is_away, is_for_want_of_the_place},
    profile::{Environment, Profile},
    run::{Interrupt, Signal},
    run_dir::{Attempt, TrialStatus, write_json},
};

/// What all trials of a run share.
pub(super) struct Shared<'a> {
    pub(super) experiment: &'a dyn AnyExperiment,
    pub(super) binary: &'a Path,
    pub(super) target: &'a dyn Target,
    pub(super) profile: &'a Profile,
    pub(super) environment: &'a Environment,
    pub(super) data: &'a [DataUsed],
    pub(super) label: &'a RunLabel,
    pub(super) ledger: &'a Ledger,
    pub(super) interrupt: &'a Interrupt,
}

/// How an attempt came to its end.
pub(super) enum Ended {
    /// It is closed on disk.
    Closed(Box<Attempt>),
    /// A signal came; everything is torn down and the attempt stays open.
    Interrupted(Signal),
}

impl Shared<'_> {
    /// Makes one attempt in `dir`. Errors are those of the harness itself, a
    /// full disk among them; a failing trial is an `Attempt`.
    pub(super) async fn attempt(&self, planned: &Planned, dir: &Path) -> anyhow::Result<Ended> {
        let started = jiff::Timestamp::now();
        let sources = Sources::default();
        let (clock, conditions) = (Instant::now(), Conditions::read(&sources));
        let before = self.target.listing(self.label).await?;
        let driven = self.drive(planned, dir).await;
        let audit = self.audit(&before).await;
        // A place that went away fails both; the first says more.
        let (driven, audit) = (driven?, audit?);
        let driven = match driven {
            Driven::Interrupted(signal) => return Ok(Ended::Interrupted(signal)),
            Driven::Finished(driven) => driven,
        };
        let mut reasons = disturbances(&conditions, &Conditions::read(&sources));
        reasons.extend(driven.reasons);
        reasons.extend(audit.leaks.iter().map(|leak| Reason::Leak { what: leak.to_string() }));
        let attempt = Attempt {
            point: planned.point.clone(),
            trial: planned.trial,
            seed: planned.seed,
            started,
            duration_s: clock.elapsed().as_secs_f64(),
            status: driven.status,
            validity: Validity { reasons },
            usage: driven.usage,
            hosts: driven.hosts,
            leaks: audit.leaks,
            suspects: audit.suspects,
        };
        write_json(&Attempt::file(dir), &attempt)?;
        Ok(Ended::Closed(Box::new(attempt)))
    }

    async fn audit(&self, before: &Listing) -> anyhow::Result<Audit> {
        let after = self.target.listing(self.label).await?;
        let audit = Listing::compare(before, &after);
        // What was left must not bleed into the next trial.
        let leaked: Vec<_> = audit.leaks.iter().map(|leak| leak.resource.clone()).collect();
        gc::remove_all(self.target, self.ledger, &leaked).await;
        Ok(audit)
    }

    async fn drive(&self, planned: &Planned, dir: &Path) -> anyhow::Result<Driven> {
        let site =
            Site { label: self.label.clone(), ledger: self.ledger.clone(), dir: dir.to_path_buf() };
        let testbed = match self.target.provision(site).await {
            Ok(testbed) => testbed,
            Err(error) => {
                let status = failed(error.context("provision the testbed"))?;
                return Ok(Driven::Finished(Finished::with(status)));
            }
        };
        let bed = Bed::new(
            testbed,
            self.binary.to_path_buf(),
            self.environment.clone(),
            self.data.to_vec(),
            dir.to_path_buf(),
            planned.seed,
        )
        .with_limits(self.profile.resources.clone());
        let record = Attempt::record(dir);
        let trial = self.experiment.run_trial(&self.profile.params, &planned.point, &bed, &record);
        let ended = tokio::select! {
            ended = trial => Ok(ended),
            signal = self.interrupt.signalled() => Err(signal),
        };
        // Teardown comes first whatever happened; its own failure is the
        // audit's to find and this error's to name.
        let usage = bed.final_usage().await;
        let casualties = bed.testbed().casualties().await;
        let torn_down = bed.testbed().tear_down().await.context("tear down the testbed");
        let status = match ended {
            Err(signal) => {
                torn_down?;
                return Ok(Driven::Interrupted(signal));
            }
            // What a trial says of a place that is gone is no finding of it.
            Ok(_) if torn_down.as_ref().is_err_and(is_away) => torn_down,
            Ok(ended) => ended.and(torn_down),
        };
        let mut reasons = bed.disturbances();
        reasons.extend(casualties?.into_iter().map(|casualty| Reason::InstanceDied {
            instance: casualty.instance.id,
            how: casualty.how,
        }));
        Ok(Driven::Finished(Finished {
            status: status.map_or_else(failed, |()| Ok(TrialStatus::Completed))?,
            reasons,
            usage,
            hosts: bed.bills(),
        }))
    }
}

enum Driven {
    Finished(Finished),
    Interrupted(Signal),
}

struct Finished {
    status: TrialStatus,
    reasons: Vec<Reason>,
    usage: Vec<Usage>,
    hosts: Vec<HostBill>,
}

impl Finished {
    /// An end before anything was started.
    fn with(status: TrialStatus) -> Self {
        Self { status, reasons: vec![], usage: vec![], hosts: vec![] }
    }
}

/// The status of a trial that failed. On a full disk it cannot be recorded, and
/// where the target is gone none can be made: then the run itself has failed.
fn failed(error: anyhow::Error) -> anyhow::Result<TrialStatus> {
    if is_for_want_of_the_place(&error) {
        Err(error)
    } else {
        Ok(TrialStatus::Failed(format!("{error:#}")))
    }
}
