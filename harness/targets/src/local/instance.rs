//! One running instance: its process group, from the start to the last reading.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::sync::Mutex;

use super::{
    account::Account,
    cgroup::Cgroup,
    disk::{self, Disk},
    ports,
};
use crate::{
    command::{self, Invocation, Streams},
    files,
    ledger::{Ledger, Resource},
    life::{Ending, Life},
    process::{Incarnation, Table},
    role::{Instance, Resources},
    target::Casualty,
    usage::{Usage, sampler::Sampled as _},
    wait::{self, Interval},
};

/// How long an instance that was asked to leave may take.
const GRACE: Duration = Duration::from_secs(2);

/// How long the kernel may take to remove what was killed.
const DEATH: Duration = Duration::from_secs(10);

/// Everything that is decided about an instance before it is started.
pub(crate) struct Plan {
    pub(crate) instance: Instance,
    pub(crate) command: Invocation,
    pub(crate) life: Life,
    pub(crate) resources: Resources,
    /// The name of its resources, unique in the run.
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) cgroup: Cgroup,
    pub(crate) ports: Vec<ports::Claim>,
}

/// An instance that has been started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) instance: Instance,
    pub(crate) life: Life,
    pub(crate) account: Arc<Account>,
    /// The name of its resources, unique in the run.
    pub(super) name: String,
    pub(super) ledger: Ledger,
    pub(super) disk: Option<Disk>,
    pub(super) is_paused: AtomicBool,
    pub(super) is_stopped: Mutex<bool>,
    command: Invocation,
    dir: PathBuf,
    _ports: Vec<ports::Claim>,
}

impl Plan {
    /// Starts the instance. What it creates is in the ledger before it exists,
    /// and gone again if the start fails.
    pub(crate) async fn start(self, ledger: &Ledger) -> anyhow::Result<Running> {
        ledger.intend(&self.resources_to_make())?;
        let cgroup = self.cgroup.clone().create();
        let started = self.limit(cgroup.as_ref()).and_then(|()| self.spawn(cgroup.as_ref()));
        let (process, disk) = match started {
            Ok(started) => started,
            Err(error) => {
                self.undo(cgroup, ledger).await?;
                return Err(error.context(format!("start {}", self.instance.id)));
            }
        };
        let account = Arc::new(Account::open(process.incarnation.clone(), cgroup));
        let running = Running {
            instance: self.instance,
            life: self.life,
            account,
            name: self.name,
            ledger: ledger.clone(),
            disk,
            is_paused: AtomicBool::new(false),
            is_stopped: Mutex::new(false),
            command: self.command,
            dir: self.dir,
            _ports: self.ports,
        };
        running.watch_end(process);
        Ok(running)
    }

    fn resources_to_make(&self) -> Vec<Resource> {
        let disk = self.resources.disk_bytes.map(|_| disk::resource(&self.dir));
        disk.into_iter().chain([self.process_group(), self.group()]).collect()
    }

    /// Takes back what a start that failed has made.
    async fn undo(&self, cgroup: Option<Cgroup>, ledger: &Ledger) -> anyhow::Result<()> {
        ledger.removed(&self.process_group())?;
        let is_gone = match &cgroup {
            Some(cgroup) => cgroup.remove().await,
            None => true,
        };
        if is_gone {
            ledger.removed(&self.group())?;
        }
        if self.resources.disk_bytes.is_some() {
            disk::unmount(&self.dir)?;
            ledger.removed(&disk::resource(&self.dir))?;
        }
        Ok(())
    }

    fn process_group(&self) -> Resource {
        process_group(&self.name)
    }

    fn group(&self) -> Resource {
        let paths: Vec<_> = self.cgroup.dirs().map(|dir| dir.display().to_string()).collect();
        Resource::new("cgroup", &self.cgroup.name).with("paths", paths)
    }

    fn spawn(&self, cgroup: Option<&Cgroup>) -> anyhow::Result<(command::Process, Option<Disk>)> {
        std::fs::create_dir(&self.dir)
            .with_context(|| format!("create the directory {}", self.dir.display()))?;
        let mount = |n_bytes| Disk::mount(&self.dir, n_bytes);
        let disk = self.resources.disk_bytes.map(mount).transpose()?;
        let log = File::create(&self.life.log)
            .with_context(|| format!("create the log {}", self.life.log.display()))?;
        Ok((spawn(&self.command, log, cgroup)?, disk))
    }

