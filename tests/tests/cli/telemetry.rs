//! `report` on what a controller of the original wrote: Fig. 9 and 10 of its paper.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::xtask::{Answer, xtask};

const REQUESTS: &str = "t\trequest_id\tresult\tuser_id\tmodel_id\tslo_factor\tlatency\tdeadline\t\
                        deadline_met\tarrival_count\tdeparture_count\tis_coldstart\n";

const ACTIONS: &str = "t\taction_id\taction_type\tstatus\tworker_id\tgpu_id\tmodel_id\tbatch_size\t\
                       expected_exec_duration\tworker_exec_duration\texpected_exec_complete\t\
                       worker_exec_complete\texpected_gpu_clock\tworker_gpu_clock_before\t\
                       worker_gpu_clock\tworker_copy_output_complete\tworker_action_received\t\
                       worker_result_sent\tcontroller_result_enqueue\tcontroller_action_duration\t\
                       goodput\trequests_queued\tcopies_loaded\n";

/// When the first answer was given, in nanoseconds.
const FIRST: u64 = 1_600_000_000_000_000_000;

/// Two logs by the names that the original's scripts give them: 90 requests of one
/// model, one a second.
struct Telemetry(TempDir);

impl Telemetry {
    fn new() -> Self {
        let telemetry = Self(TempDir::new().unwrap());
        let requests: String = (0..90).map(request).collect();
        fs::write(telemetry.log("request"), REQUESTS.to_owned() + &requests).unwrap();
        let actions: String = (0..90).map(action).collect();
        fs::write(telemetry.log("action"), ACTIONS.to_owned() + &actions).unwrap();
        telemetry
    }

    fn log(&self, kind: &str) -> PathBuf {
        self.0.path().join(format!("file=controller_1_{kind}.tsv"))
    }

    fn change(&self, kind: &str, change: impl Fn(&str) -> String) {
        let before = fs::read_to_string(self.log(kind)).unwrap();
        fs::write(self.log(kind), change(&before)).unwrap();
    }

    /// What `report` answers, given the original's names for its options.
    fn report(&self, lead_in: &str) -> Answer {
        let dir = self.0.path().to_str().unwrap();
        let mut answer = xtask(&["report", dir, "--leadin", lead_in, "--bucketsize", "30"]);
        answer.stderr = answer.stderr.replace(dir, "[dir]");
        answer
    }

