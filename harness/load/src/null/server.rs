//! The null server: one thread on the loopback interface.

use std::{
    cell::Cell,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    rc::Rc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{LocalSet, spawn_local},
};

use super::Reply;
use crate::engine::{clock::Clock, prompt, timer::Timer};

/// The longest request.
const BUFFER_BYTES: usize = 64 << 10;

/// A server that answers as a function of the request's number says, counted
/// from 0 over all connections. It ends when dropped.
#[derive(Debug)]
pub struct NullServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What its connections share.
struct Shared {
    reply: Box<dyn Fn(u64) -> Reply>,
    ok: Vec<u8>,
    n_requests: Cell<u64>,
    clock: Clock,
    timer: Rc<Timer>,
}

impl NullServer {
    /// Starts it on a free port of the loopback interface.
    ///
    /// # Errors
    /// If there is no port, or no thread, to be had.
    pub fn start(reply: impl Fn(u64) -> Reply + Send + 'static) -> anyhow::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen")?;
        listener.set_nonblocking(true).context("listen without blocking")?;
        let address = listener.local_addr().context("read the bound address")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("start a runtime")?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("null-server".to_owned()).spawn(move || {
            // What it takes to answer must not be what is measured.
            prompt::prefer();
            let serving = LocalSet::new().block_on(&runtime, async {
                tokio::select! {
                    served = serve(listener, Box::new(reply)) => served,
                    _ = stopped => Ok(()),
                }
            });
            if let Err(error) = serving {
                eprintln!("null server: {error:#}");
            }
        });
        let thread = Some(thread.context("start a thread")?);
        Ok(Self { address, stop: Some(stop), thread })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NullServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has said itself why it ended.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: StdListener, reply: Box<dyn Fn(u64) -> Reply>) -> anyhow::Result<()> {
    let listener = TcpListener::from_std(listener).context("poll the listener")?;
    let clock = Clock::starting_at(Instant::now());
    let shared = Rc::new(Shared {
        reply,
        ok: Reply::Ok.encode(),
        n_requests: Cell::new(0),
        clock,
        timer: Timer::new(clock)?,
    });
    let timer = Rc::clone(&shared.timer);
    spawn_local(async move { timer.drive().await });
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        let shared = Rc::clone(&shared);
        spawn_local(async move {
            // A client that leaves is no fault of the server.
            let _ = connection(stream, &shared).await;
        });
    }
}

async fn connection(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut n_buffered = 0;
    loop {
        let Some(n_bytes) = request_len(&buffer[..n_buffered])? else {
            let n_read = stream.read(&mut buffer[n_buffered..]).await?;
            if n_read == 0 {
                return Ok(());
            }
            n_buffered += n_read;
            continue;
        };
        buffer.copy_within(n_bytes..n_buffered, 0);
        n_buffered -= n_bytes;
        let number = shared.n_requests.replace(shared.n_requests.get() + 1);
        let reply = (shared.reply)(number);
        match reply {
            Reply::Ok => stream.write_all(&shared.ok).await?,
            Reply::Never => std::future::pending().await,
            Reply::After(delay) => {
                shared.wait(delay).await;
                stream.write_all(&shared.ok).await?;
            }
            Reply::Labelled(_) | Reply::Status(_) => stream.write_all(&reply.encode()).await?,
            Reply::Close => return stream.write_all(&reply.encode()).await,
        }
    }
}

impl Shared {
    async fn wait(&self, delay: Duration) {
        self.timer.sleep_until(self.clock.now() + delay).await;
    }
}

/// The length of the first request, its body included; none if more must come.
fn request_len(bytes: &[u8]) -> io::Result<Option<usize>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let Ok(httparse::Status::Complete(n_head)) = request.parse(bytes) else {
        // What is no request, or too long for the buffer, ends the connection.
        return if bytes.len() == BUFFER_BYTES { Err(invalid()) } else { Ok(None) };
    };
    let length =
        request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let n_body = match length {
        Some(length) => {
            let text = std::str::from_utf8(length.value).map_err(|_| invalid())?;
            text.trim().parse::<usize>().map_err(|_| invalid())?
        }
        None => 0,
    };
    let n_bytes = n_head + n_body;
    Ok((bytes.len() >= n_bytes).then_some(n_bytes))
}
