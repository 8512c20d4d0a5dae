//! What the toy does when it is told to: by a job's arguments, or by a request
//! to its store.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rustix::{
    process::{Signal, getpid, kill_process},
    time::{ClockId, clock_gettime},
};

use crate::daemon;

/// The longest wait for a connection.
const REACH: Duration = Duration::from_secs(1);

/// One thing to do, written as a verb and the rest of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// `echo TEXT` answers the text.
    Echo(String),
    /// `say TEXT` prints it.
    Say(String),
    /// `write NAME TEXT` keeps a file in the directory.
    Write(PathBuf, String),
    /// `read PATH` answers a file, of the directory unless the path is absolute.
    Read(PathBuf),
    /// `variable NAME` answers it from the environment.
    Variable(String),
    /// `namespace` answers which network namespace it is in.
    Namespace,
    /// `routes` answers the networks that it has a way to.
    Routes,
    /// `bytes N` answers as many.
    Bytes(usize),
    /// `burn SECONDS` uses the processor so long, by the processor's clock.
    Burn(Duration),
    /// `spin SECONDS` uses the processor as much as it can for so long.
    Spin(Duration),
    /// `hold MIB` takes memory and does not give it back.
    Hold(usize),
    /// `reach ADDRESS` connects to it.
    Reach(SocketAddr),
    /// `fetch ADDRESS` asks a server there for its health, and answers that.
    Fetch(SocketAddr),
    /// `leave-daemon PATH` leaves a process and writes its id to the file.
    LeaveDaemon(PathBuf),
    /// `wait` says so and goes on until somebody ends it.
    Wait,
    /// `fail TEXT` ends in an error.
    Fail(String),
    /// `crash` dies of SIGKILL.
    Crash,
}

impl FromStr for Deed {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> anyhow::Result<Self> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let seconds = || anyhow::Ok(Duration::try_from_secs_f64(rest.parse()?)?);
        let deed = match verb {
            "echo" => Self::Echo(rest.into()),
            "say" => Self::Say(rest.into()),
            "write" => {
                let (name, text) = rest.split_once(' ').context("a name and a text")?;
                Self::Write(name.into(), text.into())
            }
            "read" => Self::Read(rest.into()),
            "variable" => Self::Variable(rest.into()),
            "namespace" => Self::Namespace,
            "routes" => Self::Routes,
            "bytes" => Self::Bytes(rest.parse()?),
            "burn" => Self::Burn(seconds()?),
            "spin" => Self::Spin(seconds()?),
            "hold" => Self::Hold(rest.parse()?),
            "reach" => Self::Reach(rest.parse()?),
            "fetch" => Self::Fetch(rest.parse()?),
            "leave-daemon" => Self::LeaveDaemon(rest.into()),
            "wait" => Self::Wait,
            "fail" => Self::Fail(rest.into()),
            "crash" => Self::Crash,
            _ => bail!("the toy does not know how to {verb}"),
        };
        Ok(deed)
    }
}

impl Deed {
    /// Does it, and returns the answer, which most deeds leave empty.
    pub(crate) fn perform(self, dir: &Path) -> anyhow::Result<String> {
        let done = |()| String::new();
        match self {
            Self::Echo(text) => Ok(text),
            Self::Say(text) => say(&text).map(done),
            Self::Write(name, text) => write(&dir.join(name), &text).map(done),
            Self::Read(path) => read(&dir.join(path)),
            Self::Variable(name) => std::env::var(&name).with_context(|| format!("read {name}")),
            Self::Namespace => namespace(),
            Self::Routes => read(Path::new("/proc/net/route")),
            Self::Bytes(n_bytes) => Ok("x".repeat(n_bytes)),
            Self::Burn(time) => burn(time).map(done),
            Self::Spin(time) => spin(time).map(done),
            Self::Hold(n_mib) => hold(n_mib).map(done),
            Self::Reach(address) => reach(address).map(done),
            Self::Fetch(address) => fetch(address),
            Self::LeaveDaemon(pid_file) => daemon::leave(&pid_file).map(done),
            Self::Wait => wait(),
            Self::Fail(text) => bail!(text),
            Self::Crash => {
                kill_process(getpid(), Signal::KILL)?;
                bail!("it survived SIGKILL")
            }
        }
    }
}

/// To standard error, as errors go: two streams have no common order.
fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "{text}").context("print")
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("write {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn namespace() -> anyhow::Result<String> {
    let link = std::fs::read_link("/proc/self/ns/net").context("read the network namespace")?;
    Ok(link.display().to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "all deeds are done alike")]
fn burn(time: Duration) -> anyhow::Result<()> {
    let used = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec as u32)
    };
    let until = used() + time;
    while used() < until {
        std::hint::black_box(Instant::now());
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "all deeds are done alike")]
fn spin(time: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::black_box(Instant::now());
    }
    Ok(())
}

/// The memory is written to, or the kernel would not give it.
#[expect(clippy::unnecessary_wraps, reason = "all deeds are done alike")]
fn hold(n_mib: usize) -> anyhow::Result<()> {
    let held = vec![1_u8; n_mib << 20];
    std::mem::forget(std::hint::black_box(held));
    Ok(())
}

fn reach(address: SocketAddr) -> anyhow::Result<()> {
    TcpStream::connect_timeout(&address, REACH).with_context(|| format!("connect to {address}"))?;
    Ok(())
}

fn fetch(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: toy\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn wait() -> anyhow::Result<String> {
    say("waiting")?;
    loop {
        std::thread::park();
    }
}
