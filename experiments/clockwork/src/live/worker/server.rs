//! Listening for controllers: one after another.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, mpsc::channel},
    time::Duration,
};

use anyhow::{Context as _, bail};

use super::{memory::HostMemory, session::Session};
use crate::{
    live::{
        Clock,
        clock::spawn,
        peer::{Arrival, Peer},
    },
    wire::WorkerOrder,
    worker::{Completion, Device},
};

/// A controller that says nothing for so long is gone; it asks ten times a second.
const SILENCE: Duration = Duration::from_secs(10);

/// Told by a device what has ended.
pub type Report = Box<dyn Fn(Completion) + Send + Sync>;

/// A device of whichever kind.
pub type AnyDevice = Box<dyn Device + Send>;

/// Makes the device of the GPU of this number.
pub type MakeDevice = dyn Fn(u32, Report) -> anyhow::Result<AnyDevice> + Send + Sync;

/// What a worker is.
#[derive(Debug, Clone)]
pub struct Config {
    /// GPUs.
    pub n_gpus: u32,
    /// Its memory and theirs.
    pub memory: HostMemory,
}

/// A worker that listens.
pub struct Worker {
    listener: TcpListener,
    config: Config,
    clock: Clock,
    make: Box<MakeDevice>,
    /// Held by who is served.
    turn: Mutex<()>,
}

impl Worker {
    /// Listens at an address.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub fn listen(
        address: SocketAddr,
        config: Config,
        clock: Clock,
        make: Box<MakeDevice>,
    ) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).with_context(|| format!("listen on {address}"))?;
        Ok(Self { listener, config, clock, make, turn: Mutex::new(()) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("which address is it")
    }

    /// Serves one controller after another, for ever. Whoever speaks while another is
    /// served is refused.
    pub fn serve(self) {
        let worker = Arc::new(self);
        for stream in worker.listener.incoming() {
            let server = Arc::clone(&worker);
            let serve = move |stream| {
                if let Err(error) = server.serve_one(stream) {
                    eprintln!("clockwork worker: {error:#}");
                }
            };
            let started = stream.and_then(|stream| spawn("session", move || serve(stream)));
            if let Err(error) = started {
                eprintln!("clockwork worker: a controller could not connect: {error}");
                pause();
            }
        }
    }

    fn serve_one(&self, stream: TcpStream) -> anyhow::Result<()> {
        stream.set_read_timeout(Some(SILENCE)).context("limit the controller's silence")?;
        let (sender, arrivals) = channel();
        let deliver = move |arrival| {
            // Nobody listens any more once the session has ended.
            let _ = sender.send(arrival);
        };
        let peer = Peer::start::<WorkerOrder>(stream, self.clock, deliver, |_| ())?;
        // Who only looks whether somebody listens says nothing.
        let Ok(first) = arrivals.recv() else { return Ok(()) };
        if matches!(first, Arrival::Gone(None)) {
            return Ok(());
        }
        let Ok(_turn) = self.turn.try_lock() else {
            peer.close();
            bail!("another controller is refused: one is served already");
        };
        let mut session = Session::new(self.config.clone(), self.clock, peer);
        let ended = std::iter::once(first).chain(arrivals).find_map(|arrival| match arrival {
            Arrival::Message { message, body, .. } => {
                session.obey(message, body, self.make.as_ref()).err().map(Err)
            }
            Arrival::Late(_) => unreachable!("replies have no deadline"),
            Arrival::Gone(reason) => Some(reason.map_or(Ok(()), |reason| Err(reason.into()))),
        });
        session.end();
        ended.unwrap_or(Ok(())).context("the controller")
    }
}

#[expect(clippy::disallowed_methods, reason = "the thread only accepts controllers")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}
