//! Faults are in force when the call returns, and undone when that call does.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use libtest_mimic::Trial;
use targets::{
    audit::Listing,
    fault::FillDisk,
    ledger::Resource,
    role::{Instance, Resources, RoleSpec},
    target::{Target as _, Testbed},
};

use crate::support::{
    PATIENCE, Run, eventually, processes_of, refusal, shell, test, toy, toy_server,
};

/// Long enough for a server that runs to answer, on a machine that is not busy.
const ANSWER: Duration = Duration::from_millis(500);

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_kill_takes_descendants_that_fled_and_is_no_casualty", kill),
        test("what_has_ended_cannot_be_killed", kill_twice),
        test("a_paused_server_is_silent_until_it_is_resumed", pause),
        test("a_pause_freezes_children_too", pause_children),
        test("a_paused_instance_can_be_stopped", stop_paused),
        test("a_restarted_server_has_its_address_its_files_and_its_account", restart),
        test("an_accident_after_a_restart_is_a_casualty", casualty_after_restart),
        test("a_stopped_instance_cannot_be_restarted", restart_stopped),
        mounting(test("a_full_disk_takes_nothing_until_it_is_freed", fill)),
        mounting(test("the_disk_of_a_dead_run_is_found_and_removed", lost_disk)),
        test("a_disk_without_a_limit_cannot_be_filled", fill_without_limit),
        test("loopback_cannot_be_cut_or_slowed", no_network_faults),
    ]
}

/// A trial that is ignored, with the reason, where nothing can be mounted.
fn mounting(trial: Trial) -> Trial {
    if rustix::process::geteuid().is_root() {
        return trial;
    }
    trial.with_kind("needs a user who may mount, such as root").with_ignored_flag(true)
}

async fn started(testbed: &dyn Testbed, spec: &RoleSpec) -> anyhow::Result<Instance> {
    let instance = testbed.start(spec).await?;
    testbed.ready(&instance).await?;
    Ok(instance)
}

/// Whether the server answers a request soon. The kernel accepts for it.
fn answers(address: SocketAddr) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    loop {
        match stream.read(&mut [0; 16]) {
            Ok(n_bytes) => return Ok(n_bytes > 0),
            // A child of this process ended, and the kernel restarts no read that has a limit.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn states_of(run: &Run) -> Vec<String> {
    let state = |pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(line.rsplit_once(") ")?.1.split(' ').next()?.to_owned())
    };
    processes_of(&run.label).into_iter().filter_map(state).collect()
}

fn directory(run: &Run) -> anyhow::Result<PathBuf> {
    let pid = *processes_of(&run.label).first().context("it runs")?;
    Ok(fs::read_link(format!("/proc/{pid}/cwd"))?)
}

async fn kill() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let fleeing = "setsid sleep 1000 & (setsid sleep 1000 &) ; sleep 1000";
    let instance = testbed.start(&shell(fleeing)).await?;
    eventually("all four processes", || processes_of(&run.label).len() == 4).await?;
    testbed.kill().context("it has the power")?.kill(&instance).await?;
    ensure!(processes_of(&run.label).is_empty(), "{:?}", processes_of(&run.label));
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn kill_twice() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&shell("exit 0")).await?;
    testbed.finished(&job, PATIENCE).await?;
    let power = testbed.kill().context("it has the power")?;
    let error = refusal(power.kill(&job).await)?;
    ensure!(error == "worker-0 has ended: exited with code 0", "{error}");
    testbed.tear_down().await
}

async fn pause() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = started(testbed.as_ref(), &toy_server(&["serve"])?).await?;
    let other = started(testbed.as_ref(), &toy_server(&["serve"])?).await?;
    let power = testbed.pause().context("it has the power")?;
    power.pause(&server).await?;
    ensure!(!answers(server.addresses["http"])?, "it is frozen");
    ensure!(answers(other.addresses["http"])?, "the other one is not");
    power.resume(&server).await?;
    ensure!(answers(server.addresses["http"])?, "it goes on");
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn pause_children() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let busy = "setsid sh -c 'while true; do sleep 0.01; done' & while true; do sleep 0.01; done";
    let instance = testbed.start(&shell(busy)).await?;
    eventually("its children", || processes_of(&run.label).len() >= 3).await?;
    let power = testbed.pause().context("it has the power")?;
    power.pause(&instance).await?;
    let states = states_of(&run);
    ensure!(!states.is_empty() && states.iter().all(|state| state == "T"), "{states:?}");
    power.resume(&instance).await?;
    let states = states_of(&run);
    ensure!(states.iter().all(|state| state != "T"), "{states:?}");
    // A stop would leave the one that fled to the audit.
    testbed.kill().context("it has the power")?.kill(&instance).await?;
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn stop_paused() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let polite = "trap 'echo bye; exit 0' TERM; echo set; while true; do sleep 0.02; done";
    let instance = testbed.start(&shell(polite)).await?;
    let log = run.path("trial/worker-0.log");
    eventually("the trap", || fs::read_to_string(&log).is_ok_and(|text| text == "set\n")).await?;
    testbed.pause().context("it has the power")?.pause(&instance).await?;
    testbed.stop(&instance).await?;
    ensure!(fs::read_to_string(&log)?.ends_with("bye\n"), "it heard the request");
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn restart() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = started(testbed.as_ref(), &toy_server(&["serve"])?).await?;
    let (before, dir) = (processes_of(&run.label), directory(&run)?);
    fs::write(dir.join("left"), "by the first life")?;
    let used = testbed.usage(&server).await?;
    testbed.restart().context("it has the power")?.restart(&server).await?;
    testbed.ready(&server).await?;
    let after = processes_of(&run.label);
    ensure!(after.len() == 1 && after != before, "{before:?} {after:?}");
    ensure!(directory(&run)? == dir && dir.join("left").exists());
    ensure!(answers(server.addresses["http"])?);
    let used_since = testbed.usage(&server).await?;
    ensure!(used_since.cpu_s >= used.cpu_s && used_since.lifetime_s > used.lifetime_s);
    ensure!(used_since.n_samples > used.n_samples, "it is sampled again: {used_since:?}");
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await?;
    ensure!(processes_of(&run.label).is_empty());
    run.ledger.close()
}

