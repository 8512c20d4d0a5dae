//! The one way in which external commands run: in a stated directory and
//! environment, within a limit, with a log.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{File, OpenOptions},
    io::Write as _,
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    path::PathBuf,
    pin::pin,
    process::{Child, ChildStdin, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, setsid};
use tokio::io::unix::AsyncFd;

use crate::{children, process::Incarnation};

/// A command, complete: nothing of it depends on where it is started from.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// A path, or a name on PATH.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// The directory it runs in.
    pub dir: PathBuf,
    /// Its environment.
    pub environment: Environment,
    /// The longest it may run; then it is killed with its process group.
    pub limit: Duration,
    /// A file that gets the command line, the output and the status appended.
    pub log: Option<PathBuf>,
}

/// What a command finds in its environment.
#[derive(Debug, Clone)]
pub enum Environment {
    /// Ours, with these variables set on top.
    Inherited(BTreeMap<String, OsString>),
    /// Exactly these variables.
    Exactly(BTreeMap<String, OsString>),
}

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Vec<u8>,
}

/// A process that runs beside us, in a session and process group of its own.
#[derive(Debug)]
pub(crate) struct Process {
    /// Which process it is.
    pub(crate) incarnation: Incarnation,
    /// Readable once it has ended, reaped or not.
    pidfd: AsyncFd<OwnedFd>,
    child: Mutex<Child>,
}

/// Where a [`Process`] reads from and writes to.
pub(crate) enum Streams {
    /// Nothing to read; both outputs go to the file.
    Log(File),
    /// A pipe from us; nothing to write.
    Fed,
}

impl Invocation {
    /// The program in this directory, in our environment, for at most a minute.
    pub fn new(program: impl Into<OsString>, dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: vec![],
            dir: dir.into(),
            environment: Environment::Inherited(BTreeMap::new()),
            limit: Duration::from_secs(60),
            log: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs the command to its end.
    ///
    /// # Errors
    /// If it cannot be started, outlasts its limit, or its log cannot be
    /// written. A failure of the command itself is in [`Finished::status`].
    pub async fn output(&self) -> anyhow::Result<Finished> {
        let mut prepared = self.prepared();
        prepared
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut prepared = tokio::process::Command::from(prepared);
        // The backstop if the caller stops waiting; the limit is the way out.
        prepared.kill_on_drop(true);
        let child = children::start(|| prepared.spawn(), tokio::process::Child::id)
            .with_context(|| self.cannot_start())?;
        let child_of_ours = children::Known(child.id());
        // Pinned here, it outlives the killing of the group: until the leader is
        // reaped nobody else can have the group's id.
        let mut waiting = pin!(tokio::time::timeout(self.limit, child.wait_with_output()));
        let Ok(output) = waiting.as_mut().await else {
            kill_group(child_of_ours.0);
            bail!("`{}` did not end within {:?} and was killed", self.line(), self.limit);
        };
        let output = output.with_context(|| format!("wait for `{}`", self.line()))?;
        let finished =
            Finished { status: output.status, stdout: output.stdout, stderr: output.stderr };
        self.append_to_log(&finished)?;
        Ok(finished)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one way that the ban points to")]
    fn prepared(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).current_dir(&self.dir);
        match &self.environment {
            Environment::Inherited(more) => command.envs(more),
            Environment::Exactly(all) => command.env_clear().envs(all),
        };
        command
    }

    fn append_to_log(&self, finished: &Finished) -> anyhow::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let mut text = format!("$ {}\n", self.line()).into_bytes();
        text.extend_from_slice(&finished.stdout);
        text.extend_from_slice(&finished.stderr);
        text.extend_from_slice(format!("({})\n", describe(finished.status)).as_bytes());
        let append = || OpenOptions::new().create(true).append(true).open(log)?.write_all(&text);
        append().with_context(|| format!("write the log {}", log.display()))
    }

    fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.args);
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    fn cannot_start(&self) -> String {
        let program = self.program.to_string_lossy();
        if !self.dir.is_dir() {
            format!("start `{program}`: there is no directory {}", self.dir.display())
        } else if program.contains('/') {
            format!("start `{program}` (hint: is the path right, and the file executable?)")
        } else {
            format!("start `{program}` (hint: is it installed, and on PATH?)")
        }
    }
}

