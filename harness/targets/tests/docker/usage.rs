//! What a container uses is seen, and every source says the same.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use anyhow::{Context as _, ensure};
use bollard::models::ContainerInspectResponse;
use libtest_mimic::Trial;
use targets::{
    docker::ContainerAccount,
    role::Instance,
    target::Testbed,
    usage::Usage,
    wait::{self, Interval},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    common::toy::MIB,
    faults::{at, peer, started},
    support::{PATIENCE, Run, api, settings, test, toy, toy_server},
};

/// What the toy burns, holds and sends.
const BURNT_S: f64 = 0.5;
const HELD: u64 = 64 * MIB;
const N_SENT: u64 = 4;

/// The start of a container costs its control group processor time that is
/// none of the program's, and /proc counts in steps of 10 ms.
const CPU_TOLERANCE_S: f64 = 0.15;

/// Two looks at an idle server: the kernel charges memory in batches.
const MEMORY_TOLERANCE: u64 = 2 * MIB;

/// Headers, acknowledgements, probes and address resolution, for a few MiB.
const OVERHEAD: f64 = 1.1;

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("every_source_says_the_same_of_a_container", sources_agree),
        test("what_a_container_is_known_to_use_is_seen", known_use),
        test("what_a_finished_job_used_is_still_there", job),
        test("what_a_job_did_last_of_all_is_seen", last_deed),
        test("a_restarted_container_keeps_what_it_used", restarted),
    ]
}

/// A server that has burnt, holds and has sent what it should.
async fn busy_server(testbed: &dyn Testbed) -> anyhow::Result<Instance> {
    let spec = toy_server(&["burn-and-hold", &BURNT_S.to_string(), "64"])?;
    let server = testbed.start(&spec).await?;
    testbed.ready(&server).await?;
    for _ in 0..N_SENT {
        get_mebibyte(server.addresses["http"]).await?;
    }
    Ok(server)
}

async fn get_mebibyte(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /mebibyte HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    ensure!(answer.len() as u64 > MIB, "{} bytes came", answer.len());
    Ok(())
}

async fn look(account: &Arc<ContainerAccount>) -> Usage {
    account.read().await;
    account.usage("server", "worker")
}

/// As it is inspected where the container's processes are not to be seen.
fn without_process(mut inspected: ContainerInspectResponse) -> ContainerInspectResponse {
    inspected.state = None;
    inspected
}

async fn sources_agree() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let server = busy_server(testbed).await?;
        let inspected = run.inspect(&server).await?;
        let pid = inspected.state.as_ref().and_then(|state| state.pid).context("it runs")?;
        let files = look(&ContainerAccount::of(&settings(), &inspected)).await;
        let asked = look(&ContainerAccount::of(&settings(), &without_process(inspected))).await;
        ensure!(
            asked.cpu_source == "docker-api" && asked.memory_source == "docker-api",
            "{asked:?}"
        );
        ensure!(files.cpu_source.starts_with("cgroup-v"), "{files:?}");
        ensure!(files.memory_source.starts_with("cgroup-v"), "{files:?}");
        compare(&files, &asked)?;
        let in_proc = cpu_s_in_proc(pid)?;
        let apart = (files.cpu_s - in_proc).abs();
        ensure!(apart < CPU_TOLERANCE_S, "/proc says {in_proc}, {files:?}");
        Ok(())
    })
    .await
}

fn compare(files: &Usage, asked: &Usage) -> anyhow::Result<()> {
    let apart = (files.cpu_s - asked.cpu_s).abs();
    ensure!(apart < CPU_TOLERANCE_S, "{files:?} {asked:?}");
    let apart = files.memory_peak_bytes.abs_diff(asked.memory_peak_bytes);
    ensure!(apart < MEMORY_TOLERANCE, "{files:?} {asked:?}");
    let (Some(read), Some(told)) = (&files.interface, &asked.interface) else {
        anyhow::bail!("no interface: {files:?} {asked:?}");
    };
    // Nothing but address resolution passes between the two looks.
    ensure!(read.sent_bytes.abs_diff(told.sent_bytes) < 1024, "{read:?} {told:?}");
    ensure!(read.received_bytes.abs_diff(told.received_bytes) < 1024, "{read:?} {told:?}");
    Ok(())
}