    /// The error that it must be.
    #[track_caller]
    fn refusal(&self, lead_in: &str) -> String {
        let Answer { exit_code, stdout, stderr } = self.report(lead_in);
        assert_eq!((exit_code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(!self.0.path().join("report").exists(), "a report was begun");
        stderr
    }
}

/// Each tenth takes 120 ms where 100 ms are allowed. Two find the model on no GPU.
fn request(second: u64) -> String {
    let t = FIRST + second * 1_000_000_000;
    let is_slow = second % 10 == 9;
    let (latency, met) = if is_slow { (120_000_000, 0) } else { (4_000_000, 1) };
    let (arrival_count, cold) = if [0, 60].contains(&second) { (0, 1) } else { (1, 0) };
    format!("{t}\t{second}\t0\t0\t0\t0\t{latency}\t100000000\t{met}\t{arrival_count}\t1\t{cold}\n")
}

/// The model's weights at the beginning and after a minute, before that three times in
/// vain; and else an execution, of which the last two fail.
fn action(second: u64) -> String {
    let t = FIRST + second * 1_000_000_000;
    let kind = if [0, 57, 58, 59, 60].contains(&second) { 1 } else { 2 };
    let (status, took) = match second {
        57..60 => (50, 0),
        88.. => (80, 0),
        _ => (0, 3_100_000),
    };
    let device = format!("3000000\t{took}\t3500000\t{took}\t1380\t1380\t1380\t{took}");
    let controller = format!("50000\t{took}\t{took}\t{took}\t{took}\t0\t1");
    format!("{t}\t{second}\t{kind}\t{status}\t0\t0\t0\t1\t{device}\t{controller}\n")
}

/// A table without the digits that its numbers are not good for.
fn rounded(table: &str) -> String {
    let cell = |cell: &str| cell.parse().map_or(cell.to_owned(), |x: f64| format!("{x:.2}"));
    let line = |line: &str| line.split('\t').map(cell).collect::<Vec<_>>().join(" | ");
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn files(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_report_on_telemetry_has_the_papers_figures_and_the_originals_tables() {
    let telemetry = Telemetry::new();
    let Answer { exit_code, stderr, .. } = telemetry.report("30");
    assert_eq!(exit_code, 0, "{stderr}");
    let report = telemetry.0.path().join("report");
    let part = report.join("controller_1");
    insta::assert_snapshot!(files(&part).join("\n"), @"
    10_bl_infer_completion_error.pdf
    10_bl_infer_completion_error.svg
    10_br_load_completion_error.pdf
    10_br_load_completion_error.svg
    10_tl_infer_prediction_error.pdf
    10_tl_infer_prediction_error.svg
    10_tr_load_prediction_error.pdf
    10_tr_load_prediction_error.svg
    9a_throughput.pdf
    9a_throughput.svg
    9b_timeseries_latency.pdf
    9b_timeseries_latency.svg
    9c_timeseries_batchsize.pdf
    9c_timeseries_batchsize.svg
    9d_timeseries_coldmodels.pdf
    9d_timeseries_coldmodels.svg
    9e_timeseries_coldstarts.pdf
    9e_timeseries_coldstarts.svg
    client_tail_cdf_data.tsv
    timeseries_data.tsv
    ");
    let page = fs::read_to_string(report.join("report.md")).unwrap();
    let table: Vec<_> = page.lines().filter(|line| line.starts_with('|')).collect();
    // 60 requests after 30 s, and no more.
    insta::assert_snapshot!(table.join("\n"), @r"
    | Requests | Rate \[1/s\] | Goodput \[1/s\] | Within SLO | Cold starts | Executions | Failed | Copies of weights | Failed copies |
    | --: | --: | --: | --: | --: | --: | --: | --: | --: |
    | 60 | 1 | 0.9 | 0.9 | 1 | 56 | 2 | 4 | 3 |
    ");
    let series = fs::read_to_string(part.join("timeseries_data.tsv")).unwrap();
    insta::assert_snapshot!(rounded(&series), @"
    t_min | goodput | throughput | median_ms | p99_ms | max_ms | batchsize | coldmodels | coldstarts
    0.00 | 0.90 | 1.00 | 4.00 | 120.00 | 120.00 | 1.00 | 0.00 | 0.00
    0.50 | 0.90 | 1.00 | 4.00 | 120.00 | 120.00 | 1.00 | 1.00 | 0.03
    ");
    let tails = fs::read_to_string(part.join("client_tail_cdf_data.tsv")).unwrap();
    let ends = [tails.lines().next(), tails.lines().nth(1), tails.lines().last()];
    insta::assert_snapshot!(rounded(&ends.map(Option::unwrap).join("\n")), @"
    y | infer_prediction_error_over | infer_prediction_error_under | load_prediction_error_over | load_prediction_error_under | infer_completion_error_over | infer_completion_error_under | load_completion_error_over | load_completion_error_under | latency | cold | hot
    0.00 | 0.10 |  | 0.10 |  |  | 0.40 |  | 0.40 | 4.00 | 4.00 | 4.00
    1.78 | 0.10 |  | 0.10 |  |  | 0.40 |  | 0.40 | 120.00 | 4.00 | 120.00
    ");
}

#[test]
fn telemetry_that_cannot_be_read_is_refused_with_its_place() {
    let cut = Telemetry::new();
    cut.change("action", |text| text[..text.len() - 20].to_owned());
    insta::assert_snapshot!(cut.refusal("0"), @"error: [dir]/file=controller_1_action.tsv:91:1: the last line is cut off (hint: remove it)");
    let other = Telemetry::new();
    other.change("request", |text| text.replacen("user_id", "user", 1));
    insta::assert_snapshot!(other.refusal("0"), @"error: [dir]/file=controller_1_request.tsv:1:4: the header does not name `user_id` here (hint: is it the other log, or of another version?)");
    insta::assert_snapshot!(Telemetry::new().refusal("90"), @"
    error: nothing is left of [dir]/file=controller_1_request.tsv after 90 s
    (hint: a shorter --lead-in)
    ");
}

#[test]
fn a_directory_that_no_system_knows_is_refused() {
    let telemetry = Telemetry::new();
    fs::remove_file(telemetry.log("action")).unwrap();
    insta::assert_snapshot!(telemetry.refusal("0"), @"
    error: [dir] is neither a run's directory nor what another tool wrote of a system here
    (hint: `cargo xtask status` lists the runs; another tool's files must have the names that it gives them)
    ");
}
