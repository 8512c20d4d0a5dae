//! What containers cost: two and ten of them up, ready and down again, the
//! audit, an image; and the same two by the `docker` command in the same run.
//!
//! Prints medians with their range, and where the time of a trial goes. The
//! goals: two in 3 s, ten in 8 s, the audit in 2 s, an image in 5 s. The system
//! is this executable, as a server and as a job's program.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use node::{Endpoint, Meter};
use targets::{
    artifact::Artifact,
    command::Invocation,
    docker::Docker,
    label::RunLabel,
    ledger::{Destination, Ledger, Resource},
    registry::Registry,
    role::{Probe, Program, Resources, RoleSpec},
    settings::DockerSettings,
    target::{Site, Target as _},
    wait::{self, Interval},
};
use tokio::task::JoinSet;

/// The first argument that makes this executable a server.
const SERVE: &str = "serve";

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_secs(60);

const N_ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    targets::helper::run_if_asked();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some(SERVE) {
        let address = args.next().context("an address")?;
        return runtime.block_on(serve(&address));
    }
    runtime.block_on(measure())
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::bind(address.parse()?, Meter::shared()).await?;
    endpoint.readiness().set_ready();
    endpoint.serve(axum::Router::new()).await
}

async fn measure() -> anyhow::Result<()> {
    let target = Docker::new(&DockerSettings::default());
    if let Some(lacking) = target.shortfalls().await.first() {
        eprintln!("nothing measured: {} (hint: {})", lacking.missing, lacking.mend);
        return Ok(());
    }
    let root = tempfile::tempdir()?;
    let label = RunLabel::from_bits((u64::from(std::process::id()) << 24) ^ 0x9E37_79B9_0000_0000);
    let registry = Registry::in_dir(root.path());
    let path = root.path().join("ledger.jsonl");
    let ledger = Ledger::create(&path, &label, Destination::of(&target), &registry)?;
    let site = Site { label, ledger: ledger.clone(), dir: root.path().join("trial") };

    let image = image(&target, &site, root.path()).await?;
    let mut two = Phases::default();
    let mut by_command = vec![];
    let mut ten = Phases::default();
    for round in 0..N_ROUNDS {
        // Alternating, so that what else the machine does hits both alike.
        two.add(trial(&target, &site, 2).await?);
        by_command.push(by_docker_command(&image, &site.label, round).await?);
        ten.add(trial(&target, &site, 10).await?);
    }
    two.print("two containers", 3.0);
    ten.print("ten containers", 8.0);
    print("two containers by `docker run`", &mut by_command, None);
    let audits = async || {
        let began = Instant::now();
        target.listing(&site.label).await?;
        anyhow::Ok(began.elapsed())
    };
    let mut listings = vec![];
    for _ in 0..N_ROUNDS {
        // An audit is two listings: before and after.
        listings.push(audits().await? + audits().await?);
    }
    print("the audit of a trial", &mut listings, Some(2.0));
    ledger.close()
}

/// Makes images of this executable with another last byte each, then finds one
/// again; returns its name.
async fn image(target: &Docker, site: &Site, dir: &Path) -> anyhow::Result<String> {
    let this = std::fs::read(std::env::current_exe()?)?;
    let (mut new, mut known) = (vec![], vec![]);
    for round in 0..N_ROUNDS {
        let binary = dir.join("bench-docker");
        // The loader reads nothing after the end of the program.
        let changed = format!("{} {round}", std::process::id());
        std::fs::write(&binary, [this.as_slice(), changed.as_bytes()].concat())?;
        std::fs::set_permissions(
            &binary,
            std::fs::metadata(std::env::current_exe()?)?.permissions(),
        )?;
        let program = [Program::Own { binary, args: vec![] }];
        let docker = Docker::new(&DockerSettings::default());
        let (time, images) = timed(docker.prepare(&program, &site.ledger)).await?;
        new.push(time);
        let docker = Docker::new(&DockerSettings::default());
        known.push(timed(docker.prepare(&program, &site.ledger)).await?.0);
        for Artifact { kind, name, .. } in images {
            docker.remove(&site.label, &Resource::new(kind, name)).await?;
        }
    }
    eprintln!("a program of {:.1} MB", this.len() as f64 / 1e6);
    print("its image, made", &mut new, Some(5.0));
    print("its image, found again", &mut known, None);
    let own = [Program::Own { binary: std::env::current_exe()?, args: vec![] }];
    let artifacts: Vec<Artifact> = target.prepare(&own, &site.ledger).await?;
    let name = artifacts.into_iter().next().map(|artifact| artifact.name);
    name.context("a program has an image")
}

