//! `gc` removes what dead runs left, whatever version wrote their ledger, and
//! nothing else.

use std::path::Path;

use anyhow::ensure;
use libtest_mimic::Trial;
use targets::{
    command::{Environment, Invocation},
    gc::{self, Mode, RunState},
    label::RunLabel,
    process::Incarnation,
    registry::Registry,
};

use crate::support::{Run, eventually, fresh_label, processes_of, test, toy_server};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("a_living_driver_is_left_alone", living_driver),
        test("a_dry_run_says_what_it_would_remove", dry_run),
        test("an_older_ledger_is_cleaned", older_ledger),
        test("a_newer_ledger_is_cleaned_as_far_as_it_is_understood", newer_ledger),
        test("a_reused_process_id_is_left_alone", reused_pid),
        test("a_directory_without_the_label_is_left_alone", foreign_directory),
        test("a_lost_ledger_is_made_up_for_by_the_label", lost_ledger),
    ]
}

/// A dead driver's ledger, line by line.
struct Dead {
    root: tempfile::TempDir,
    label: RunLabel,
    registry: Registry,
}

impl Dead {
    fn run() -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let registry = Registry::in_dir(root.path());
        Ok(Self { root, label: fresh_label(), registry })
    }

    /// Writes the ledger, after a header that names a process that never was.
    fn write(&self, header_extra: &str, lines: &[&str]) -> anyhow::Result<std::path::PathBuf> {
        let driver = r#"{"pid":4194305,"start_ticks":1,"boot_id":"an earlier one"}"#;
        let header = format!(
            r#"{{"event":"header","version":1,"run":"{}","target":"local","driver":{driver}{header_extra}}}"#,
            self.label
        );
        let path = self.root.path().join("ledger.jsonl");
        std::fs::write(&path, format!("{header}\n{}\n", lines.join("\n")))?;
        let runs = self.root.path().join("runs");
        std::fs::create_dir_all(&runs)?;
        let entry = format!(
            r#"{{"label":"{}","ledger":"{}","driver":{driver}}}"#,
            self.label,
            path.display()
        );
        std::fs::write(runs.join(self.label.as_str()), entry)?;
        Ok(path)
    }

    fn labelled_dir(&self) -> anyhow::Result<std::path::PathBuf> {
        let dir = self.root.path().join(format!("reprise-{}-t1", self.label));
        std::fs::create_dir(&dir)?;
        std::fs::write(dir.join("file"), "x")?;
        Ok(dir)
    }
}

fn intent(kind: &str, name: &Path) -> String {
    format!(r#"{{"event":"intent","kind":"{kind}","name":"{}"}}"#, name.display())
}

async fn living_driver() -> anyhow::Result<()> {
    let run = Run::begin()?;
    let testbed = run.testbed().await?;
    let server = testbed.start(&toy_server(&["serve"])?).await?;
    testbed.ready(&server).await?;
    let report = gc::gc(&run.registry(), Mode::Remove).await?;
    ensure!(report.runs.len() == 1 && report.runs[0].state == RunState::Alive, "{report}");
    ensure!(processes_of(&run.label).len() == 1);
    testbed.tear_down().await
}

async fn dry_run() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let dir = dead.labelled_dir()?;
    dead.write("", &[&intent("directory", &dir)])?;
    let report = gc::gc(&dead.registry, Mode::DryRun).await?;
    ensure!(report.runs[0].removed.len() == 1 && dir.exists(), "{report}");
    ensure!(dead.registry.runs()?.len() == 1);
    Ok(())
}

