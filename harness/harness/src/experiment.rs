//! What an experiment is: its parameters, points, one trial, its analysis.

mod point_id;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

pub use self::point_id::PointId;
use crate::{
    analysis::Analysis,
    bed::Bed,
    claim::Evidence,
    dataset::{Cache, DataSet, DataUsed},
    foreign::ForeignRun,
    profile::ProfileFile,
};

/// One study of a paper. Adding one is one file and its published numbers.
///
/// A trial is straight-line code against the [`Bed`]; it knows no target. The
/// analysis is a pure function of the records, so that a report never needs a
/// new run.
#[async_trait]
pub trait Experiment: Send + Sync {
    /// The knobs, as the profile's section of this experiment gives them.
    type Params: Serialize + DeserializeOwned + Send + Sync;
    /// One configuration of the sweep. Its fields name the point.
    type Point: Serialize + DeserializeOwned + Clone + Send + Sync;
    /// What one trial measured: raw, never summarised.
    type Record: Serialize + DeserializeOwned + Send + Sync;

    /// The name people type; also the name of the file.
    fn name(&self) -> &'static str;

    /// The sweep, in the order in which tables show it.
    ///
    /// # Errors
    /// If a parameter's value makes no sense.
    fn points(&self, params: &Self::Params) -> anyhow::Result<Vec<Self::Point>>;

    /// A rough duration of one trial, for the plan before anything was measured.
    fn expected(&self, params: &Self::Params, point: &Self::Point) -> Duration;

    /// How its numbers come about with these parameters.
    fn evidence(&self, _params: &Self::Params) -> Evidence {
        Evidence::Measured
    }

    /// Readies the data that the trials load, from the user's files or by
    /// generating them. Runs once, before the first trial.
    ///
    /// # Errors
    /// If a file is missing or malformed.
    fn data(&self, params: &Self::Params, cache: &Cache) -> anyhow::Result<Vec<DataUsed>>;

    /// One repetition of one point, from starting the roles to the record.
    async fn trial(
        &self,
        params: &Self::Params,
        point: &Self::Point,
        bed: &Bed,
    ) -> anyhow::Result<Self::Record>;

    /// The table, the figures and the named measures that the claims refer to.
    ///
    /// # Errors
    /// If the records contradict each other.
    fn analyse(&self, trials: &[Measured<Self::Point, Self::Record>]) -> anyhow::Result<Analysis>;
}

/// One valid trial as the analysis sees it.
#[derive(Debug, Clone)]
pub struct Measured<P, R> {
    /// The point of the sweep.
    pub point: P,
    /// What the trial recorded.
    pub record: R,
    /// What each instance used.
    pub usage: Vec<targets::usage::Usage>,
}

/// A system and everything about its paper: what `harness::main` is called with.
#[derive(Clone, Copy)]
pub struct System {
    /// The system's name, which is its package's name.
    pub name: &'static str,
    /// The binary with a subcommand per role (`env!("CARGO_BIN_EXE_…")`).
    pub binary: &'static str,
    /// The package's folder (`env!("CARGO_MANIFEST_DIR")`).
    pub package_dir: &'static str,
    /// The paper's claims and their sources: the text of its file under
    /// `fixtures/papers`, for `include_str!`.
    pub paper: &'static str,
    /// The experiments, in the paper's order.
    pub experiments: &'static [&'static dyn AnyExperiment],
    /// The data sets that they use.
    pub data_sets: &'static [&'static dyn DataSet],
    /// What other tools write of the system, for `cargo xtask report`.
    pub foreign_runs: &'static [&'static dyn ForeignRun],
}

