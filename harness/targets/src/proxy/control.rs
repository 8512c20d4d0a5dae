//! The conversation of a driver with its proxy: one line each way.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{delay_line::Delay, relay::CONTROL_PORT};

/// How long a look may take in addition to the delay itself.
const LOOK: Duration = Duration::from_secs(2);

/// The longest answer to wait for.
const ANSWER: Duration = Duration::from_secs(120);

/// What the driver wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    /// Delay everything from now on by this.
    DelayUs(u64),
    /// Is a connection that the instance would open to its `neighbour` led
    /// through here, and how long does a byte then take?
    Look {
        /// An address in the instance's network that is not its own.
        neighbour: Ipv4Addr,
        /// The delay that is in force.
        delay_us: u64,
    },
}

/// What the proxy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// It is done.
    Done,
    /// The connection came by here, and a byte took this long.
    TookUs(u64),
    /// The connection went straight to its address.
    Direct,
}

/// Asks the proxy in the network namespace of the instance with this address.
pub(crate) async fn ask(instance: Ipv4Addr, question: &Question) -> anyhow::Result<Answer> {
    let asking = async {
        let mut stream = TcpStream::connect(SocketAddr::from((instance, CONTROL_PORT))).await?;
        stream.write_all(&line(question)?).await?;
        read(&mut stream).await
    };
    let answer = tokio::time::timeout(ANSWER, asking).await;
    answer.context("it does not answer").flatten().context("ask the proxy of an instance")
}

/// Answers one question.
pub(super) async fn serve(mut stream: TcpStream, delay: Delay) -> anyhow::Result<()> {
    let answer = match read(&mut stream).await? {
        Question::DelayUs(delay_us) => {
            delay.set(delay_us);
            Answer::Done
        }
        Question::Look { neighbour, delay_us } => look(neighbour, delay_us).await,
    };
    stream.write_all(&line(&answer)?).await?;
    Ok(())
}

async fn look(neighbour: Ipv4Addr, delay_us: u64) -> Answer {
    let echo = async {
        let mut stream = TcpStream::connect(SocketAddr::from((neighbour, CONTROL_PORT))).await?;
        let began = Instant::now();
        stream.write_all(b"?").await?;
        stream.read_exact(&mut [0]).await?;
        std::io::Result::Ok(began.elapsed())
    };
    let limit = LOOK + Duration::from_micros(delay_us);
    match tokio::time::timeout(limit, echo).await {
        Ok(Ok(took)) => Answer::TookUs(took.as_micros() as u64),
        // Nobody listens there, or the packet filter drops it.
        Ok(Err(_)) | Err(_) => Answer::Direct,
    }
}

fn line(message: &impl Serialize) -> anyhow::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

async fn read<M: DeserializeOwned>(stream: &mut TcpStream) -> anyhow::Result<M> {
    let mut line = String::new();
    if BufReader::new(stream).read_line(&mut line).await? == 0 {
        bail!("it hung up");
    }
    serde_json::from_str(&line).with_context(|| format!("it said `{}`", line.trim_end()))
}