async fn timed<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(Duration, T)> {
    let began = Instant::now();
    let done = work.await?;
    Ok((began.elapsed(), done))
}

/// The parts of a trial, each over all rounds.
#[derive(Default)]
struct Phases {
    network: Vec<Duration>,
    up: Vec<Duration>,
    down: Vec<Duration>,
    all: Vec<Duration>,
}

impl Phases {
    fn add(&mut self, [network, up, down]: [Duration; 3]) {
        self.network.push(network);
        self.up.push(up);
        self.down.push(down);
        self.all.push(network + up + down);
    }

    fn print(&mut self, what: &str, goal_s: f64) {
        print(&format!("{what}, up, ready and down"), &mut self.all, Some(goal_s));
        print("  of this the network", &mut self.network, None);
        print("  of this until all are ready", &mut self.up, None);
        print("  of this until all is gone", &mut self.down, None);
    }
}

/// One trial with so many servers.
async fn trial(target: &Docker, site: &Site, n: usize) -> anyhow::Result<[Duration; 3]> {
    let (network, testbed) = timed(target.provision(site.clone())).await?;
    let testbed = Arc::from(testbed);
    let (up, ()) = timed(start_all(&testbed, n)).await?;
    let (down, ()) = timed(testbed.tear_down()).await?;
    Ok([network, up, down])
}

async fn start_all(testbed: &Arc<dyn targets::target::Testbed>, n: usize) -> anyhow::Result<()> {
    let mut starting = JoinSet::new();
    for _ in 0..n {
        let (testbed, spec) = (Arc::clone(testbed), server()?);
        starting.spawn(async move {
            let instance = testbed.start(&spec).await?;
            testbed.ready(&instance).await
        });
    }
    starting.join_all().await.into_iter().collect()
}

fn server() -> anyhow::Result<RoleSpec> {
    let args = [SERVE, "{addr:http}"].map(str::to_owned).into();
    Ok(RoleSpec {
        role: "server".to_owned(),
        program: Program::Own { binary: std::env::current_exe()?, args },
        env: BTreeMap::new(),
        ports: vec!["http".to_owned()],
        ready: Probe::Http { port: "http".to_owned(), path: "/readyz".to_owned() },
        ready_within: LIMIT,
        metrics: Some("http".to_owned()),
        resources: Resources::default(),
        inputs: vec![],
    })
}

/// The same network and two servers as a careful shell script has them.
async fn by_docker_command(
    image: &str,
    label: &RunLabel,
    round: usize,
) -> anyhow::Result<Duration> {
    let network = format!("bench-{label}-{round}");
    let names = [format!("{network}-a"), format!("{network}-b")];
    let began = Instant::now();
    docker(&["network", "create", "--internal", &network]).await?;
    let program = std::env::current_exe()?;
    let inside = format!("/bin/{}", program.file_name().context("a program has a name")?.display());
    for name in &names {
        let run = ["run", "--detach", "--network", &network, "--name", name, image];
        docker(&[&run[..], &[&inside, SERVE, "0.0.0.0:7000"]].concat()).await?;
    }
    for name in &names {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let address = docker(&["inspect", "--format", format, name]).await?;
        let address = format!("{}:7000", address.trim());
        let is_up = || async { tokio::net::TcpStream::connect(&address).await.is_ok() };
        wait::until(name, LIMIT, Interval::BACKING_OFF, is_up).await?;
    }
    docker(&["rm", "--force", &names[0], &names[1]]).await?;
    docker(&["network", "rm", &network]).await?;
    Ok(began.elapsed())
}

async fn docker(args: &[&str]) -> anyhow::Result<String> {
    let words = args.iter().copied();
    Invocation::new("docker", "/").args(words).output().await?.success("docker")
}

fn print(what: &str, samples: &mut [Duration], goal_s: Option<f64>) {
    samples.sort_unstable();
    let [least, median, most] =
        [0, samples.len() / 2, samples.len() - 1].map(|rank| samples[rank].as_secs_f64());
    let goal = match goal_s {
        Some(goal_s) if median <= goal_s => format!(", within {goal_s} s"),
        Some(goal_s) => format!(", ABOVE {goal_s} s"),
        None => String::new(),
    };
    eprintln!("{what}: {median:.3} s ({least:.3} to {most:.3}, n = {}){goal}", samples.len());
}
