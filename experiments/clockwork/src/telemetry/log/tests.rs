//! What is written is read back, and what is no log is refused with its place.

use std::{fs, path::Path};

use super::{LogFiles, LogRow, LogWriter, collected, named, read};
use crate::{
    message::{ActionKind, ActionStatus, ClientStatus, ModelId},
    telemetry::{ActionRow, Aggregate, RequestRow, Window},
    time::Nanos,
};

fn request() -> RequestRow {
    RequestRow {
        t: 1_600_000_000_123_456_789,
        request_id: 7,
        result: ClientStatus::Success,
        user_id: 12,
        model: ModelId(3),
        slo_factor: 2.5,
        latency: 11_428_945,
        deadline: 100_000_000,
        arrival_count: 0,
        departure_count: 1,
    }
}

fn action(kind: ActionKind) -> ActionRow {
    ActionRow {
        t: 5_000_000_000,
        action_id: 9,
        kind,
        status: ActionStatus::Success,
        worker_id: 1,
        gpu_id: 0,
        model: ModelId(3),
        expected_exec_duration: 5_637_000,
        worker_exec_duration: 5_669_663,
        expected_exec_complete: 6_000_001,
        worker_exec_complete: 6_000_002,
        expected_gpu_clock_mhz: 1380,
        worker_gpu_clock_before_mhz: 1379,
        worker_gpu_clock_mhz: 1378,
        worker_copy_output_complete: 6_000_003,
        worker_action_received: 51_000,
        worker_result_sent: 6_000_004,
        controller_result_enqueue: 6_000_005,
        controller_action_duration: 6_000_006,
        goodput: 5_669_663,
        requests_queued: 4,
        copies_loaded: 2,
    }
}

fn write<R: LogRow>(path: &Path, rows: &[R]) {
    let mut writer = LogWriter::create(path).unwrap();
    rows.iter().for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap();
}

fn read_back<R: LogRow>(path: &Path) -> Vec<R> {
    let mut rows = Vec::new();
    let n_rows = read(path, |row| rows.push(row)).unwrap();
    assert_eq!(n_rows, rows.len() as u64);
    rows
}

#[test]
fn requests_are_read_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let late = RequestRow { latency: 100_000_001, ..request() };
    let failed = RequestRow { result: ClientStatus::Skipped, slo_factor: 0.0, ..request() };
    let endless = RequestRow { deadline: Nanos::MAX, arrival_count: 2, ..request() };
    let rows = [request(), late, failed, endless];
    for name in ["requests.tsv", "requests.tsv.gz"] {
        let path = folder.path().join(name);
        write(&path, &rows);
        assert_eq!(read_back::<RequestRow>(&path), rows);
    }
    insta::assert_snapshot!(fs::read_to_string(folder.path().join("requests.tsv")).unwrap(), @"
    t	request_id	result	user_id	model_id	slo_factor	latency	deadline	deadline_met	arrival_count	departure_count	is_coldstart
    1600000000123456789	7	0	12	3	2.5	11428945	100000000	1	0	1	1
    1600000000123456789	7	0	12	3	2.5	100000001	100000000	0	0	1	1
    1600000000123456789	7	7	12	3	0	11428945	100000000	0	0	1	1
    1600000000123456789	7	0	12	3	2.5	11428945	-1	1	2	1	0
    ");
}

#[test]
fn actions_are_read_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let other = ActionRow { status: ActionStatus::Other(11), ..action(ActionKind::Evict) };
    let rows = [action(ActionKind::Load), action(ActionKind::Infer { batch_size: 8 }), other];
    for name in ["actions.tsv", "actions.tsv.gz"] {
        let path = folder.path().join(name);
        write(&path, &rows);
        assert_eq!(read_back::<ActionRow>(&path), rows);
    }
    let text = fs::read_to_string(folder.path().join("actions.tsv")).unwrap();
    insta::assert_snapshot!(text.lines().skip(1).collect::<Vec<_>>().join("\n"), @"
    5000000000	9	1	0	1	0	3	1	5637000	5669663	6000001	6000002	1380	1379	1378	6000003	51000	6000004	6000005	6000006	5669663	4	2
    5000000000	9	2	0	1	0	3	8	5637000	5669663	6000001	6000002	1380	1379	1378	6000003	51000	6000004	6000005	6000006	5669663	4	2
    5000000000	9	3	11	1	0	3	1	5637000	5669663	6000001	6000002	1380	1379	1378	6000003	51000	6000004	6000005	6000006	5669663	4	2
    ");
}

#[test]
fn compression_is_known_by_content_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.tsv.gz");
    write(&path, &[request()]);
    let renamed = folder.path().join("requests.tsv");
    fs::rename(&path, &renamed).unwrap();
    assert_eq!(read_back::<RequestRow>(&renamed), [request()]);
}

#[test]
fn logs_are_collected_while_both_exist() {
    let folder = tempfile::tempdir().unwrap();
    let first = LogFiles::of(folder.path(), 1);
    assert_eq!(first.requests.file_name().unwrap(), "file=controller_1_request.tsv");
    let compressed = first.compressed().actions;
    fs::write(&first.requests, "").unwrap();
    fs::write(&compressed, "").unwrap();
    fs::write(LogFiles::of(folder.path(), 2).requests, "").unwrap();
    fs::write(LogFiles::of(folder.path(), 3).requests, "").unwrap();
    fs::write(LogFiles::of(folder.path(), 3).actions, "").unwrap();
    assert_eq!(collected(folder.path()), [LogFiles { actions: compressed, ..first }]);
}

