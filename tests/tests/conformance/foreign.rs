//! A system that is not ours runs as a role, under the same probes, usage,
//! faults and audit: Python's HTTP server.

use anyhow::ensure;
use targets::{
    role::{Instance, Probe, Program, RoleSpec},
    target::Testbed,
    wait::{self, Interval},
};

use crate::{
    place::{Need, PYTHON},
    promise::{Promise, promise},
    run::{PATIENCE, Run},
    toy::{deeds, request},
};

pub(crate) fn promises() -> Vec<Promise> {
    vec![
        promise("a_system_that_is_not_ours_runs_by_command", by_command).needing(Need::Python),
        promise("a_system_that_is_not_ours_runs_by_image", by_image)
            .needing(Need::Images)
            .needing(Need::Python),
    ]
}

/// Serves its directory, in which there is nothing.
fn words() -> Vec<String> {
    let serve = [PYTHON, "-m", "http.server", "--bind", "0.0.0.0", "--directory", "{dir}"];
    serve.iter().copied().chain(["{port:web}"]).map(str::to_owned).collect()
}

fn command() -> Program {
    let include = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let is_library = |name: &str| name.starts_with("python3.");
    let include = include.filter(|entry| entry.file_name().to_str().is_some_and(is_library));
    Program::Command { words: words(), include: include.map(|entry| entry.path()).collect() }
}

fn server(program: Program) -> RoleSpec {
    RoleSpec {
        role: "web".to_owned(),
        program,
        ports: vec!["web".to_owned()],
        ready: Probe::Http { port: "web".to_owned(), path: "/".to_owned() },
        ..deeds(&[])
    }
}

async fn by_command(run: &Run) -> anyhow::Result<()> {
    serves(run, command()).await
}

async fn serves(run: &Run, program: Program) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&server(program)).await?;
    testbed.ready(&server).await?;
    answers(&server).await?;
    let usage = testbed.usage(&server).await?;
    ensure!(usage.memory_peak_bytes > 1 << 20 && usage.cpu_s > 0.0, "{usage:?}");
    let log = run.path("trial/web-0.log");
    let is_told =
        || async { std::fs::read_to_string(&log).is_ok_and(|it| it.contains("GET / HTTP/1.1")) };
    wait::until("the log of the request", PATIENCE, Interval::BACKING_OFF, is_told).await?;
    killed_and_restarted(testbed.as_ref(), &server).await?;
    testbed.stop(&server).await?;
    ensure!(testbed.casualties().await?.is_empty());
    testbed.tear_down().await
}

async fn answers(server: &Instance) -> anyhow::Result<()> {
    let (status, page) = request(server.addresses["web"], "GET /", "").await?;
    ensure!(status == 200 && page.contains("Directory listing for /"), "{page}");
    Ok(())
}

async fn killed_and_restarted(testbed: &dyn Testbed, server: &Instance) -> anyhow::Result<()> {
    let (Some(kill), Some(restart)) = (testbed.kill(), testbed.restart()) else {
        anyhow::bail!("every target has the power to kill and to restart");
    };
    kill.kill(server).await?;
    ensure!(answers(server).await.is_err(), "the dead do not answer");
    restart.restart(server).await?;
    testbed.ready(server).await?;
    answers(server).await
}

#[cfg(not(feature = "docker"))]
async fn by_image(_: &Run) -> anyhow::Result<()> {
    anyhow::bail!("no target that is compiled in runs images")
}

/// The image is assembled once and then goes by a name that a user gave it.
#[cfg(feature = "docker")]
async fn by_image(run: &Run) -> anyhow::Result<()> {
    use workspace_tests::daemon::{Daemon, Kind};

    let daemon = Daemon::connect().await?;
    let assembled = run.target.prepare(&[command()], &run.ledger).await?.remove(0);
    let own = format!("somebodys/web-{}:1", run.label);
    daemon.tag(&assembled.name, &own).await?;
    let outcome = serves(run, Program::Image { image: own.clone(), words: Some(words()) }).await;
    let is_there = daemon.has(Kind::Image, &own).await?;
    daemon.remove(Kind::Image, &own).await?;
    outcome?;
    ensure!(is_there, "an image of the user's own was removed");
    Ok(())
}
