//! A Docker daemon of our own beside the machine's, to be restarted and filled.

use std::{
    ffi::CString,
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::{
    mount::{MountFlags, UnmountFlags, mount, unmount},
    process::{Pid, Signal, kill_process},
};
use tempfile::TempDir;
use workspace_tests::{Trials, daemon::Daemon, usable_target};

use crate::support::{Driver, Site, eventually};

/// Why none can be started here, if so.
pub(crate) fn lacking() -> Option<String> {
    // Where the machine's own daemon does not run, a second one hardly would.
    if let Err(reason) = usable_target("docker", "mishaps") {
        return Some(reason);
    }
    let is_root = rustix::process::geteuid().is_root();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_it = std::env::split_paths(&path).any(|dir| dir.join("dockerd").exists());
    match (is_root, has_it) {
        (false, _) => Some("a second Docker daemon needs root (hint: run the tests as root)"),
        (_, false) => Some("no dockerd (hint: apt-get install --yes docker.io)"),
        _ => None,
    }
    .map(str::to_owned)
}

/// A daemon with its data, its state and its socket in a temporary directory,
/// and in a network namespace of its own: what the machine's daemon has set up
/// stays as it is, and no bridge outlives it.
pub(crate) struct SecondDaemon {
    process: Option<Child>,
    /// It keeps the network namespace while the daemon is away.
    network: Child,
    root: TempDir,
    data: PathBuf,
}

impl SecondDaemon {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// Starts one whose data is on a file system of so many MiB.
    pub(crate) fn start_on_small_disk(n_mib: u32) -> Self {
        Self::start_with(|data| {
            let options = CString::new(format!("size={n_mib}m")).unwrap();
            mount("none", data, "tmpfs", MountFlags::empty(), options.as_c_str()).unwrap();
        })
    }

    fn start_with(prepare: impl FnOnce(&Path)) -> Self {
        let root = tempfile::Builder::new().prefix("second-").tempdir().unwrap();
        let data = root.path().join("data");
        fs::create_dir(&data).unwrap();
        prepare(&data);
        let network = keep_network();
        let mut daemon = Self { process: None, network, root, data };
        daemon.start_again();
        daemon
    }

    /// Its address, as DOCKER_HOST has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path("socket"))
    }

    /// The environment that leads to it.
    pub(crate) fn environment(&self) -> String {
        format!("target = \"docker\"\n[docker]\nhost = \"{}\"\n", self.host())
    }

    /// Starts a driver beside it, where its containers can be reached.
    pub(crate) fn start_driver(&self, site: &Site, args: &[&str]) -> Driver {
        let network = self.network_option();
        let driver = [network.as_str(), env!("CARGO_BIN_EXE_toy"), "--driver"];
        site.start("nsenter", driver.iter().chain(args))
    }

    fn network_option(&self) -> String {
        format!("--net=/proc/{}/ns/net", self.network.id())
    }

    /// Kills it as a crash would. Its containers die with its containerd.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
        // Its containerd died with it. Where nobody reaps orphans, the id in
        // this file still looks alive.
        let _ = fs::remove_file(self.root.path().join("exec/containerd/containerd.pid"));
    }

    /// Starts it on the data it left.
    pub(crate) fn start_again(&mut self) {
        self.spawn();
        let host = self.host();
        eventually("the second daemon", || Trials::block_on(Daemon::at(&host)).is_ok());
    }

    #[expect(clippy::disallowed_methods, reason = "a test needs the process itself, to kill it")]
    fn spawn(&mut self) {
        let log = self.root.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new("nsenter");
        command.arg(self.network_option()).arg("dockerd");
        command.args(["--data-root", &self.data.display().to_string()]);
        command.args(["--exec-root", &self.path("exec"), "--pidfile", &self.path("pid")]);
        command.args(["--host", &self.host()]);
        command.args(["--bridge", "none", "--shutdown-timeout=1"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        // Not among what is killed together with the tests' own group.
        command.process_group(0);
        self.process = Some(command.spawn().unwrap());
    }

    /// Ends it as an administrator does.
    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
        process.wait().unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }
}

#[expect(clippy::disallowed_methods, reason = "it lives as long as the daemon's owner")]
fn keep_network() -> Child {
    let mut command = Command::new("unshare");
    command.args(["--net", "sleep", "100000"]).stdin(Stdio::null());
    let network = command.spawn().unwrap();
    let own = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    let is_apart = || own(&network.id().to_string()).is_some_and(|it| Some(it) != own("self"));
    eventually("a network namespace", is_apart);
    network
}

impl Drop for SecondDaemon {
    /// Its containers died with it, or end with it now.
    fn drop(&mut self) {
        self.stop();
        let _ = self.network.kill().and_then(|()| self.network.wait());
        // The daemon mounts its data on itself, and may have been killed.
        while unmount(&self.data, UnmountFlags::DETACH).is_ok() {}
    }
}
