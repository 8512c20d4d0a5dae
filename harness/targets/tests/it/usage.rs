//! What an instance uses is seen, also after its end.

use anyhow::ensure;
use libtest_mimic::Trial;
use targets::{role::Resources, usage::Usage};

use crate::{
    common::toy::MIB,
    support::{PATIENCE, Run, cgroups_with, refusal, shell, test, toy, toy_server},
};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("held_memory_is_seen_and_integrated", held_memory),
        limiting(test("the_control_group_sees_the_memory_that_pss_sees", memory_sources_agree)),
        test("processor_time_of_a_finished_job_is_still_there", burnt_time),
        test("processor_time_of_a_child_counts", burnt_time_of_a_child),
        test("network_bytes_come_from_the_service", network_of_a_service),
        test("network_bytes_of_a_job_come_from_its_file", network_of_a_job),
        test("usage_is_still_there_after_a_stop", usage_after_stop),
        limiting(test("a_memory_limit_is_enforced", memory_limit)),
    ]
}

/// A trial that is ignored, with the reason, where nothing can be limited.
fn limiting(trial: Trial) -> Trial {
    if may_limit() {
        return trial;
    }
    trial
        .with_kind("needs a user who may create control groups, such as root")
        .with_ignored_flag(true)
}

/// Whether this user may create control groups that limit memory.
fn may_limit() -> bool {
    let candidates = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"];
    candidates.iter().any(|dir| {
        let probe = std::path::Path::new(dir).join(format!("probe-{}", std::process::id()));
        let made = std::fs::create_dir(&probe).is_ok();
        let limits = ["memory.limit_in_bytes", "memory.max"];
        let limited = limits.iter().any(|file| probe.join(file).exists());
        if made {
            let _ = std::fs::remove_dir(&probe);
        }
        made && limited
    })
}

async fn used_by_job(args: &[&str]) -> anyhow::Result<Usage> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let job = testbed.start(&toy(args)?).await?;
    testbed.finished(&job, PATIENCE).await?;
    let usage = testbed.usage(&job).await?;
    testbed.tear_down().await?;
    Ok(usage)
}

async fn held_memory() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["hold", "64"])?).await?;
    testbed.ready(&server).await?;
    let usage = testbed.usage(&server).await?;
    testbed.tear_down().await?;
    ensure!((64 * MIB..160 * MIB).contains(&usage.memory_peak_bytes), "{usage:?}");
    ensure!(usage.memory_source == "pss" && usage.n_samples >= 1, "{usage:?}");
    let most = usage.memory_peak_bytes as f64 * usage.lifetime_s;
    ensure!(usage.memory_byte_s <= most, "{usage:?}");
    ensure!(usage.sampling_interval_s.is_some() == (usage.n_samples > 1), "{usage:?}");
    ensure!(usage.interface.is_none(), "loopback belongs to the machine: {usage:?}");
    Ok(())
}

async fn memory_sources_agree() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["hold", "64"])?).await?;
    testbed.ready(&server).await?;
    let usage = testbed.usage(&server).await?;
    let charged = cgroups_with(run.label.as_str()).iter().find_map(|dir| {
        let files = ["memory.usage_in_bytes", "memory.current"];
        files.iter().find_map(|file| std::fs::read_to_string(dir.join(file)).ok())
    });
    testbed.tear_down().await?;
    let charged: u64 = charged.expect("the group is there").trim().parse()?;
    let ratio = charged as f64 / usage.memory_peak_bytes as f64;
    ensure!((0.5..2.0).contains(&ratio), "{charged} charged, {usage:?}");
    Ok(())
}

async fn burnt_time() -> anyhow::Result<()> {
    let usage = used_by_job(&["burn", "0.2"]).await?;
    ensure!((0.19..2.0).contains(&usage.cpu_s), "{usage:?}");
    Ok(())
}

async fn burnt_time_of_a_child() -> anyhow::Result<()> {
    let usage = used_by_job(&["burn-in-child", "0.2"]).await?;
    ensure!((0.19..2.0).contains(&usage.cpu_s), "{usage:?}");
    Ok(())
}

async fn network_of_a_service() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["serve"])?).await?;
    testbed.ready(&server).await?;
    let network = testbed.usage(&server).await?.network.expect("it answers /metrics");
    testbed.tear_down().await?;
    // The probe itself was one request and one answer.
    ensure!(network.received_bytes > 20 && network.sent_bytes > 20, "{network:?}");
    Ok(())
}

async fn network_of_a_job() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let write = r#"echo '{"sent_bytes": 5, "received_bytes": 7}' > {dir}/network.json"#;
    let job = testbed.start(&shell(write)).await?;
    testbed.finished(&job, PATIENCE).await?;
    testbed.tear_down().await?;
    let network = testbed.usage(&job).await?.network.expect("the file was read before it went");
    ensure!((network.sent_bytes, network.received_bytes) == (5, 7), "{network:?}");
    Ok(())
}

async fn usage_after_stop() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["hold", "64"])?).await?;
    testbed.ready(&server).await?;
    testbed.stop(&server).await?;
    let (first, second) = (testbed.usage(&server).await?, testbed.usage(&server).await?);
    testbed.tear_down().await?;
    ensure!(first.memory_peak_bytes >= 64 * MIB && first.network.is_some(), "{first:?}");
    ensure!(first == second, "{first:?} {second:?}");
    Ok(())
}

async fn memory_limit() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let mut spec = toy_server(&["hold", "256"])?;
    spec.resources = Resources { memory_bytes: Some(48 * MIB), ..Resources::default() };
    let server = testbed.start(&spec).await?;
    let error = refusal(testbed.ready(&server).await)?;
    ensure!(error.contains("killed by signal 9 before it was ready"), "{error}");
    testbed.tear_down().await?;
    run.ledger.close()
}
