//! Things that are left behind and stand in no ledger, one per target.

use targets::target::Testbed;

use crate::{
    run::{PATIENCE, Run},
    toy::deeds,
};

/// Leaves something that outlives the testbed; returns the names of it.
pub(crate) async fn plant(run: &Run, testbed: &dyn Testbed) -> anyhow::Result<Vec<String>> {
    match run.target.name() {
        #[cfg(feature = "docker")]
        "docker" => in_daemon(run).await,
        _ => a_process(run, testbed).await,
    }
}

/// A daemon in a session of its own, with nothing in its environment.
async fn a_process(run: &Run, testbed: &dyn Testbed) -> anyhow::Result<Vec<String>> {
    let pid_file = run.path("daemon.pid");
    let leave = format!("leave-daemon {}", pid_file.display());
    let job = testbed.start(&deeds(&[&leave])).await?;
    testbed.finished(&job, PATIENCE).await?;
    Ok(vec![std::fs::read_to_string(pid_file)?.trim().to_owned()])
}

/// A container, a network and a volume with the run's label.
#[cfg(feature = "docker")]
async fn in_daemon(run: &Run) -> anyhow::Result<Vec<String>> {
    use workspace_tests::daemon::Daemon;

    let daemon = Daemon::connect().await?;
    let label = run.label.as_str();
    let names = ["container", "network", "volume"].map(|it| format!("planted-{label}-{it}"));
    let [container, network, volume] = &names;
    let image = daemon.cached_image("toy").await?;
    daemon.plant_container(container, &image, Some(label), None).await?;
    daemon.plant_network(network, Some(label)).await?;
    daemon.plant_volume(volume, Some(label)).await?;
    Ok(names.into())
}