#[test]
fn a_controllers_own_logs_count_where_none_were_collected() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(named(folder.path()), []);
    fs::write(path("clockwork_request_log.tsv"), "").unwrap();
    assert_eq!(named(folder.path()), []);
    fs::write(path("clockwork_action_log.tsv.gz"), "").unwrap();
    let own = LogFiles {
        requests: path("clockwork_request_log.tsv"),
        actions: path("clockwork_action_log.tsv.gz"),
    };
    assert_eq!(named(folder.path()), [("clockwork".to_owned(), own)]);
    let first = LogFiles::of(folder.path(), 1);
    fs::write(&first.requests, "").unwrap();
    fs::write(&first.actions, "").unwrap();
    assert_eq!(named(folder.path()), [("controller_1".to_owned(), first)]);
}

#[test]
fn collected_logs_are_aggregated_from_where_both_have_rows() {
    let folder = tempfile::tempdir().unwrap();
    let logs = LogFiles::of(folder.path(), 1).compressed();
    let at = |t| RequestRow { t, ..request() };
    write(&logs.requests, &[at(50), at(10), at(60)]);
    write::<ActionRow>(&logs.actions, &[]);
    assert_eq!(logs.start().unwrap(), None);
    write(&logs.actions, &[ActionRow { t: 20, ..action(ActionKind::Load) }]);
    assert_eq!(logs.start().unwrap(), Some(20));
    let mut aggregate =
        Aggregate::new(Window { start: 20, lead_in: 0, duration: None, bucket: 100 });
    logs.aggregate(&mut aggregate).unwrap();
    assert_eq!((aggregate.totals().requests, aggregate.totals().loads.all), (2, 1));
}

/// What is said of a request log with one good row, after a change of its text.
fn refused(change: impl Fn(String) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    write(&path, &[request()]);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed);
    fs::write(&path, changed).unwrap();
    let error = read::<RequestRow>(&path, |_| {}).unwrap_err().to_string();
    error.replace(&path.display().to_string(), "log")
}

#[track_caller]
fn check_refused(from: &str, to: &str, expected: &str) {
    assert_eq!(refused(|text| text.replace(from, to)), expected);
}

#[test]
fn a_field_that_cannot_be_is_refused_with_its_place() {
    check_refused("\t7\t", "\tx\t", "log:2:2: request_id: `x` is no unsigned integer");
    check_refused("\t7\t", "\t+7\t", "log:2:2: request_id: `+7` is no unsigned integer");
    check_refused("\t7\t0\t", "\t7\t2\t", "log:2:3: result: 2 is no status of a request");
    check_refused("\t12\t", "\t4294967296\t", "log:2:4: user_id: `4294967296` is too large");
    check_refused("2.5", "nan", "log:2:6: slo_factor: `nan` is no number from 0 on");
    check_refused(
        "\t100000000",
        "\t-2",
        "log:2:8: deadline: `-2` is no unsigned integer and not -1",
    );
    check_refused(
        "\t100000000\t1",
        "\t100000000\t0",
        "log:2:9: deadline_met: is 0, but 1 by the row's other fields",
    );
    check_refused("\t1\n", "\t2\n", "log:2:12: is_coldstart: `2` is neither 0 nor 1");
}

#[test]
fn a_line_of_another_length_is_refused() {
    check_refused(
        "\t1\t1\n",
        "\t1\n",
        "log:2:12: is_coldstart: the line ends after 11 fields (hint: is it cut off?)",
    );
    check_refused("\t1\t1\n", "\t1\t1\t1\n", "log:2:13: no column: one field too many");
    let cut = refused(|text| text.trim_end().to_owned());
    assert_eq!(cut, "log:2:1: the last line is cut off (hint: remove it)");
}

#[test]
fn another_header_is_refused() {
    check_refused(
        "user_id\tmodel_id",
        "model_id\tuser_id",
        "log:1:4: the header does not name `user_id` here (hint: is it the other log, or of another version?)",
    );
    check_refused(
        "is_coldstart\n",
        "is_coldstart\tx\n",
        "log:1:13: the header names one column too many",
    );
    assert_eq!(refused(|_| String::new()), "log:1:1: there is no header");
}

#[test]
fn an_action_of_no_type_or_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let check = |kind, from: &str, to: &str| {
        write(&path, &[action(kind)]);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = read::<ActionRow>(&path, |_| {}).unwrap_err().to_string();
        error.replace(&path.display().to_string(), "log")
    };
    assert_eq!(
        check(ActionKind::Load, "\t9\t1\t", "\t9\t4\t"),
        "log:2:3: action_type: 4 is no type of action: 1 to 3 are"
    );
    assert_eq!(
        check(ActionKind::Load, "\t3\t1\t", "\t3\t2\t"),
        "log:2:8: batch_size: no such action has batch size 2"
    );
    assert_eq!(
        check(ActionKind::Infer { batch_size: 1 }, "\t3\t1\t", "\t3\t0\t"),
        "log:2:8: batch_size: no such action has batch size 0"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read::<RequestRow>(Path::new("/nonexistent/log"), |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nonexistent/log");
}