impl Finished {
    /// The standard output of a command that succeeded.
    ///
    /// # Errors
    /// If it failed; the message holds how, and the end of what it complained.
    pub fn success(self, what: &str) -> anyhow::Result<String> {
        if self.status.success() {
            return Ok(String::from_utf8_lossy(&self.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&self.stderr);
        let last = complaint.lines().rev().take(5).collect::<Vec<_>>();
        let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
        bail!("{what}: {}: {last}", describe(self.status))
    }
}

/// Starts a process that runs beside us. It writes its id to each of
/// `entrances` (files `cgroup.procs`) before it executes the program, so that
/// nothing it starts is outside.
pub(crate) fn spawn(
    command: &Invocation,
    streams: Streams,
    entrances: Vec<File>,
) -> anyhow::Result<(Process, Option<ChildStdin>)> {
    let mut prepared = command.prepared();
    match streams {
        Streams::Log(log) => {
            let log_too = log.try_clone().context("share a log file")?;
            prepared.stdin(Stdio::null()).stdout(log).stderr(log_too);
        }
        Streams::Fed => {
            prepared.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        }
    }
    // SAFETY: between fork and exec the closure only makes system calls that
    // are async-signal-safe (setsid, write); it neither allocates nor locks.
    unsafe {
        prepared.pre_exec(move || {
            setsid()?;
            entrances.iter().try_for_each(|mut entrance| entrance.write_all(b"0"))
        });
    }
    let mut child = children::start(|| prepared.spawn(), |child| Some(child.id()))
        .with_context(|| command.cannot_start())?;
    let stdin = child.stdin.take();
    Ok((Process::watch(child)?, stdin))
}

impl Process {
    /// A child that cannot be watched is killed: nobody would know of its end.
    fn watch(mut child: Child) -> anyhow::Result<Self> {
        match watched(child.id()) {
            Ok((incarnation, pidfd)) => Ok(Self { incarnation, pidfd, child: Mutex::new(child) }),
            Err(error) => {
                kill_group(Some(child.id()));
                let _known = children::Known(Some(child.id()));
                child.wait().context("reap a child")?;
                Err(error)
            }
        }
    }

    /// Resolves when it has ended. Its last times are in /proc until [`Self::reap`].
    pub(crate) async fn ended(&self) -> anyhow::Result<()> {
        self.pidfd.readable().await.context("watch a child")?.retain_ready();
        Ok(())
    }

    /// Takes the status of a process that has ended.
    pub(crate) fn reap(&self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let status = child.wait().context("reap a child")?;
        children::forget(child.id());
        Ok(status)
    }
}

/// A status in words, such as `exited with code 3` or `killed by signal 9`.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

fn watched(pid: u32) -> anyhow::Result<(Incarnation, AsyncFd<OwnedFd>)> {
    let incarnation = Incarnation::of(pid)?.context("a child that nobody reaped is in /proc")?;
    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).context("a child's id fits")?;
    let pidfd = pidfd_open(raw, PidfdFlags::empty())
        .context("watch a child (hint: Linux 5.3 or newer is needed)")?;
    // SAFETY: the `AsyncFd` owns the descriptor, so it stays open and the same
    // until the `AsyncFd` is dropped.
    let pidfd = unsafe { AsyncFd::register(pidfd) }.context("watch a child")?;
    Ok((incarnation, pidfd))
}

fn kill_group(pid: Option<u32>) {
    let group = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(group) = group {
        // A failure means that the group is gone already.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        process::Stat,
        wait::{self, Interval},
    };

    fn shell(script: &str) -> Invocation {
        Invocation::new("sh", std::env::temp_dir()).args(["-c", script])
    }

    #[tokio::test]
    async fn both_outputs_and_the_status_come_back() {
        let finished = shell("echo out; echo err >&2; exit 3").output().await.unwrap();
        assert_eq!(
            (finished.stdout.as_slice(), finished.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert_eq!(finished.status.code(), Some(3));
    }

    #[tokio::test]
    async fn a_failure_says_how_and_what_was_complained_of() {
        let finished = shell("echo no luck >&2; exit 3").output().await.unwrap();
        let error = finished.success("try").unwrap_err().to_string();
        assert_eq!(error, "try: exited with code 3: no luck");
    }

    #[tokio::test]
    async fn the_log_holds_line_output_and_status() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("commands.log");
        Invocation { log: Some(log.clone()), ..shell("echo hello") }.output().await.unwrap();
        let text = std::fs::read_to_string(log).unwrap();
        assert_eq!(text, "$ sh -c echo hello\nhello\n(exited with code 0)\n");
    }

    #[tokio::test]
    async fn a_command_that_outlasts_its_limit_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("sleep 1000 & echo $! > {}/pid; wait", dir.path().display());
        let limit = Duration::from_millis(300);
        let slow = Invocation { limit, ..shell(&script) };
        let error = slow.output().await.unwrap_err().to_string();
        assert!(error.contains("did not end within 300ms"), "{error}");
        // On a slow machine the limit may pass before the shell has written it.
        let pid = std::fs::read_to_string(dir.path().join("pid")).unwrap_or_default();
        let Ok(pid) = pid.trim().parse() else { return };
        let is_gone = || async move { Stat::of(pid).is_none_or(|stat| stat.is_dead()) };
        let patience = Duration::from_secs(60);
        wait::until("the child's end", patience, Interval::BACKING_OFF, is_gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_missing_program_is_named_with_a_hint() {
        let command = Invocation::new("no-such-program", std::env::temp_dir());
        let error = command.output().await.unwrap_err().to_string();
        assert_eq!(error, "start `no-such-program` (hint: is it installed, and on PATH?)");
    }

    #[tokio::test]
    async fn a_missing_directory_is_named() {
        let command = Invocation::new("true", "/no/such/dir");
        let error = command.output().await.unwrap_err().to_string();
        assert_eq!(error, "start `true`: there is no directory /no/such/dir");
    }

    #[tokio::test]
    async fn an_exact_environment_holds_nothing_else() {
        let command = Invocation {
            environment: Environment::Exactly(BTreeMap::from([("A".to_owned(), "1".into())])),
            ..Invocation::new("/usr/bin/env", std::env::temp_dir())
        };
        assert_eq!(command.output().await.unwrap().stdout, b"A=1\n");
    }
}
