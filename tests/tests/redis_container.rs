//! The state tier's client against a real Redis in a container: the image is
//! assembled from this machine's `redis-server`, and started by a library that
//! knows nothing of ours.

use std::process::ExitCode;

use workspace_tests::Trials;

const NAME: &str = "the_client_of_the_state_tier_cannot_tell_a_redis_in_a_container";

fn main() -> ExitCode {
    let mut trials = Trials::from_args();
    match lacking() {
        Some(reason) => trials.add_impossible(NAME.to_owned(), reason),
        None => trials.add(NAME.to_owned(), trial),
    }
    trials.run()
}

#[cfg(not(feature = "docker"))]
fn lacking() -> Option<String> {
    workspace_tests::usable_target("docker", "redis_container").err()
}

#[cfg(not(feature = "docker"))]
fn trial() -> anyhow::Result<()> {
    anyhow::bail!("the feature `docker` is not compiled in")
}

#[cfg(feature = "docker")]
use real::{lacking, trial};

#[cfg(feature = "docker")]
mod real {
    use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

    use anyhow::{Context as _, ensure};
    use kv::Client;
    use node::Meter;
    use targets::{
        label::RunLabel,
        ledger::{Destination, Ledger},
        registry::Registry,
        role::Program,
        target::Target,
    };
    use testcontainers::{
        GenericImage, ImageExt as _, core::IntoContainerPort as _, core::WaitFor,
        runners::AsyncRunner as _,
    };
    use workspace_tests::{Trials, usable_target};

    /// Where Debian's package puts it.
    const REDIS: &str = "/usr/bin/redis-server";

    const PORT: u16 = 6379;

    pub(super) fn lacking() -> Option<String> {
        let redis = (!Path::new(REDIS).exists())
            .then(|| "no redis-server (hint: apt-get install --yes redis-server)".to_owned());
        usable_target("docker", "redis_container").err().or(redis)
    }

    pub(super) fn trial() -> anyhow::Result<()> {
        let target = usable_target("docker", "redis_container").map_err(anyhow::Error::msg)?;
        Trials::block_on(async {
            let (name, tag) = assembled_image(target.as_ref()).await?;
            let redis = GenericImage::new(name, tag)
                .with_exposed_port(PORT.tcp())
                .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"))
                .with_cmd([REDIS, "--protected-mode", "no", "--save", ""])
                .start()
                .await?;
            let address = format!("127.0.0.1:{}", redis.get_host_port_ipv4(PORT).await?);
            let address = address.parse().context("read its address")?;
            // The client blocks.
            tokio::task::spawn_blocking(move || speak(address)).await?
        })
    }

    async fn assembled_image(target: &dyn Target) -> anyhow::Result<(String, String)> {
        let dir = tempfile::tempdir()?;
        let label = RunLabel::from_bits(u64::from(std::process::id()) << 16);
        let (path, registry) = (dir.path().join("ledger.jsonl"), Registry::in_dir(dir.path()));
        let ledger = Ledger::create(&path, &label, Destination::of(target), &registry)?;
        let program = Program::Command { words: vec![REDIS.to_owned()], include: vec![] };
        let image = target.prepare(&[program], &ledger).await?.remove(0);
        ledger.close()?;
        let (name, tag) = image.name.split_once(':').context("a name has a tag")?;
        Ok((name.to_owned(), tag.to_owned()))
    }

    /// What the specifications ask of the state tier.
    fn speak(address: SocketAddr) -> anyhow::Result<()> {
        let mut client = Client::connect(address, &Arc::new(Meter::default()))?;
        client.set("key", b"value")?;
        client.set_range("key", 2, b"LUE")?;
        ensure!(client.get("key")?.as_deref() == Some(&b"vaLUE"[..]));
        ensure!(client.get_range("key", 1, 2)? == b"aL");
        ensure!(client.set_nx_ex("lock", b"me", Duration::from_secs(60))?);
        ensure!(!client.set_nx_ex("lock", b"you", Duration::from_secs(60))?);
        ensure!(!client.compare_and_delete("lock", b"you")?);
        ensure!(client.compare_and_delete("lock", b"me")?);
        ensure!(client.sadd("hosts", "a")? && client.sismember("hosts", "a")?);
        ensure!(client.rpush("queue", b"call")? == 1);
        let popped = client.blpop("queue", Duration::from_secs(1))?;
        ensure!(popped.as_deref() == Some(&b"call"[..]));
        client.flush_all()?;
        ensure!(client.keys("*")?.is_empty());
        Ok(())
    }
}
