//! The toy system's roles, and how a server of it is told what to do.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use targets::role::{Instance, Probe, Program, Resources, RoleSpec};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::run::PATIENCE;

/// A job that does these deeds in order, then ends.
pub(crate) fn deeds(deeds: &[&str]) -> RoleSpec {
    let words = ["deeds", "--dir", "{dir}"].iter().chain(deeds);
    role("job", words.map(|word| (*word).to_owned()).collect())
}

/// A server that does what it is asked to.
pub(crate) fn store() -> RoleSpec {
    let words = ["store", "--listen", "{addr:http}", "--dir", "{dir}"];
    let spec = role("store", words.map(str::to_owned).into());
    RoleSpec {
        ports: vec!["http".to_owned()],
        ready: Probe::Http { port: "http".to_owned(), path: "/readyz".to_owned() },
        metrics: Some("http".to_owned()),
        ..spec
    }
}

/// A server that is not ready before it has been asked to.
pub(crate) fn shy_store() -> RoleSpec {
    let mut spec = store();
    if let Program::Own { args, .. } = &mut spec.program {
        args.push("--shy".to_owned());
    }
    spec
}

fn role(name: &str, args: Vec<String>) -> RoleSpec {
    RoleSpec {
        role: name.to_owned(),
        program: Program::Own { binary: env!("CARGO_BIN_EXE_toy").into(), args },
        env: BTreeMap::new(),
        ports: vec![],
        ready: Probe::Started,
        ready_within: PATIENCE,
        metrics: None,
        resources: Resources::default(),
        inputs: vec![],
    }
}

/// Has a store do a deed, and returns its answer.
pub(crate) async fn ask(store: &Instance, deed: &str) -> anyhow::Result<String> {
    let (status, answer) = request(store.addresses["http"], "POST /do", deed).await?;
    if status != 200 {
        bail!("{} refused to {deed}: {answer}", store.id);
    }
    Ok(answer)
}

/// One HTTP request; returns the status and the body of the answer.
pub(crate) async fn request(
    address: SocketAddr,
    line: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nHost: toy\r\nConnection: close\r\n");
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let limit = Duration::from_secs(20);
    let answer = tokio::time::timeout(limit, exchange)
        .await
        .with_context(|| format!("{address} did not answer within {limit:?}"))?
        .with_context(|| format!("talk to {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    let status = head.split(' ').nth(1).context("an answer has a status")?;
    Ok((status.parse()?, body.to_owned()))
}
