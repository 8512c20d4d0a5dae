//! The connections: each is taken from the packet filter and led on to where it
//! was to go.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::fd::{AsFd as _, AsRawFd as _},
    time::Duration,
};

use anyhow::Context as _;
use rustix::net::sockopt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
};

use super::{
    control,
    delay_line::{Delay, pass},
};

/// Where the driver sets the delay; above the ports that the kernel picks.
pub(crate) const CONTROL_PORT: u16 = 64_000;

/// Where connections end up that the instance opens.
pub(crate) const OUTGOING_PORT: u16 = 64_001;

/// Where connections end up that the instance is to accept.
pub(crate) const INCOMING_PORT: u16 = 64_002;

/// The mark of the proxy's own packets, which are not redirected again.
pub(crate) const MARK: u32 = 0x5250_0001;

/// The proxy of one instance.
#[derive(Debug)]
pub(crate) struct Proxy {
    delay: Delay,
    control: TcpListener,
    outgoing: TcpListener,
    incoming: TcpListener,
}

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// The instance.
    Outgoing,
    /// Somebody else.
    Incoming,
}

impl Proxy {
    /// Listens; nothing is delayed yet.
    pub(crate) async fn bind() -> anyhow::Result<Self> {
        Ok(Self {
            delay: Delay::default(),
            control: listen(CONTROL_PORT).await?,
            outgoing: listen(OUTGOING_PORT).await?,
            incoming: listen(INCOMING_PORT).await?,
        })
    }

    /// Relays until an error of its own; those of a connection end just that.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self { delay, control, outgoing, incoming } = self;
        loop {
            let delay = delay.clone();
            tokio::select! {
                accepted = accept(&control) => {
                    tokio::spawn(control::serve(accepted?, delay));
                }
                accepted = accept(&outgoing) => {
                    tokio::spawn(relay(accepted?, Direction::Outgoing, delay));
                }
                accepted = accept(&incoming) => {
                    tokio::spawn(relay(accepted?, Direction::Incoming, delay));
                }
            }
        }
    }
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let address = (Ipv4Addr::UNSPECIFIED, port);
    TcpListener::bind(address).await.with_context(|| format!("listen on port {port}"))
}

/// The next connection. One that its opener gave up before it was accepted is
/// an error of that connection alone.
async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        match listener.accept().await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            outcome => return outcome.map(|(accepted, _)| accepted),
        }
    }
}

async fn relay(accepted: TcpStream, direction: Direction, delay: Delay) -> io::Result<()> {
    let to = sockopt::ip_original_dst(accepted.as_fd())?;
    match (direction, to.port()) {
        // The control asks whether the instance's connections come by here.
        (Direction::Outgoing, CONTROL_PORT) => {
            let (from, to) = accepted.into_split();
            return pass(from, to, &delay).await;
        }
        // It was not redirected, and would be led here again.
        (_, CONTROL_PORT..=INCOMING_PORT) => return Ok(()),
        _ => {}
    }
    let connected = match connect(to).await {
        Ok(connected) => connected,
        Err(_) => {
            return sockopt::set_socket_linger(accepted, Some(Duration::ZERO)).map_err(Into::into);
        }
    };
    accepted.set_nodelay(true)?;
    connected.set_nodelay(true)?;
    let (instance, other) = match direction {
        Direction::Outgoing => (accepted, connected),
        Direction::Incoming => (connected, accepted),
    };
    join(instance, other, &delay).await
}

/// Delays what the instance sends, and not what it receives.
async fn join(instance: TcpStream, other: TcpStream, delay: &Delay) -> io::Result<()> {
    let (from_instance, to_instance) = instance.into_split();
    let (from_other, to_other) = other.into_split();
    tokio::try_join!(pass(from_instance, to_other, delay), copy(from_other, to_instance))?;
    Ok(())
}

async fn copy(from: impl AsyncRead, to: impl AsyncWrite) -> io::Result<()> {
    pass(from, to, &Delay::default()).await
}

/// Connects with packets that the packet filter knows for the proxy's.
async fn connect(to: SocketAddrV4) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    mark(&socket)?;
    socket.connect(SocketAddr::V4(to)).await
}

fn mark(socket: &TcpSocket) -> io::Result<()> {
    let size = size_of_val(&MARK) as libc::socklen_t;
    // SAFETY: the descriptor is open as long as `socket` is borrowed, and the
    // option's value is read from a `u32` of exactly `size` bytes.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MARK,
            std::ptr::from_ref(&MARK).cast(),
            size,
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
