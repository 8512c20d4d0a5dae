//! The servers that the promises are tried on, each fresh and empty.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use kv::{BackgroundServer, Client};
use node::Meter;
use tempfile::TempDir;

/// A program of Debian that some trials need.
pub(crate) struct Program {
    name: &'static str,
    reason: &'static str,
    found: OnceLock<bool>,
}

pub(crate) static REDIS_SERVER: Program = Program::new(
    "redis-server",
    "redis-server is not installed (hint: apt-get install redis-server)",
);
pub(crate) static REDIS_CLI: Program =
    Program::new("redis-cli", "redis-cli is not installed (hint: apt-get install redis-tools)");
pub(crate) static REDIS_BENCHMARK: Program = Program::new(
    "redis-benchmark",
    "redis-benchmark is not installed (hint: apt-get install redis-tools)",
);

pub(crate) static PROGRAMS: [&Program; 3] = [&REDIS_SERVER, &REDIS_CLI, &REDIS_BENCHMARK];

impl Program {
    const fn new(name: &'static str, reason: &'static str) -> Self {
        Self { name, reason, found: OnceLock::new() }
    }

    /// Why the program cannot be used, if it cannot.
    pub(crate) fn missing(&'static self) -> Option<&'static str> {
        let found = self.found.get_or_init(|| {
            let mut probe = self.command();
            probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            probe.status().is_ok_and(|status| status.success())
        });
        (!found).then_some(self.reason)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "kv imports no targets; its tests start only the tools that they are compared with"
    )]
    pub(crate) fn command(&self) -> Command {
        Command::new(self.name)
    }
}

/// Where a server listens.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) meter: Arc<Meter>,
}

impl Place {
    /// A new connection.
    pub(crate) fn client(&self) -> Client {
        let mut client = Client::connect(self.address, &self.meter).unwrap();
        // A server that does not answer fails a test; it does not hang it.
        client.set_reply_timeout(Some(Duration::from_secs(60))).unwrap();
        client
    }

    /// A new connection without a client.
    pub(crate) fn raw(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }
}

/// The embedded server.
pub(crate) struct Embedded {
    server: BackgroundServer,
}

impl Embedded {
    pub(crate) fn start() -> Self {
        Self { server: BackgroundServer::start(Meter::shared()).unwrap() }
    }

    pub(crate) fn place(&self) -> Place {
        Place { address: self.server.address(), meter: Meter::shared() }
    }
}

/// A real Redis, which keeps nothing and is killed with this.
pub(crate) struct Redis {
    process: Child,
    address: SocketAddr,
    // Open for as long as the server may write to it.
    _log: BufReader<ChildStdout>,
    _dir: TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        // Another process may take the free port before Redis does.
        let tried = (0..10).find_map(|_| Self::try_start());
        tried.expect("redis-server accepts connections on one of ten free ports")
    }

    pub(crate) fn place(&self) -> Place {
        Place { address: self.address, meter: Meter::shared() }
    }

    fn try_start() -> Option<Self> {
        let address = free_address();
        let dir = TempDir::new().unwrap();
        let mut command = REDIS_SERVER.command();
        command.args(["--bind", &address.ip().to_string()]);
        command.args(["--port", &address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        end_with_this_process(&mut command);
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap());
        let is_ready = log
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("Ready to accept connections"));
        let server = Self { process, address, _log: log, _dir: dir };
        is_ready.then_some(server)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A test that is killed must leave no server behind.
fn end_with_this_process(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    let in_child = || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .map_err(std::io::Error::from)
    };
    // SAFETY: between fork and exec the closure makes one system call; it
    // allocates nothing and takes no lock.
    unsafe { command.pre_exec(in_child) };
}