/// User and system time of a process and its children, in /proc's ticks of
/// 10 ms: a container's first process may be an init that has the program start.
fn cpu_s_in_proc(pid: i64) -> anyhow::Result<f64> {
    let mut n_ticks = 0;
    for entry in std::fs::read_dir("/proc")? {
        let stat = std::fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.split_whitespace().collect();
        // Of what runs in the container no name has a space, which would shift these.
        let number = |field: usize| fields.get(field - 1)?.parse::<i64>().ok();
        if number(1) == Some(pid) || number(4) == Some(pid) {
            n_ticks += number(14).zip(number(15)).map_or(0, |(user, system)| user + system);
        }
    }
    ensure!(n_ticks > 0, "process {pid} is not in /proc");
    Ok(n_ticks as f64 / 100.0)
}

async fn known_use() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let server = busy_server(testbed).await?;
        let held_since = Instant::now();
        // By now it has all; from here on it only holds.
        for _ in 0..N_SENT {
            get_mebibyte(server.addresses["http"]).await?;
        }
        let held_s = held_since.elapsed().as_secs_f64();
        let usage = testbed.usage(&server).await?;
        ensure!((BURNT_S..BURNT_S + 1.0).contains(&usage.cpu_s), "{usage:?}");
        ensure!((HELD..HELD + 96 * MIB).contains(&usage.memory_peak_bytes), "{usage:?}");
        let most = usage.memory_peak_bytes as f64 * usage.lifetime_s;
        let least = HELD as f64 * held_s;
        ensure!((least..=most).contains(&usage.memory_byte_s), "at least {least}: {usage:?}");
        let interval_s = usage.sampling_interval_s.context("there are several samples")?;
        ensure!(interval_s * (usage.n_samples - 1) as f64 <= usage.lifetime_s, "{usage:?}");
        let body = 2 * N_SENT * MIB;
        let counted = usage.network.context("it answers /metrics")?.sent_bytes;
        let passed = usage.interface.as_ref().context("it has an interface")?.sent_bytes;
        ensure!(counted >= body && passed >= counted, "{usage:?}");
        ensure!((passed as f64) < OVERHEAD * body as f64, "{usage:?}");
        Ok(())
    })
    .await
}

async fn job() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let job = testbed.start(&toy(&["burn", "1"])?).await?;
        testbed.finished(&job, PATIENCE).await?;
        let (first, second) = (testbed.usage(&job).await?, testbed.usage(&job).await?);
        ensure!((1.0..2.0).contains(&first.cpu_s) && first.n_samples > 1, "{first:?}");
        ensure!(first == second, "{first:?} {second:?}");
        Ok(())
    })
    .await
}

async fn last_deed() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let server = started(testbed, &peer()?).await?;
        let n_bytes = N_SENT * MIB;
        let from = at(&server).to_string();
        // Over in a fraction of a sampling interval, and so is the job.
        let job = toy(&["fetch-after", "320", &from, &n_bytes.to_string()])?;
        let job = testbed.start(&job).await?;
        testbed.finished(&job, PATIENCE).await?;
        let usage = testbed.usage(&job).await?;
        let received = usage.interface.as_ref().context("it has an interface")?.received_bytes;
        ensure!(received >= n_bytes, "{usage:?}");
        Ok(())
    })
    .await
}

async fn restarted() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let server = busy_server(testbed).await?;
        let inspected = run.inspect(&server).await?;
        let id = inspected.id.clone().context("it has an id")?;
        let account = ContainerAccount::of(&settings(), &inspected);
        let before = look(&account).await;
        let api = api()?;
        api.kill_container(&id, None).await?;
        account.close();
        api.start_container(&id, None).await?;
        account.reopen(&run.inspect(&server).await?);
        let address = server.addresses["http"];
        let answers = || async { get_mebibyte(address).await.is_ok() };
        wait::until("the server", PATIENCE, Interval::BACKING_OFF, answers).await?;
        let after = look(&account).await;
        ensure!(after.cpu_s >= before.cpu_s + BURNT_S, "{before:?} {after:?}");
        let sent_bytes = |usage: &Usage| usage.interface.as_ref().map(|it| it.sent_bytes);
        let sent = (sent_bytes(&before), sent_bytes(&after));
        let (Some(before), Some(after)) = sent else { anyhow::bail!("no interface: {sent:?}") };
        ensure!(before >= N_SENT * MIB && after >= before + MIB, "{sent:?}");
        Ok(())
    })
    .await
}
