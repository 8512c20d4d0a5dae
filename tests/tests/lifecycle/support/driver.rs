//! The toy as a driver: one process that a test can wait for or kill.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A started driver, in a process group of its own as a shell makes it.
pub(crate) struct Driver {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// How a driver ended and what it said.
#[derive(Debug)]
pub(crate) struct Answer {
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Driver {
    #[expect(clippy::disallowed_methods, reason = "a test needs the process itself, to kill it")]
    pub(super) fn start<A: AsRef<OsStr>>(
        site: &Path,
        program: &OsStr,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        static N_STARTED: AtomicU64 = AtomicU64::new(0);
        let n = N_STARTED.fetch_add(1, Ordering::Relaxed);
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| site.join(format!("{name}-{n}")));
        let mut command = Command::new(program);
        command.args(args).current_dir(site).process_group(0);
        command.stdin(Stdio::null());
        command.stdout(File::create(&stdout).unwrap()).stderr(File::create(&stderr).unwrap());
        for (variable, dir) in [
            ("REPRISE_RESULTS_DIR", "results"),
            ("REPRISE_CACHE_DIR", "cache"),
            ("REPRISE_STATE_DIR", "state"),
            ("TMPDIR", "tmp"),
            ("TOY_PACKAGE_DIR", "package"),
            // The checkout's uncommitted changes are no part of these tests.
            ("GIT_DIR", "no-checkout"),
        ] {
            command.env(variable, site.join(dir));
        }
        // What the test's own runner and user have set must not reach the toy.
        for variable in ["CI", "INSTA_UPDATE", "INSTA_FORCE_PASS", "NEXTEST", "REPRISE_PROFILE"] {
            command.env_remove(variable);
        }
        Self { child: command.spawn().unwrap(), stdout, stderr }
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Answer {
        let status = self.child.wait().unwrap();
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        Answer { status, stdout: read(&self.stdout), stderr: read(&self.stderr) }
    }

    /// A signal to the driver alone, as `kill` sends it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// A signal to its process group, as a terminal sends it.
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Driver {
    /// The backstop of a test that failed; `wait` is the way out.
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Answer {
    /// The exit code, as a shell shows it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap())
    }

    /// The exit code must be this one.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}
