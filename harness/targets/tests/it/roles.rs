//! Roles start, become ready, end, fail and stop as they should.

use std::time::Duration;

use anyhow::ensure;
use libtest_mimic::Trial;
use targets::role::{Probe, Program};

use crate::support::{
    PATIENCE, Run, command, eventually, processes_of, refusal, shell, test, toy, toy_server,
};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_server_is_ready_when_its_probe_says_so", server_is_ready),
        needing_python(test("a_python_server_runs_under_the_same_probes_and_usage", python_server)),
        test("a_port_probe_sees_a_listener", tcp_probe),
        test("instances_get_addresses_of_their_own", distinct_addresses),
        test("a_job_leaves_files_that_are_collected", job_leaves_files),
        test("the_environment_is_minimal_and_labelled", minimal_environment),
        test("a_missing_program_is_named", missing_program),
        test("a_start_that_failed_leaves_nothing_in_the_ledger", failed_start_leaves_nothing),
        test("an_exit_before_readiness_shows_the_log", early_exit),
        test("a_role_that_never_becomes_ready_is_given_up", never_ready),
        test("a_job_that_fails_shows_the_log", failing_job),
        test("a_job_that_lasts_too_long_is_given_up", slow_job),
        test("a_placeholder_of_an_undeclared_port_is_an_error", undeclared_port),
        test("an_instance_that_dies_on_its_own_is_a_casualty", casualty),
        test("jobs_that_finish_and_instances_that_are_stopped_are_no_casualties", no_casualties),
        test("a_group_that_ignores_the_request_is_killed", stubborn_group),
        test("tearing_down_twice_is_tearing_down_once", twice),
    ]
}

/// Without it, the trial is ignored with the reason.
fn needing_python(trial: Trial) -> Trial {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|dir| dir.join("python3").is_file()) {
        return trial;
    }
    trial.with_kind("needs python3").with_ignored_flag(true)
}

async fn server_is_ready() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["serve"])?).await?;
    testbed.ready(&server).await?;
    ensure!(std::net::TcpStream::connect(server.addresses["http"]).is_ok(), "it listens");
    ensure!(server.id == "worker-0" && server.addresses["http"].ip().is_loopback());
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn python_server() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let words = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "{port:web}"];
    let mut spec = command(words.map(str::to_owned).to_vec());
    spec.ports = vec!["web".to_owned()];
    spec.ready = Probe::Http { port: "web".to_owned(), path: "/".to_owned() };
    let server = testbed.start(&spec).await?;
    testbed.ready(&server).await?;
    let usage = testbed.usage(&server).await?;
    ensure!(usage.memory_peak_bytes > 1 << 20 && usage.cpu_s > 0.0, "{usage:?}");
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn tcp_probe() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = toy_server(&["never-ready"])?;
    spec.ready = Probe::Tcp { port: "http".to_owned() };
    let server = testbed.start(&spec).await?;
    testbed.ready(&server).await?;
    testbed.tear_down().await
}

async fn distinct_addresses() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let spec = toy_server(&["serve"])?;
    let (first, second) = (testbed.start(&spec).await?, testbed.start(&spec).await?);
    testbed.ready(&first).await?;
    testbed.ready(&second).await?;
    ensure!(first.addresses != second.addresses && second.id == "worker-1");
    testbed.tear_down().await
}

async fn job_leaves_files() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&shell("mkdir {dir}/sub; echo 7 > {dir}/sub/out; echo said")).await?;
    testbed.finished(&job, PATIENCE).await?;
    testbed.collect(&job, &run.path("collected")).await?;
    ensure!(std::fs::read_to_string(run.path("collected/sub/out"))? == "7\n");
    ensure!(testbed.log_tail(&job, 1).await? == "said");
    testbed.tear_down().await
}

async fn minimal_environment() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = command(vec!["/usr/bin/env".to_owned()]);
    spec.env.insert("WHERE".to_owned(), "{dir}".to_owned());
    let job = testbed.start(&spec).await?;
    testbed.finished(&job, PATIENCE).await?;
    let log = testbed.log_tail(&job, 100).await?;
    let mut names: Vec<&str> =
        log.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    let expected = ["HOME", "LANG", "PATH", "REPRISE_INSTANCE", "REPRISE_RUN", "TMPDIR", "WHERE"];
    ensure!(names == expected, "{log}");
    ensure!(log.contains(&format!("REPRISE_RUN={}", run.label)), "{log}");
    testbed.tear_down().await
}

