//! From a run's directory to its summary, verdicts, figures and report.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Serialize;

use super::{
    collect::{attempts_in_order, counting_trials},
    figure,
    findings::{Findings, Substitute},
    page,
};
use crate::{
    analysis::{Analysis, Figure, Table},
    claim::{Evidence, Judged, Paper, Ran, judge},
    dataset::{DataKind, DataSet, DataUsed},
    experiment::{AnyExperiment, System},
    run::plan::plan,
    run_dir::{Manifest, RunDir, write_durably, write_json},
};

/// Version of the format of `summary.json` and `claims.json`.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct SummaryFile<'a> {
    schema: u32,
    analysis: &'a Analysis,
}

#[derive(Serialize)]
struct ClaimsFile<'a> {
    schema: u32,
    claims: &'a [Judged],
}

/// Recomputes everything from a run's directory and writes it there: the same
/// records give the same bytes.
///
/// # Errors
/// If a file of the run is missing or malformed, if the records contradict
/// each other, or if the disk is full.
pub(crate) fn publish(
    dir: &RunDir,
    experiment: &dyn AnyExperiment,
    system: &System,
) -> anyhow::Result<Findings> {
    let paper = Paper::parse(system.paper)
        .with_context(|| format!("read the published numbers of `{}`", system.name))?;
    let published = Published { paper, data_sets: system.data_sets };
    publish_against(&published, dir, experiment)
}

/// What is known of a system apart from its runs.
struct Published<'a> {
    paper: Paper,
    data_sets: &'a [&'a dyn DataSet],
}

fn publish_against(
    published: &Published<'_>,
    dir: &RunDir,
    experiment: &dyn AnyExperiment,
) -> anyhow::Result<Findings> {
    let findings = find(dir, experiment, published)?;
    write_json(&dir.summary(), &SummaryFile { schema: SCHEMA, analysis: &findings.analysis })?;
    write_json(&dir.claims(), &ClaimsFile { schema: SCHEMA, claims: &findings.judged })?;
    let drawn = draw(dir, &findings)?;
    let blocks = page::blocks(&findings, &drawn)?;
    write_durably(&dir.report_markdown(), page::markdown(&blocks).as_bytes())?;
    write_durably(&dir.report_html(), page::html(&blocks).as_bytes())?;
    Ok(findings)
}

/// Reads the run and judges it; writes nothing.
fn find(
    dir: &RunDir,
    experiment: &dyn AnyExperiment,
    Published { paper, data_sets }: &Published<'_>,
) -> anyhow::Result<Findings> {
    let manifest = dir.read_manifest()?;
    let stored = attempts_in_order(dir, experiment)?;
    let trials = counting_trials(&stored)?;
    // An analysis may expect at least one record of every point.
    let analysis =
        if trials.is_empty() { Analysis::default() } else { experiment.analyse_stored(&trials)? };
    check_shape(&analysis.table)?;
    let ran = ran(&manifest, experiment.evidence_of(&manifest.profile.params)?);
    let claims = paper.claims_of(experiment.name());
    Ok(Findings {
        judged: claims.map(|claim| judge(claim, &analysis, &ran)).collect(),
        paper_title: paper.title.clone(),
        paper_testbed: paper.testbed.clone(),
        attempts: stored.into_iter().map(|(_, attempt)| attempt).collect(),
        n_planned: plan(experiment, &manifest.profile, &manifest.points)?.len(),
        substitutes: substitutes(&manifest.data, data_sets),
        analysis,
        manifest,
    })
}

/// The generated ones of the data that was used. What the system does not know
/// as a data set has no original to fall short of.
fn substitutes(used: &[DataUsed], known: &[&dyn DataSet]) -> Vec<Substitute> {
    let generated = used.iter().filter(|used| used.kind == DataKind::Generated);
    let abouts = generated.filter_map(|used| {
        known.iter().map(|set| set.about()).find(|about| about.name == used.name)
    });
    abouts
        .map(|about| Substitute {
            name: about.name.into(),
            cannot_show: about.substitute_cannot_show.into(),
        })
        .collect()
}

fn check_shape(table: &Table) -> anyhow::Result<()> {
    let n_columns = table.columns.len();
    for (i, row) in table.rows.iter().enumerate() {
        anyhow::ensure!(
            row.len() == n_columns,
            "row {i} of the experiment's table has {} cells for {n_columns} columns",
            row.len()
        );
    }
    Ok(())
}

