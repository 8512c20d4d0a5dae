//! rsync's own server, with one module.

use std::{
    fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{Server, port, support::eventually};

/// Whether there is an rsync to start.
#[expect(clippy::disallowed_methods, reason = "a test looks for what it needs")]
pub(crate) fn usable() -> Result<(), String> {
    let version = Command::new("rsync").arg("--version").output();
    version.map(|_| ()).map_err(|_| "no rsync (hint: apt-get install --yes rsync)".to_owned())
}

/// A running server.
struct Rsync {
    child: Child,
    root: TempDir,
    port: u16,
}

#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
pub(crate) fn start() -> Result<Box<dyn Server>, String> {
    let (root, port) = (tempfile::tempdir().unwrap(), port::free());
    let files = root.path().join("files");
    fs::create_dir(&files).unwrap();
    let config = root.path().join("rsyncd.conf");
    // Without a change of root or user, which only root may make.
    let text = format!(
        "use chroot = no\naddress = 127.0.0.1\nport = {port}\n[data]\npath = {}\nread only = no\n\
         uid = {}\ngid = {}\n",
        files.display(),
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("rsync");
    command.args(["--daemon", "--no-detach", "--config"]).arg(&config).stdin(Stdio::null());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = Rsync { child, root, port };
    eventually("rsync's server", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    Ok(Box::new(server))
}

impl Server for Rsync {
    fn place(&self) -> String {
        format!("rsync://127.0.0.1:{}/data", self.port)
    }

    fn variables(&self) -> Vec<String> {
        vec![]
    }

    fn files(&self) -> PathBuf {
        self.root.path().join("files")
    }

    fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Rsync {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
