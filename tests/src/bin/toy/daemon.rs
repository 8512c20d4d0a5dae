//! The daemon that a role of the toy may leave behind.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
};

use anyhow::Context as _;
use rustix::process::setsid;

/// Returns once the daemon is in a session of its own.
#[expect(clippy::disallowed_methods, reason = "it is what escapes from targets::command")]
pub(crate) fn leave(pid_file: &Path) -> anyhow::Result<()> {
    let mut daemon = std::process::Command::new(std::env::current_exe()?)
        .arg("daemon")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("start a daemon")?;
    let mut pid = String::new();
    let said = daemon.stdout.take().context("its output is a pipe")?;
    BufReader::new(said).read_line(&mut pid).context("listen to the daemon")?;
    std::fs::write(pid_file, pid).context("write the daemon's id")
}

/// Says its process id and stays.
#[expect(clippy::print_stdout, reason = "the job listens to its daemon's standard output")]
pub(crate) fn stay() -> anyhow::Result<()> {
    setsid()?;
    println!("{}", std::process::id());
    loop {
        std::thread::park();
    }
}
