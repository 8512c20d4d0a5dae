//! Listening for controllers: one after another.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::channel,
    time::Duration,
};

use anyhow::Context as _;

use super::{memory::HostMemory, session::Session};
use crate::{
    live::{
        Clock,
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
        Ok(Self { listener, config, clock, make })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("which address is it")
    }

    /// Serves one controller after another, for ever.
    ///
    /// # Errors
    /// If no connection can be accepted any more.
    pub fn serve(&self) -> anyhow::Result<()> {
        loop {
            let (stream, from) = self.listener.accept().context("accept a controller")?;
            if let Err(error) = self.serve_one(stream) {
                eprintln!("clockwork worker: the controller at {from}: {error:#}");
            }
        }
    }

    fn serve_one(&self, stream: TcpStream) -> anyhow::Result<()> {
        stream.set_read_timeout(Some(SILENCE)).context("limit its silence")?;
        let (sender, arrivals) = channel();
        let deliver = move |arrival| {
            // Nobody listens any more once the session has ended.
            let _ = sender.send(arrival);
        };
        let peer = Peer::start::<WorkerOrder>(stream, self.clock, deliver, |_| ())?;
        let mut session = Session::new(self.config.clone(), self.clock, peer);
        let ended = arrivals.into_iter().find_map(|arrival| match arrival {
            Arrival::Message { message, body, .. } => {
                session.obey(message, body, self.make.as_ref()).err().map(Err)
            }
            Arrival::Late(_) => unreachable!("replies have no deadline"),
            Arrival::Gone(reason) => Some(reason.map_or(Ok(()), |reason| Err(reason.into()))),
        });
        session.end();
        ended.unwrap_or(Ok(()))
    }
}