/// What the run had. The local target is one machine, and its loopback
/// interface is no link.
fn ran(manifest: &Manifest, evidence: Evidence) -> Ran {
    Ran {
        cores: manifest.machine.cores,
        hosts: 1,
        link_gbit_per_s: None,
        data: DataUsed::kind_of_all(&manifest.data),
        optimised: manifest.provenance.is_optimised(),
        evidence,
    }
}

fn draw(dir: &RunDir, findings: &Findings) -> anyhow::Result<Vec<page::Picture>> {
    let figures = findings.analysis.figures.iter();
    figures
        .map(|figure| {
            let paths = ["svg", "pdf"].map(|kind| dir.figure(&figure.id, kind));
            picture(figure, &paths, |path| dir.relative(path))
        })
        .collect()
}

/// Draws a figure as SVG and as PDF into files of these paths; links to them are what
/// `relative` makes of the paths.
pub(super) fn picture(
    figure: &Figure,
    [svg_path, pdf_path]: &[PathBuf; 2],
    relative: impl Fn(&Path) -> String,
) -> anyhow::Result<page::Picture> {
    if let Some(parent) = svg_path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
    }
    let svg = figure::svg(figure);
    write_durably(svg_path, svg.as_bytes())?;
    write_durably(pdf_path, &figure::pdf(figure))?;
    Ok(page::Picture {
        title: figure.title.clone(),
        svg,
        svg_link: relative(svg_path),
        pdf_link: relative(pdf_path),
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use async_trait::async_trait;
    use serde::{Deserialize, Serialize};
    use serde_json::json;
    use targets::label::RunLabel;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        Bed, Experiment, Measured,
        analysis::{Basis, Cell, Measure},
        claim::Verdict,
        dataset::{About, Cache},
        experiment::PointId,
        report::samples,
        run::validity::{Reason, Validity},
        run_dir::{Attempt, TrialStatus},
    };

    /// Its record is one number; its measure is the sum over the trials.
    struct Toy;

    #[derive(Serialize, Deserialize)]
    struct Params {
        sizes: Vec<u32>,
    }

    #[derive(Clone, Serialize, Deserialize)]
    struct Point {
        toy: String,
        size: u32,
    }

    #[async_trait]
    impl Experiment for Toy {
        type Params = Params;
        type Point = Point;
        type Record = f64;

        fn name(&self) -> &'static str {
            "toy"
        }

        fn points(&self, params: &Params) -> anyhow::Result<Vec<Point>> {
            let sizes = params.sizes.iter();
            Ok(sizes.map(|size| Point { toy: "red".into(), size: *size }).collect())
        }

        fn expected(&self, _: &Params, _: &Point) -> Duration {
            Duration::from_secs(1)
        }

        fn data(&self, _: &Params, _: &Cache) -> anyhow::Result<Vec<DataUsed>> {
            Ok(Vec::new())
        }

        async fn trial(&self, _: &Params, _: &Point, _: &Bed) -> anyhow::Result<f64> {
            anyhow::bail!("a report needs no new run")
        }

        fn analyse(&self, trials: &[Measured<Point, f64>]) -> anyhow::Result<Analysis> {
            let sum: f64 = trials.iter().map(|trial| trial.record).sum();
            let rows = trials.iter().map(|trial| vec![Cell::Count(trial.point.size.into())]);
            let estimate = samples::between(sum, sum, sum);
            let measure = Measure { estimate, unit: "1".into(), basis: Basis::Counted };
            Ok(Analysis {
                table: Table { columns: vec!["size".into()], rows: rows.collect() },
                figures: vec![samples::figure(&["red"], &[1.0, 2.0], |_, x| x)],
                measures: BTreeMap::from([("speed-up".into(), measure)]),
            })
        }
    }

    struct Bricks;

    impl DataSet for Bricks {
        fn about(&self) -> About {
            About {
                name: "bricks",
                source: "a shop",
                licence: "none",
                size: "a box",
                substitute_cannot_show: "how real bricks hold",
            }
        }

        fn prepare(&self, _: &Path, _: &Path) -> anyhow::Result<()> {
            anyhow::bail!("a report prepares nothing")
        }
    }

    struct Run {
        _results: TempDir,
        dir: RunDir,
    }

    impl Run {
        fn new() -> Self {
            let results = tempfile::tempdir().unwrap();
            let label = RunLabel::from_bits(1);
            let dir = RunDir::create(results.path(), "toy", "local", &label).unwrap();
            write_json(&dir.manifest(), &samples::findings().manifest).unwrap();
            Self { _results: results, dir }
        }

        fn attempted(
            self,
            size: u32,
            record: f64,
            status: TrialStatus,
            reasons: &[Reason],
        ) -> Self {
            let point = PointId::of(&json!({ "toy": "red", "size": size })).unwrap();
            let dir = self.dir.next_attempt(&point, 1).unwrap();
            let validity = Validity { reasons: reasons.to_vec() };
            write_json(&Attempt::record(&dir), &record).unwrap();
            write_json(&Attempt::file(&dir), &samples::attempt("red", size, status, validity))
                .unwrap();
            self
        }

        fn publish(&self) -> Findings {
            let paper = Paper::parse(samples::PAPER).unwrap();
            let published = Published { paper, data_sets: &[&Bricks] };
            publish_against(&published, &self.dir, &Toy).unwrap()
        }

        fn sum(&self) -> Option<f64> {
            self.publish().analysis.measures.get("speed-up").map(|sum| sum.estimate.value)
        }
    }

    fn leak() -> Reason {
        Reason::Leak { what: "a process".into() }
    }

    #[test]
    fn only_attempts_that_count_enter() {
        let run = Run::new()
            .attempted(1, 100.0, TrialStatus::Failed("no answer".into()), &[])
            .attempted(1, 10.0, TrialStatus::Completed, &[leak()])
            .attempted(1, 1.0, TrialStatus::Completed, &[])
            .attempted(2, 2.0, TrialStatus::Completed, &[Reason::CpuSteal { share: 0.1 }]);
        assert_eq!(run.sum(), Some(3.0));
    }

    #[test]
    fn of_one_trial_the_last_attempt_that_counts_enters() {
        let run = Run::new().attempted(1, 1.0, TrialStatus::Completed, &[]).attempted(
            1,
            5.0,
            TrialStatus::Completed,
            &[],
        );
        assert_eq!(run.sum(), Some(5.0));
    }

    #[test]
    fn rows_follow_the_sweep_and_not_the_alphabet() {
        let mut run = Run::new();
        let mut manifest = samples::findings().manifest;
        manifest.profile.params = toml::from_str("sizes = [2, 10, 1]").unwrap();
        write_json(&run.dir.manifest(), &manifest).unwrap();
        for size in [1, 2, 10] {
            run = run.attempted(size, 0.0, TrialStatus::Completed, &[]);
        }
        let rows = run.publish().analysis.table.rows;
        assert_eq!(rows, [[Cell::Count(2)], [Cell::Count(10)], [Cell::Count(1)]]);
    }

    #[test]
    fn a_run_without_a_result_is_reported_and_judges_nothing() {
        let run = Run::new().attempted(1, 1.0, TrialStatus::Completed, &[leak()]);
        let findings = run.publish();
        assert!(matches!(findings.judged[0].verdict, Verdict::NotExercised { .. }));
        let report = fs::read_to_string(run.dir.report_markdown()).unwrap();
        assert!(report.contains("invalid (left behind: a process)"), "{report}");
    }

    #[test]
    fn a_report_says_what_generated_data_cannot_show() {
        let run = Run::new().attempted(1, 2.0, TrialStatus::Completed, &[]);
        run.publish();
        let report = fs::read_to_string(run.dir.report_markdown()).unwrap();
        assert!(report.contains("it cannot show how real bricks hold."), "{report}");
    }

    #[test]
    fn the_same_records_give_the_same_bytes() {
        let run = Run::new().attempted(1, 2.0, TrialStatus::Completed, &[]);
        let mut paths = run.publish().figure_paths(&run.dir);
        let dir = &run.dir;
        paths.extend([dir.summary(), dir.claims(), dir.report_markdown(), dir.report_html()]);
        let read = |path: &std::path::PathBuf| fs::read(path).unwrap();
        let first: Vec<_> = paths.iter().map(read).collect();
        run.publish();
        assert_eq!(first, paths.iter().map(read).collect::<Vec<_>>());
    }

    #[test]
    fn the_report_links_to_figures_that_are_there() {
        let run = Run::new().attempted(1, 2.0, TrialStatus::Completed, &[]);
        run.publish();
        let report = fs::read_to_string(run.dir.report_markdown()).unwrap();
        let links = report.split("(<").skip(1).filter_map(|rest| rest.split('>').next());
        let links: Vec<_> = links.collect();
        assert_eq!(links, ["figures/fig1a-time.svg", "figures/fig1a-time.pdf"]);
        assert!(links.iter().all(|link| run.dir.root().join(Path::new(link)).is_file()));
    }

    #[test]
    fn a_table_of_ragged_rows_is_refused() {
        let ragged =
            Table { columns: vec!["a".into(), "b".into()], rows: vec![vec![Cell::Count(1)]] };
        let error = check_shape(&ragged).unwrap_err().to_string();
        assert_eq!(error, "row 0 of the experiment's table has 1 cells for 2 columns");
    }
}
