//! The steps of a helper: commands of the machine's tools, and looks at what
//! they changed.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::bail;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use crate::{ballast, command::Invocation};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// Runs a command that must succeed.
    Run(Vec<String>),
    /// Runs a command that may as well fail.
    Attempt(Vec<String>),
    /// Sees whether anybody answers at this address, if only by refusing.
    Reach {
        /// Where to connect to.
        address: SocketAddr,
        /// How long to wait for an answer.
        within_ms: u64,
    },
    /// Sees whether a directory takes another byte.
    LookAtDisk(PathBuf),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// A command succeeded and printed this.
    Printed(String),
    /// A command that may fail did so, and complained so.
    Failed(String),
    /// Whether there was an answer.
    Reached(bool),
    /// Whether the disk is full.
    IsFull(bool),
}

/// Takes all steps in order; the first that fails is an error.
pub(super) async fn take_all(steps: &[Step]) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for step in steps {
        outcomes.push(take(step).await?);
    }
    Ok(outcomes)
}

async fn take(step: &Step) -> anyhow::Result<Outcome> {
    Ok(match step {
        Step::Run(words) => Outcome::Printed(run(words).await?),
        Step::Attempt(words) => match run(words).await {
            Ok(printed) => Outcome::Printed(printed),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        },
        Step::Reach { address, within_ms } => {
            let within = Duration::from_millis(*within_ms);
            Outcome::Reached(is_reached(*address, within).await)
        }
        Step::LookAtDisk(dir) => Outcome::IsFull(ballast::is_full(dir)?),
    })
}

async fn run(words: &[String]) -> anyhow::Result<String> {
    let Some((program, args)) = words.split_first() else { bail!("a command has no words") };
    Invocation::new(program, "/").args(args).output().await?.success(&words.join(" "))
}

/// A refusal is an answer too: somebody received the question.
async fn is_reached(address: SocketAddr, within: Duration) -> bool {
    match tokio::time::timeout(within, TcpStream::connect(address)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpSocket;

    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[tokio::test]
    async fn steps_end_at_the_first_that_must_not_fail() {
        let dir = tempfile::tempdir().unwrap();
        let steps = [
            Step::Attempt(words(&["false"])),
            Step::Run(words(&["echo", "done"])),
            Step::LookAtDisk(dir.path().to_owned()),
        ];
        let [failed, printed, disk] = take_all(&steps).await.unwrap().try_into().unwrap();
        assert_eq!(failed, Outcome::Failed("false: exited with code 1: ".to_owned()));
        assert_eq!(printed, Outcome::Printed("done\n".to_owned()));
        assert_eq!(disk, Outcome::IsFull(false));
        let error = take_all(&[Step::Run(words(&["false"]))]).await.unwrap_err();
        assert_eq!(error.to_string(), "false: exited with code 1: ");
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_and_silence_is_none() {
        let patience = Duration::from_secs(60);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        // The kernel does not answer the second connection that nobody accepts.
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = TcpStream::connect(address).await.unwrap();
        assert!(!is_reached(address, Duration::from_millis(50)).await);
        drop(waiting);
        drop(listener);
        assert!(is_reached(address, patience).await);
    }
}
