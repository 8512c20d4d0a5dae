//! What the local target adds to a process that does nothing.
//!
//! The ratio to read is `trial` over `bare`: a whole trial (listing, ledger,
//! provisioning, one job, teardown, listing, audit) over the job alone.

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use targets::{
    audit::Listing,
    command::Invocation,
    label::RunLabel,
    ledger::Ledger,
    local::{Local, become_subreaper},
    registry::Registry,
    role::{Probe, Program, Resources, RoleSpec},
    target::{Site, Target as _},
};

fn overhead(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    become_subreaper().expect("Linux 3.4 and newer allow it");
    let root = tempfile::tempdir().expect("there is a temporary directory");
    let label = RunLabel::from_bits(u64::from(std::process::id()) << 16);
    let registry = Registry::in_dir(root.path());
    let path = root.path().join("ledger.jsonl");
    let ledger = Ledger::create(&path, &label, "local", &registry).expect("it is writable");
    let site = Site { label, ledger, dir: root.path().join("trial") };

    let mut group = criterion.benchmark_group("overhead");
    group.sample_size(30).measurement_time(Duration::from_secs(3));
    group.bench_function("bare", |bencher| {
        bencher.iter(|| runtime.block_on(bare()).expect("`true` succeeds"));
    });
    group.bench_function("listing", |bencher| {
        let target = Local::new();
        bencher.iter(|| black_box(runtime.block_on(target.listing(&site.label)).expect("/proc")));
    });
    group.bench_function("trial", |bencher| {
        bencher.iter(|| runtime.block_on(trial(&site)).expect("a trial succeeds"));
    });
    group.finish();
}

async fn bare() -> anyhow::Result<()> {
    Invocation::new("true", "/").output().await?.success("true")?;
    Ok(())
}

async fn trial(site: &Site) -> anyhow::Result<()> {
    let target = Local::new();
    let before = target.listing(&site.label).await?;
    let testbed = target.provision(site.clone()).await?;
    let job = testbed.start(&job()).await?;
    testbed.finished(&job, Duration::from_secs(60)).await?;
    testbed.usage(&job).await?;
    testbed.tear_down().await?;
    let audit = Listing::compare(&before, &target.listing(&site.label).await?);
    anyhow::ensure!(audit.is_clean(), "{audit:?}");
    Ok(())
}

fn job() -> RoleSpec {
    RoleSpec {
        role: "job".to_owned(),
        program: Program::Command { words: vec!["true".to_owned()], include: vec![] },
        env: BTreeMap::new(),
        ports: vec![],
        ready: Probe::Started,
        ready_within: Duration::from_secs(60),
        metrics: None,
        resources: Resources::default(),
        inputs: vec![],
    }
}

criterion_group!(benches, overhead);
criterion_main!(benches);