async fn casualty_after_restart() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let script = "if [ -e {dir}/again ]; then exit 7; fi; touch {dir}/again; sleep 1000";
    let instance = testbed.start(&shell(script)).await?;
    let dir = directory(&run)?;
    eventually("its first life", || dir.join("again").exists()).await?;
    testbed.kill().context("it has the power")?.kill(&instance).await?;
    ensure!(testbed.casualties().await?.is_empty());
    testbed.restart().context("it has the power")?.restart(&instance).await?;
    ensure!(testbed.finished(&instance, PATIENCE).await.is_err());
    let casualties = testbed.casualties().await?;
    ensure!(casualties.len() == 1 && casualties[0].how == "exited with code 7", "{casualties:?}");
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn restart_stopped() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let instance = testbed.start(&toy(&["idle"])?).await?;
    testbed.stop(&instance).await?;
    let power = testbed.restart().context("it has the power")?;
    let error = refusal(power.restart(&instance).await)?;
    let expected = "worker-0 was stopped and cannot be restarted (hint: start another)";
    ensure!(error == expected, "{error}");
    testbed.tear_down().await
}

fn with_disk(mut spec: RoleSpec) -> RoleSpec {
    spec.resources = Resources { disk_bytes: Some(4 << 20), ..Resources::default() };
    spec
}

fn mounts_of(run: &Run) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    let of_run = table.lines().filter(|line| line.contains(run.label.as_str()));
    of_run.map(str::to_owned).collect()
}

async fn fill() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let instance = testbed.start(&with_disk(toy(&["idle"])?)).await?;
    let dir = directory(&run)?;
    fs::write(dir.join("small"), [7; 100])?;
    let power: &dyn FillDisk = testbed.fill_disk().context("it has the power")?;
    power.fill(&instance).await?;
    match fs::write(dir.join("more"), [7; 100]) {
        Err(error) => ensure!(error.kind() == ErrorKind::StorageFull, "{error}"),
        Ok(()) => bail!("there was room for more"),
    }
    power.free(&instance).await?;
    fs::write(dir.join("after"), vec![7; 3 << 20])?;
    let too_much = fs::write(dir.join("too-much"), vec![7; 2 << 20]);
    ensure!(too_much.is_err(), "the limit itself stays");
    testbed.collect(&instance, &run.path("files")).await?;
    let mut names: Vec<_> = fs::read_dir(run.path("files"))?
        .map(|it| Ok(it?.file_name()))
        .collect::<anyhow::Result<_>>()?;
    names.sort();
    ensure!(names == ["after", "more", "small", "too-much"], "{names:?}");
    // Full again, so that the teardown has something to undo.
    power.fill(&instance).await?;
    testbed.tear_down().await?;
    ensure!(mounts_of(&run).is_empty() && !dir.exists(), "{:?}", mounts_of(&run));
    run.ledger.close()
}

async fn lost_disk() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let before = run.target.listing(&run.label).await?;
    testbed.start(&with_disk(toy(&["idle"])?)).await?;
    let audit = Listing::compare(&before, &run.target.listing(&run.label).await?);
    let is_mount = |resource: &&Resource| resource.kind == "mount";
    let found: Vec<_> = audit.leaks.iter().map(|leak| &leak.resource).filter(is_mount).collect();
    let [mount] = found.as_slice() else { bail!("one mount: {:?}", audit.leaks) };
    run.target.remove(&run.label, mount).await?;
    ensure!(mounts_of(&run).is_empty(), "{:?}", mounts_of(&run));
    testbed.tear_down().await?;
    run.ledger.close()
}

async fn fill_without_limit() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let instance = testbed.start(&toy(&["idle"])?).await?;
    let power = testbed.fill_disk().context("it has the power")?;
    let error = refusal(power.fill(&instance).await)?;
    ensure!(error.contains("worker-0 has no disk of its own that could be filled"), "{error}");
    testbed.tear_down().await
}

async fn no_network_faults() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    ensure!(testbed.partition().is_none());
    ensure!(testbed.throttle().is_none());
    ensure!(testbed.delay().is_none());
    testbed.tear_down().await
}
