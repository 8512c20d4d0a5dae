//! What a target with networks of its own also promises: instances are apart
//! from the machine and from other testbeds.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context as _, ensure};
use targets::wait::{self, Interval};
use workspace_tests::daemon::{Daemon, Kind};

use crate::{
    place::Need,
    promise::{Promise, promise},
    run::{PATIENCE, Run},
    toy::{ask, request, store},
};

pub(crate) fn promises() -> Vec<Promise> {
    let enclosed = |promise: Promise| promise.needing(Need::Network);
    vec![
        enclosed(promise("every_instance_has_a_network_namespace_of_its_own", namespaces)),
        enclosed(promise("nothing_is_published_on_the_machine", nothing_published)),
        enclosed(promise("there_is_no_way_out_of_the_network", no_way_out)),
        enclosed(promise("two_testbeds_do_not_reach_each_other", testbeds_apart)),
    ]
}

async fn namespaces(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let (one, other) = (testbed.start(&store()).await?, testbed.start(&store()).await?);
    testbed.ready(&one).await?;
    testbed.ready(&other).await?;
    let ours = std::fs::read_link("/proc/self/ns/net")?.display().to_string();
    let theirs = [ask(&one, "namespace").await?, ask(&other, "namespace").await?];
    ensure!(theirs[0] != theirs[1] && !theirs.contains(&ours), "{ours} {theirs:?}");
    testbed.tear_down().await
}

async fn nothing_published(run: &Run) -> anyhow::Result<()> {
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let published = Daemon::connect().await?.published_ports(run.label.as_str()).await?;
    ensure!(published.is_empty(), "{published:?}");
    let port = server.addresses["http"].port();
    ensure!(!has_listener(port)?, "the machine listens on {port}");
    testbed.tear_down().await
}

/// Whether this machine listens on the port, on any address.
fn has_listener(port: u16) -> anyhow::Result<bool> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(Path::new);
    let tables = tables.into_iter().filter(|table| table.exists());
    let tables = tables.map(std::fs::read_to_string).collect::<Result<String, _>>()?;
    let is_it = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&LISTEN);
        listens && fields[1].ends_with(&format!(":{port:04X}"))
    };
    Ok(tables.lines().any(is_it))
}

async fn no_way_out(run: &Run) -> anyhow::Result<()> {
    let daemon = Daemon::connect().await?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&store()).await?;
    testbed.ready(&server).await?;
    let name = format!("outside-{}", run.label);
    let outside = daemon.plant_server(&name, &daemon.cached_image("toy").await?).await?;
    let from_here = eventually_answers(outside).await;
    let from_inside = ask(&server, &format!("reach {outside}")).await;
    daemon.remove(Kind::Container, &name).await?;
    from_here?;
    ensure!(from_inside.is_err(), "an instance reached {outside} on the machine's usual network");
    ensure!(daemon.is_internal(&daemon.network_of(run.label.as_str()).await?).await?);
    testbed.tear_down().await
}

/// Returns once the driver has reached it.
async fn eventually_answers(address: SocketAddr) -> anyhow::Result<()> {
    let answers = || async { request(address, "GET /healthz", "").await.is_ok() };
    wait::until("the server outside", PATIENCE, Interval::BACKING_OFF, answers).await?;
    Ok(())
}

async fn testbeds_apart(run: &Run) -> anyhow::Result<()> {
    let (here, there) = (run.testbed().await?, run.testbed().await?);
    let (one, other) = (here.start(&store()).await?, there.start(&store()).await?);
    here.ready(&one).await?;
    there.ready(&other).await?;
    for (from, to) in [(&one, &other), (&other, &one)] {
        let reached = ask(from, &format!("reach {}", to.addresses["http"])).await;
        let refused = reached.err().context("one testbed reached another")?.to_string();
        ensure!(refused.contains("connect to"), "{refused}");
    }
    here.tear_down().await?;
    there.tear_down().await
}
