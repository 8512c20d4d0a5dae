//! A peer: a server that, on request, uses the network and the disk of its own
//! container and says what it found. Each connection holds one request.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

/// How long a connection may take that nothing prevents.
const CONNECT: Duration = Duration::from_secs(1);

/// How long a driver waits for a peer that works.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until it is killed.
pub(crate) fn serve(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address)?;
    eprintln!("a life of process {}", std::process::id());
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || answer(stream));
    }
    Ok(())
}

fn answer(mut stream: TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let request = first_line(&stream)?;
    let words: Vec<&str> = request.split_whitespace().collect();
    let answer = match words.as_slice() {
        ["echo"] => {
            io::copy(&mut stream.try_clone()?, &mut stream)?;
            return Ok(());
        }
        ["send", n_bytes] => {
            stream.write_all(&vec![7; n_bytes.parse()?])?;
            return Ok(());
        }
        ["connect", address] => TcpStream::connect_timeout(&address.parse()?, CONNECT)
            .map_or_else(|error| error.kind().to_string(), |_| "yes".to_owned()),
        ["fetch", address, n_bytes] => fetch(address.parse()?, n_bytes)?.as_micros().to_string(),
        ["ping", address] => Pings::to(address.parse()?)?.round_trip()?.as_micros().to_string(),
        ["write", name, n_bytes] => match std::fs::write(name, vec![7; n_bytes.parse()?]) {
            Ok(()) => "yes".to_owned(),
            Err(error) => error.kind().to_string(),
        },
        ["exit", code] => std::process::exit(code.parse()?),
        ["exists", name] => std::path::Path::new(name).exists().to_string(),
        words => bail!("a peer cannot do {words:?}"),
    };
    Ok(stream.write_all(answer.as_bytes())?)
}

/// Read byte by byte, because what follows is for somebody else to read.
fn first_line(mut stream: &TcpStream) -> anyhow::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte)? == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    Ok(String::from_utf8(line)?)
}

/// How long it takes to get this many bytes.
pub(crate) fn fetch(from: SocketAddr, n_bytes: &str) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut stream = TcpStream::connect(from)?;
    stream.write_all(format!("send {n_bytes}\n").as_bytes())?;
    let n_received = io::copy(&mut stream, &mut io::sink())?;
    ensure!(n_received == n_bytes.parse::<u64>()?, "{n_received} bytes came");
    Ok(began.elapsed())
}

/// A connection for measuring round trips.
pub(crate) struct Pings(TcpStream);

impl Pings {
    /// Connects, and has the first round trip behind it.
    pub(crate) fn to(address: SocketAddr) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"echo\n")?;
        let pings = Self(stream);
        pings.once()?;
        Ok(pings)
    }

    /// The shortest of a few: a machine that is busy makes any of them longer.
    pub(crate) fn round_trip(&self) -> anyhow::Result<Duration> {
        let round_trips = (0..5).map(|_| self.once()).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(round_trips.into_iter().min().expect("there are five"))
    }

    fn once(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        (&self.0).write_all(b"!")?;
        (&self.0).read_exact(&mut [0])?;
        Ok(began.elapsed())
    }
}

/// What the peer at this address answers.
pub(crate) fn ask(peer: SocketAddr, request: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(peer)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).with_context(|| format!("ask a peer: {request}"))?;
    Ok(answer)
}