    fn limit(&self, cgroup: Option<&Cgroup>) -> anyhow::Result<()> {
        if (Resources { disk_bytes: None, ..self.resources }) == Resources::default() {
            return Ok(());
        }
        let refused = cgroup.map_or(Err("anything"), |cgroup| cgroup.limit(&self.resources));
        refused.map_err(|what| {
            anyhow!(
                "this user may not limit {what} with control groups \
                 (hint: run as root, or leave [resources.ROLE] out of the profile)"
            )
        })
    }
}

impl Running {
    /// Writes to the ledger which process it is. Only called once the testbed
    /// knows the instance: if the disk is full, it must still be stopped.
    pub(crate) fn confirm(&self) -> anyhow::Result<()> {
        self.ledger.created(&process_group(&self.name).with_leader(&self.account.leader()))
    }

    /// Reads everything now and returns all that was used so far.
    pub(crate) async fn usage(&self) -> Usage {
        self.read().await;
        self.account.usage(&self.instance.id, &self.instance.role)
    }

    /// Copies its directory.
    pub(crate) fn collect(&self, into: &Path) -> anyhow::Result<()> {
        files::copy_tree(&self.dir, into)
            .with_context(|| format!("collect the files of {}", self.instance.id))
    }

    /// How it ended, if it did so on its own and ought not to have.
    pub(crate) async fn casualty(&self) -> Option<Casualty> {
        if self.account.leader().stat().is_some_and(|stat| !stat.is_dead()) {
            return None;
        }
        // It may have died so recently that its watcher does not know yet.
        self.life.casualty().await
    }

    /// Reads the last usage, asks the group to leave, forces it after a grace
    /// period, and returns when it is gone. A second call does nothing.
    pub(crate) async fn stop(&self) -> anyhow::Result<()> {
        let mut is_stopped = self.is_stopped.lock().await;
        if *is_stopped {
            return Ok(());
        }
        self.read().await;
        self.life.expect_end();
        self.signal(Signal::TERM)?;
        if self.is_paused.load(Ordering::Acquire) {
            // A frozen process cannot heed the request.
            self.resume().await?;
        }
        if self.gone_within(GRACE).await.is_err() {
            self.signal(Signal::KILL)?;
            self.gone_within(DEATH).await?;
        }
        *is_stopped = true;
        // Both, also on a full disk that the ledger cannot be written to.
        let group = self.remove_cgroup().await;
        self.ledger.removed(&process_group(&self.name)).and(group)
    }

    /// The backstop of [`Self::stop`], for a testbed that is dropped.
    pub(crate) fn kill(&self) {
        self.life.expect_end();
        // Nobody is left to tell; the ledger still knows the group.
        let _ = self.signal(Signal::KILL);
    }

    /// Starts it anew once it has ended, on the files it left.
    pub(super) fn start_again(&self) -> anyhow::Result<()> {
        let log = OpenOptions::new()
            .append(true)
            .open(&self.life.log)
            .with_context(|| format!("open the log {}", self.life.log.display()))?;
        let process = spawn(&self.command, log, self.account.cgroup.as_ref())
            .with_context(|| format!("start {} again", self.instance.id))?;
        self.account.reopen(process.incarnation.clone());
        self.is_paused.store(false, Ordering::Release);
        self.life.begin_again();
        self.watch_end(process);
        self.confirm()
    }