async fn older_ledger() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let dir = dead.labelled_dir()?;
    let path = dead.write("", &[&intent("directory", &dir)])?;
    // A boot's identity is what an early version might not have written.
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(&path, text.replace(r#","boot_id":"an earlier one""#, ""))?;
    let report = gc::gc(&dead.registry, Mode::Remove).await?;
    ensure!(report.is_clean() && !dir.exists(), "{report}");
    ensure!(dead.registry.runs()?.is_empty());
    Ok(())
}

async fn newer_ledger() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let dir = dead.labelled_dir()?;
    let known = intent("directory", &dir).replace('}', r#","colour":"red"}"#);
    let unknown = r#"{"event":"intent","kind":"moon-base","name":"m","detail":{"crew":[1]}}"#;
    let path = dead.write(r#","weather":{"rain":true}"#, &[&known, unknown])?;
    let report = gc::gc(&dead.registry, Mode::Remove).await?;
    ensure!(!dir.exists(), "{report}");
    let left = &report.runs[0].left;
    ensure!(left.len() == 1 && left[0].1.contains("use the checkout that made it"), "{report}");
    // It stays registered for the checkout that can remove the rest.
    ensure!(dead.registry.runs()?.len() == 1 && path.exists());
    Ok(())
}

async fn reused_pid() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let innocent = Innocent::start("REPRISE_RUN=ffffffffffff").await?;
    let now = Incarnation::of(innocent.pid)?.expect("it runs");
    let line = format!(
        r#"{{"event":"created","kind":"process-group","name":"t1-worker-0","detail":{{"pid":{},"start_ticks":{},"boot_id":"{}"}}}}"#,
        now.pid,
        now.start_ticks - 1,
        now.boot_id
    );
    dead.write("", &[&line])?;
    let report = gc::gc(&dead.registry, Mode::Remove).await?;
    ensure!(report.is_clean(), "{report}");
    ensure!(now.is_alive()?);
    Ok(())
}

async fn foreign_directory() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let similar = dead.root.path().join(format!("reprise-{}0-t1", dead.label));
    std::fs::create_dir(&similar)?;
    dead.write("", &[&intent("directory", &similar)])?;
    let report = gc::gc(&dead.registry, Mode::Remove).await?;
    ensure!(similar.exists());
    ensure!(report.runs[0].left[0].1.contains("does not carry the label"), "{report}");
    Ok(())
}

async fn lost_ledger() -> anyhow::Result<()> {
    let dead = Dead::run()?;
    let path = dead.write("", &[])?;
    std::fs::remove_file(path)?;
    let orphan = Innocent::start(&format!("REPRISE_RUN={}", dead.label)).await?;
    let orphan_is = Incarnation::of(orphan.pid)?.expect("it runs");
    let report = gc::gc(&dead.registry, Mode::Remove).await?;
    ensure!(matches!(report.runs[0].state, RunState::NoLedger(_)) && report.is_clean(), "{report}");
    eventually("its end", || !orphan_is.is_alive().unwrap_or(true)).await?;
    ensure!(dead.registry.runs()?.is_empty());
    Ok(())
}

/// A process that no run has started, gone when this is dropped.
pub(crate) struct Innocent {
    pub(crate) pid: u32,
    _running: tokio::task::JoinHandle<anyhow::Result<targets::command::Finished>>,
    _abort: AbortOnDrop,
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Innocent {
    /// Starts it with one variable in its environment, written `NAME=value`.
    pub(crate) async fn start(variable: &str) -> anyhow::Result<Self> {
        let (name, value) = variable.split_once('=').expect("NAME=value");
        let note = tempfile::NamedTempFile::new()?;
        let script = format!("echo $$ > {}; exec sleep 1000", note.path().display());
        let mut environment = std::collections::BTreeMap::from([(name.to_owned(), value.into())]);
        environment.insert("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default());
        let invocation = Invocation {
            environment: Environment::Exactly(environment),
            limit: std::time::Duration::from_secs(1000),
            ..Invocation::new("sh", "/").args(["-c", script.as_str(), "reprise-worker"])
        };
        let running = tokio::spawn(async move { invocation.output().await });
        let abort = AbortOnDrop(running.abort_handle());
        let noted = || std::fs::read_to_string(note.path()).ok()?.trim().parse::<u32>().ok();
        eventually("an innocent process", || noted().is_some()).await?;
        let pid = noted().expect("it has been noted");
        Ok(Self { pid, _running: running, _abort: abort })
    }
}
