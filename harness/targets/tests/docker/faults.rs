//! Faults are in force when the call returns, and undone when that call does,
//! as the instances themselves see it.

use std::{
    collections::BTreeSet,
    fs,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use bollard::query_parameters::ListContainersOptionsBuilder;
use libtest_mimic::Trial;
use targets::{
    fault::{BitRate, Means},
    role::{Instance, Probe, Resources, RoleSpec},
    target::Testbed,
};

use crate::{
    peer::{Pings, ask},
    support::{PATIENCE, Run, test, toy},
};

/// The limit of a disk that is to be filled.
const DISK_BYTES: u64 = 4 << 20;

/// Long enough for a server that runs to answer, on a machine that is not busy.
const ANSWER: Duration = Duration::from_millis(500);

/// A delay that nothing else on one machine comes near.
const DELAY: Duration = Duration::from_millis(100);

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_killed_container_is_gone_and_no_casualty", kill),
        test("a_paused_container_is_silent_until_it_is_resumed", pause),
        test("a_paused_container_can_be_stopped", stop_paused),
        test("a_restarted_container_has_its_address_its_files_and_its_log", restart),
        test("an_accident_after_a_restart_is_a_casualty", casualty_after_restart),
        test("an_accident_of_a_moment_ago_is_a_casualty", casualty_just_now),
        test("a_cut_parts_two_and_nobody_else", cut),
        test("a_cut_outlasts_a_restart", cut_and_restart),
        test("a_throttled_instance_sends_at_the_limit", throttle),
        test("a_delayed_instance_adds_its_delay_to_every_round_trip", delay),
        test("a_connection_outlasts_the_end_of_the_delay", connection_outlasts_delay),
        test("a_full_disk_takes_nothing_until_it_is_freed", fill),
        test("a_disk_without_a_limit_cannot_be_filled", fill_without_limit),
        test("nothing_is_left_of_faults_that_nobody_undid", tear_down_in_force),
        test("nothing_is_left_of_faults_that_nobody_waited_for", given_up),
    ]
}

pub(crate) fn peer() -> anyhow::Result<RoleSpec> {
    let mut spec = toy(&["peer", "{addr:peer}"])?;
    spec.ports = vec!["peer".to_owned()];
    spec.ready = Probe::Tcp { port: "peer".to_owned() };
    Ok(spec)
}

pub(crate) async fn started(testbed: &dyn Testbed, spec: &RoleSpec) -> anyhow::Result<Instance> {
    let instance = testbed.start(spec).await?;
    testbed.ready(&instance).await?;
    Ok(instance)
}

async fn peers<const N: usize>(testbed: &dyn Testbed) -> anyhow::Result<[Instance; N]> {
    let mut peers = Vec::new();
    for _ in 0..N {
        peers.push(started(testbed, &peer()?).await?);
    }
    Ok(peers.try_into().expect("there are N"))
}

pub(crate) fn at(peer: &Instance) -> SocketAddr {
    peer.addresses["peer"]
}

/// Whether `from` gets a connection to `to`.
fn connects(from: &Instance, to: &Instance) -> anyhow::Result<bool> {
    Ok(ask(at(from), &format!("connect {}", at(to)))? == "yes")
}

/// A round trip that `from` measures.
fn ping(from: &Instance, to: &Instance) -> anyhow::Result<Duration> {
    Ok(Duration::from_micros(ask(at(from), &format!("ping {}", at(to)))?.parse()?))
}

/// Whether the peer reads a request soon. The kernel accepts for it.
fn answers(peer: &Instance) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(at(peer))?;
    stream.set_read_timeout(Some(ANSWER))?;
    std::io::Write::write_all(&mut stream, b"exists /\n")?;
    // Unlike `read`, it goes on when a child of this process ends meanwhile.
    Ok(std::io::Read::read_exact(&mut stream, &mut [0; 1]).is_ok())
}

/// The names of the containers of a run, whatever they are doing.
pub(crate) async fn containers(run: &Run) -> anyhow::Result<Vec<String>> {
    let label = format!("io.github.reprise.run={}", run.label);
    let filters = std::collections::HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let containers = crate::support::api()?.list_containers(Some(options)).await?;
    Ok(containers.into_iter().filter_map(|it| it.names?.into_iter().next()).collect())
}