    /// Unmounts its disk, if it has one of its own.
    pub(crate) fn release_disk(&self) -> anyhow::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        disk.unmount().with_context(|| format!("unmount {}", self.dir.display()))?;
        self.ledger.removed(&disk::resource(&self.dir))
    }

    async fn read(&self) {
        self.account.sample(self.table().as_ref());
        if let Some(network) = self.network().await {
            self.account.set_network(network);
        }
    }

    fn table(&self) -> Option<Table> {
        if self.account.needs_table() { Table::read().ok() } else { None }
    }

    /// A service is asked for its bytes; a job may have left them in a file.
    async fn network(&self) -> Option<node::NetworkBytes> {
        if self.life.has_metrics() {
            return self.life.network().await;
        }
        let json = std::fs::read(self.dir.join("network.json")).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// Waits for the leader's end in a task, closes the account while the last
    /// times are still to be read, reaps, and tells.
    fn watch_end(&self, process: command::Process) {
        let (account, end) = (Arc::clone(&self.account), self.life.end());
        tokio::spawn(async move {
            let watched = process.ended().await;
            let was_asked_for = end.is_wanted();
            account.close();
            let (is_success, how) = match watched.and_then(|()| process.reap()) {
                Ok(status) => (status.success(), command::describe(status)),
                Err(error) => (false, format!("was lost: {error:#}")),
            };
            end.tell(Ending { is_success, was_asked_for, how });
        });
    }

    async fn gone_within(&self, limit: Duration) -> Result<(), wait::GaveUp> {
        let what = format!("{} to leave", self.instance.id);
        wait::within(&what, limit, async {
            self.life.ended().await;
            wait::watch(Interval::BACKING_OFF, || async { self.is_gone() }).await;
        })
        .await
    }

    /// Whether no process of the group is left, apart from zombies.
    fn is_gone(&self) -> bool {
        let exists = self.group().is_some_and(|group| test_kill_process_group(group).is_ok());
        !exists || Table::read().is_ok_and(|table| self.living(&table).next().is_none())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        // Until the leader is reaped its id, and so the group's, is not reused.
        if self.account.leader().stat().is_some() {
            if let Some(group) = self.group() {
                // A failure means that the group is gone already.
                let _ = kill_process_group(group, signal);
            }
            return Ok(());
        }
        let table = Table::read().context("read /proc")?;
        self.living(&table)
            .try_for_each(|stat| stat.signal(signal))
            .with_context(|| format!("signal {}", self.instance.id))
    }

    /// The living processes of the group. Should the group's id have been
    /// reused since the leader's end, they do not carry our marks.
    fn living<'a>(
        &'a self,
        table: &'a Table,
    ) -> impl Iterator<Item = &'a crate::process::Stat> + 'a {
        let leader_lives = self.account.leader().stat().is_some();
        table
            .processes
            .values()
            .filter(|stat| stat.group == self.account.leader().pid && !stat.is_dead())
            .filter(move |stat| {
                leader_lives || stat.marks().instance.as_deref() == Some(self.name.as_str())
            })
    }

    fn group(&self) -> Option<Pid> {
        i32::try_from(self.account.leader().pid).ok().and_then(Pid::from_raw)
    }

    /// A group that still has members holds something that escaped; it stays
    /// for the audit to find.
    async fn remove_cgroup(&self) -> anyhow::Result<()> {
        let is_gone = match &self.account.cgroup {
            Some(cgroup) => cgroup.remove().await,
            None => true,
        };
        if is_gone {
            let name = cgroup_name(&self.ledger, &self.name);
            self.ledger.removed(&Resource::new("cgroup", name))?;
        }
        Ok(())
    }
}

impl Resource {
    pub(super) fn with_leader(self, leader: &Incarnation) -> Self {
        self.with("pid", leader.pid)
            .with("start_ticks", leader.start_ticks)
            .with("boot_id", leader.boot_id.as_str())
    }
}

/// The name of the control group of the instance whose resources have `name`.
pub(crate) fn cgroup_name(ledger: &Ledger, name: &str) -> String {
    format!("{}{}-{name}", super::cgroup::PREFIX, ledger.label())
}

/// What an instance finds in its environment, besides what its role names.
pub(crate) fn minimal_environment(dir: &Path) -> BTreeMap<String, OsString> {
    let inherited = ["PATH", "HOME"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    let fixed = [("TMPDIR", dir.into()), ("LANG", "C.UTF-8".into())];
    inherited.chain(fixed.map(|(name, value)| (name.to_owned(), value))).collect()
}

pub(super) fn process_group(name: &str) -> Resource {
    Resource::new("process-group", name)
}

fn spawn(
    command: &Invocation,
    log: File,
    cgroup: Option<&Cgroup>,
) -> anyhow::Result<command::Process> {
    let entrances = cgroup.map(Cgroup::entrances).transpose().context("open its cgroup")?;
    let (process, _) = command::spawn(command, Streams::Log(log), entrances.unwrap_or_default())?;
    Ok(process)
}