/// An [`Experiment`] without its types; every experiment is one.
#[async_trait]
pub trait AnyExperiment: Send + Sync {
    /// See [`Experiment::name`].
    fn name(&self) -> &'static str;
    /// Reads a profile file with the experiment's own type for its section.
    ///
    /// # Errors
    /// See [`ProfileFile::parse`].
    fn read_profile(&self, text: &str, experiments: &[&str]) -> anyhow::Result<ProfileFile>;
    /// Reads a section, after overrides, with the experiment's own type.
    ///
    /// # Errors
    /// An unknown key, a missing one, or a wrong value.
    fn resolve(&self, section: &toml::Table) -> anyhow::Result<toml::Table>;
    /// The ids of the points with their expected durations, in table order.
    ///
    /// # Errors
    /// See [`Experiment::points`].
    fn sweep(&self, params: &toml::Table) -> anyhow::Result<Vec<(PointId, Duration)>>;
    /// See [`Experiment::evidence`].
    ///
    /// # Errors
    /// As [`AnyExperiment::resolve`].
    fn evidence_of(&self, params: &toml::Table) -> anyhow::Result<Evidence>;
    /// See [`Experiment::data`].
    ///
    /// # Errors
    /// See [`Experiment::data`]; also if the data is not what its digest says.
    fn ready_data(&self, params: &toml::Table, cache: &Cache) -> anyhow::Result<Vec<DataUsed>>;
    /// Runs one trial and writes its record to `record`.
    async fn run_trial(
        &self,
        params: &toml::Table,
        point: &PointId,
        bed: &Bed,
        record: &Path,
    ) -> anyhow::Result<()>;
    /// Analyses stored trials.
    ///
    /// # Errors
    /// If a record cannot be read, or see [`Experiment::analyse`].
    fn analyse_stored(&self, trials: &[StoredTrial]) -> anyhow::Result<Analysis>;
}

/// A valid trial on disk.
#[derive(Debug, Clone)]
pub struct StoredTrial {
    /// The point's fields.
    pub point: PointId,
    /// The record's text.
    pub record: String,
    /// Where it was read.
    pub path: PathBuf,
    /// What each instance used.
    pub usage: Vec<targets::usage::Usage>,
}

#[async_trait]
impl<E: Experiment> AnyExperiment for E {
    fn name(&self) -> &'static str {
        Experiment::name(self)
    }

    fn read_profile(&self, text: &str, experiments: &[&str]) -> anyhow::Result<ProfileFile> {
        ProfileFile::parse::<E::Params>(text, Experiment::name(self), experiments)
    }

    fn resolve(&self, section: &toml::Table) -> anyhow::Result<toml::Table> {
        let params: E::Params = section.clone().try_into()?;
        Ok(toml::Table::try_from(&params)?)
    }

    fn sweep(&self, params: &toml::Table) -> anyhow::Result<Vec<(PointId, Duration)>> {
        let params: E::Params = params.clone().try_into()?;
        self.points(&params)?
            .iter()
            .map(|point| Ok((PointId::of(point)?, self.expected(&params, point))))
            .collect()
    }

    fn evidence_of(&self, params: &toml::Table) -> anyhow::Result<Evidence> {
        Ok(self.evidence(&params.clone().try_into()?))
    }

    fn ready_data(&self, params: &toml::Table, cache: &Cache) -> anyhow::Result<Vec<DataUsed>> {
        let used = self.data(&params.clone().try_into()?, cache)?;
        // The manifest will vouch for these digests, so they must hold today.
        for one in &used {
            one.verify().with_context(|| format!("the data set `{}`", one.name))?;
        }
        Ok(used)
    }

    async fn run_trial(
        &self,
        params: &toml::Table,
        point: &PointId,
        bed: &Bed,
        record: &Path,
    ) -> anyhow::Result<()> {
        let params: E::Params = params.clone().try_into()?;
        let measured = self.trial(&params, &point.typed()?, bed).await?;
        crate::run_dir::write_durably(record, &serde_json::to_vec_pretty(&measured)?)
    }

    fn analyse_stored(&self, trials: &[StoredTrial]) -> anyhow::Result<Analysis> {
        let trials: Vec<_> = trials
            .iter()
            .map(|trial| {
                Ok(Measured {
                    point: trial.point.typed()?,
                    record: serde_json::from_str(&trial.record)
                        .with_context(|| format!("parse {}", trial.path.display()))?,
                    usage: trial.usage.clone(),
                })
            })
            .collect::<anyhow::Result<_>>()?;
        self.analyse(&trials)
    }
}