async fn kill() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [victim, other] = peers(testbed).await?;
        let power = testbed.kill().context("it has the power")?;
        power.kill(&victim).await?;
        let state = run.inspect(&victim).await?.state.context("a state")?;
        ensure!(state.running == Some(false) && state.exit_code == Some(137), "{state:?}");
        ensure!(!connects(&other, &victim)? && answers(&other)?);
        ensure!(testbed.casualties().await?.is_empty());
        let error = power.kill(&victim).await.expect_err("it is dead").to_string();
        ensure!(error == "worker-0 has ended: killed by signal 9", "{error}");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn pause() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [frozen, other] = peers(testbed).await?;
        let power = testbed.pause().context("it has the power")?;
        power.pause(&frozen).await?;
        ensure!(!answers(&frozen)? && answers(&other)?);
        power.resume(&frozen).await?;
        ensure!(answers(&frozen)?);
        ensure!(testbed.casualties().await?.is_empty());
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn stop_paused() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [frozen] = peers(testbed).await?;
        testbed.pause().context("it has the power")?.pause(&frozen).await?;
        testbed.stop(&frozen).await?;
        let state = run.inspect(&frozen).await?.state.context("a state")?;
        ensure!(state.running == Some(false), "{state:?}");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn restart() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [reborn, other] = peers(testbed).await?;
        let before = run.inspect(&reborn).await?;
        ask(at(&reborn), "write /reprise/left 100")?;
        let used = testbed.usage(&reborn).await?;
        testbed.restart().context("it has the power")?.restart(&reborn).await?;
        testbed.ready(&reborn).await?;
        let after = run.inspect(&reborn).await?;
        ensure!(before.id == after.id);
        let started = |it: &bollard::models::ContainerInspectResponse| {
            it.state.as_ref().and_then(|state| state.started_at.clone())
        };
        ensure!(started(&before) != started(&after), "it was started again");
        ensure!(connects(&other, &reborn)?, "at the same address");
        ensure!(ask(at(&reborn), "exists /reprise/left")? == "true");
        let used_since = testbed.usage(&reborn).await?;
        ensure!(used_since.cpu_s >= used.cpu_s && used_since.lifetime_s > used.lifetime_s);
        let log = run.root.path().join("trial/worker-0.log");
        let lives = || fs::read_to_string(&log).unwrap_or_default().matches("a life of").count();
        let both = || async { lives() == 2 };
        let interval = targets::wait::Interval::BACKING_OFF;
        targets::wait::until("both lives in the log", PATIENCE, interval, both).await?;
        ensure!(testbed.casualties().await?.is_empty());
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn casualty_after_restart() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [unlucky] = peers(testbed).await?;
        testbed.kill().context("it has the power")?.kill(&unlucky).await?;
        testbed.restart().context("it has the power")?.restart(&unlucky).await?;
        testbed.ready(&unlucky).await?;
        let id = run.inspect(&unlucky).await?.id.context("an id")?;
        crate::support::api()?.kill_container(&id, None).await?;
        ensure!(testbed.finished(&unlucky, PATIENCE).await.is_err());
        let casualties = testbed.casualties().await?;
        ensure!(
            casualties.len() == 1 && casualties[0].how == "killed by signal 9",
            "{casualties:?}"
        );
        Ok(())
    })
    .await?;
    run.ledger.close()
}