async fn missing_program() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let error = refusal(testbed.start(&command(vec!["no-such-program".to_owned()])).await)?;
    ensure!(
        error.contains("start `no-such-program` (hint: is it installed, and on PATH?)"),
        "{error}"
    );
    testbed.tear_down().await
}

async fn failed_start_leaves_nothing() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    ensure!(testbed.start(&command(vec!["/no/such/program".to_owned()])).await.is_err());
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn early_exit() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = shell("echo cannot find my data; exit 3");
    spec.ports = vec!["http".to_owned()];
    spec.ready = Probe::Tcp { port: "http".to_owned() };
    let instance = testbed.start(&spec).await?;
    let error = refusal(testbed.ready(&instance).await)?;
    ensure!(error.contains("worker-0 exited with code 3 before it was ready"), "{error}");
    ensure!(error.contains("cannot find my data"), "{error}");
    testbed.tear_down().await
}

async fn never_ready() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = toy_server(&["never-ready"])?;
    spec.ready_within = Duration::from_millis(200);
    let instance = testbed.start(&spec).await?;
    let error = refusal(testbed.ready(&instance).await)?;
    ensure!(
        error.contains("gave up waiting for worker-0 to answer /readyz on 127.0.0.1:"),
        "{error}"
    );
    ensure!(error.contains("after 200ms"), "{error}");
    testbed.tear_down().await
}

async fn failing_job() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&shell("echo out of luck; kill -9 $$")).await?;
    let error = refusal(testbed.finished(&job, PATIENCE).await)?;
    ensure!(
        error.contains("worker-0 killed by signal 9") && error.contains("out of luck"),
        "{error}"
    );
    testbed.tear_down().await
}

async fn slow_job() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&toy(&["idle"])?).await?;
    let error = refusal(testbed.finished(&job, Duration::from_millis(50)).await)?;
    ensure!(error.contains("gave up waiting for worker-0 to finish after 50ms"), "{error}");
    testbed.tear_down().await
}

async fn undeclared_port() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let error = refusal(testbed.start(&toy(&["serve", "{addr:grpc}"])?).await)?;
    ensure!(error.contains("declares no port `grpc`"), "{error}");
    testbed.tear_down().await
}

async fn casualty() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = toy_server(&["serve"])?;
    let this = std::env::current_exe()?.display().to_string();
    let script = format!("'{this}' toy serve {{addr:http}} & sleep 0.1; kill -9 $$");
    let words = ["sh", "-c", &script].map(str::to_owned).to_vec();
    spec.program = Program::Command { words, include: vec![] };
    let instance = testbed.start(&spec).await?;
    ensure!(testbed.finished(&instance, PATIENCE).await.is_err());
    let casualties = testbed.casualties().await?;
    ensure!(casualties.len() == 1 && casualties[0].how == "killed by signal 9", "{casualties:?}");
    testbed.tear_down().await?;
    // The child outlived the leader but is of its group.
    ensure!(processes_of(&run.label).is_empty());
    run.ledger.close()
}

async fn no_casualties() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&shell("true")).await?;
    let server = testbed.start(&toy_server(&["serve"])?).await?;
    testbed.finished(&job, PATIENCE).await?;
    testbed.ready(&server).await?;
    testbed.stop(&server).await?;
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

async fn stubborn_group() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let script = "trap '' TERM; echo set; while true; do sleep 0.05; done";
    let instance = testbed.start(&shell(script)).await?;
    let log = run.path("trial/worker-0.log");
    eventually("the trap", || std::fs::read_to_string(&log).is_ok_and(|text| text == "set\n"))
        .await?;
    testbed.stop(&instance).await?;
    ensure!(processes_of(&run.label).is_empty());
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn twice() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    testbed.start(&toy_server(&["serve"])?).await?;
    testbed.tear_down().await?;
    testbed.tear_down().await?;
    run.ledger.close()
}