/// Nobody waits until the daemon has heard of it.
async fn casualty_just_now() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let unlucky: [Instance; 4] = peers(testbed).await?;
        for (n_dead, one) in unlucky.iter().enumerate() {
            let pid = run.inspect(one).await?.state.and_then(|state| state.pid);
            let stat = format!("/proc/{}/stat", pid.context("it runs")?);
            let is_dead = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
            ensure!(!is_dead(), "its process is to be seen here");
            ensure!(testbed.casualties().await?.len() == n_dead);
            let asked_at = Instant::now();
            ask(at(one), "exit 3")?;
            while !is_dead() {
                ensure!(asked_at.elapsed() < PATIENCE, "{} does not exit", one.id);
                std::thread::yield_now();
            }
            let casualties = testbed.casualties().await?;
            ensure!(casualties.len() == n_dead + 1, "{casualties:?}");
            ensure!(casualties.iter().all(|it| it.how == "exited with code 3"), "{casualties:?}");
        }
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn cut() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [a, b, c] = peers(testbed).await?;
        let power = testbed.partition().context("it has the power")?;
        power.cut(&a, &b).await?;
        ensure!(!connects(&a, &b)? && !connects(&b, &a)?, "they are apart");
        for (from, to) in [(&a, &c), (&c, &a), (&b, &c), (&c, &b)] {
            ensure!(connects(from, to)?, "{} reaches {}", from.id, to.id);
        }
        power.heal(&a, &b).await?;
        ensure!(connects(&a, &b)? && connects(&b, &a)?, "they are together again");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn cut_and_restart() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [a, b] = peers(testbed).await?;
        let power = testbed.partition().context("it has the power")?;
        power.cut(&a, &b).await?;
        testbed.restart().context("it has the power")?.restart(&a).await?;
        testbed.ready(&a).await?;
        ensure!(!connects(&a, &b)? && !connects(&b, &a)?, "they are apart still");
        power.heal(&a, &b).await?;
        ensure!(connects(&a, &b)? && connects(&b, &a)?, "they are together again");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn throttle() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [slow, other] = peers(testbed).await?;
        let power = testbed.throttle().context("it has the power")?;
        let seconds = |from: &Instance| -> anyhow::Result<f64> {
            let took_us = ask(at(&other), &format!("fetch {} 4000000", at(from)))?;
            Ok(took_us.parse::<f64>()? / 1e6)
        };
        let unlimited_s = seconds(&slow)?;
        ensure!(power.throttle(&slow, BitRate(8_000_000)).await? == Means::Tbf);
        let limited_s = seconds(&slow)?;
        power.unthrottle(&slow).await?;
        let lifted_s = seconds(&slow)?;
        // Headers add a little, and the first burst is free.
        ensure!((3.8..6.0).contains(&limited_s), "4 MB at 1 MB/s took {limited_s} s");
        ensure!(unlimited_s < 2.0 && lifted_s < 2.0, "{unlimited_s} s before, {lifted_s} s after");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn delay() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [far, near, other] = peers(testbed).await?;
        let power = testbed.delay().context("it has the power")?;
        let means = power.delay(&far, DELAY).await?;
        ensure!(matches!(means, Means::Netem | Means::Proxy), "{means:?}");
        for (from, to) in [(&far, &near), (&near, &far)] {
            let took = ping(from, to)?;
            let is_once = (DELAY..2 * DELAY).contains(&took);
            ensure!(is_once, "{} to {} and back took {took:?}", from.id, to.id);
        }
        let took = ping(&near, &other)?;
        ensure!(took < DELAY, "the others took {took:?}");
        let from_driver = Pings::to(at(&far))?.round_trip()?;
        ensure!(from_driver >= DELAY, "the driver waited {from_driver:?}");
        power.undelay(&far).await?;
        for (from, to) in [(&far, &near), (&near, &far)] {
            let took = ping(from, to)?;
            ensure!(took < DELAY / 2, "{} to {} still took {took:?}", from.id, to.id);
        }
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn connection_outlasts_delay() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [far] = peers(testbed).await?;
        let power = testbed.delay().context("it has the power")?;
        power.delay(&far, DELAY).await?;
        let pings = Pings::to(at(&far))?;
        ensure!(pings.round_trip()? >= DELAY);
        power.undelay(&far).await?;
        let took = pings.round_trip()?;
        ensure!(took < DELAY / 2, "after the end it took {took:?}");
        power.delay(&far, DELAY).await?;
        let took = Pings::to(at(&far))?.round_trip()?;
        ensure!(took >= DELAY, "the second time it took {took:?}");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn fill() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let mut spec = peer()?;
        spec.resources = Resources { disk_bytes: Some(DISK_BYTES), ..Resources::default() };
        let instance = started(testbed, &spec).await?;
        let write = |name: &str, n_bytes: u64| {
            ask(at(&instance), &format!("write /reprise/{name} {n_bytes}"))
        };
        ensure!(write("small", 100)? == "yes");
        let power = testbed.fill_disk().context("it has the power")?;
        power.fill(&instance).await?;
        let refusal = write("more", 100)?;
        ensure!(refusal == std::io::ErrorKind::StorageFull.to_string(), "{refusal}");
        power.free(&instance).await?;
        ensure!(write("after", DISK_BYTES / 2)? == "yes");
        ensure!(write("too-much", DISK_BYTES)? != "yes", "the limit itself stays");
        let into = run.root.path().join("files");
        testbed.collect(&instance, &into).await?;
        let names: BTreeSet<_> = fs::read_dir(into)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<anyhow::Result<_>>()?;
        let expected = ["after", "more", "small", "too-much"].map(str::to_owned);
        ensure!(names == BTreeSet::from(expected), "{names:?}");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn fill_without_limit() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [instance] = peers(testbed).await?;
        let power = testbed.fill_disk().context("it has the power")?;
        let error = power.fill(&instance).await.expect_err("it has no limit").to_string();
        ensure!(error.starts_with("worker-0 has no disk of its own"), "{error}");
        Ok(())
    })
    .await?;
    run.ledger.close()
}

async fn tear_down_in_force() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let mut spec = peer()?;
        spec.resources = Resources { disk_bytes: Some(DISK_BYTES), ..Resources::default() };
        let a = started(testbed, &spec).await?;
        let b = started(testbed, &spec).await?;
        testbed.fill_disk().context("it has the power")?.fill(&a).await?;
        testbed.throttle().context("it has the power")?.throttle(&a, BitRate(1_000_000)).await?;
        testbed.delay().context("it has the power")?.delay(&a, DELAY).await?;
        testbed.partition().context("it has the power")?.cut(&a, &b).await?;
        testbed.pause().context("it has the power")?.pause(&b).await?;
        let there = containers(&run).await?;
        ensure!(there.len() >= 3, "two instances and who holds the disk full: {there:?}");
        Ok(())
    })
    .await?;
    ensure!(containers(&run).await?.is_empty(), "{:?}", containers(&run).await?);
    run.ledger.close()
}

async fn given_up() -> anyhow::Result<()> {
    let run = Run::begin()?;
    run.with_testbed(async |testbed| {
        let [a, b] = peers(testbed).await?;
        let power = testbed.partition().context("it has the power")?;
        // Once for the image, then at moments over the life of the helpers.
        power.cut(&a, &b).await?;
        for moment_ms in [1, 50, 100, 200, 300, 400, 600] {
            let moment = Duration::from_millis(moment_ms);
            let _ = tokio::time::timeout(moment, power.heal(&a, &b)).await;
            let _ = tokio::time::timeout(moment, power.cut(&a, &b)).await;
        }
        Ok(())
    })
    .await?;
    ensure!(containers(&run).await?.is_empty(), "{:?}", containers(&run).await?);
    run.ledger.close()
}
