//! What the target `docker` needs: a daemon that answers, and the tools of faults.

use std::{io, path::Path, time::Duration};

use serde::Deserialize;
use tokio::net::{TcpStream, UnixStream};

use super::{
    Checkup, Platform,
    program::{NFT, REDIS, TC},
};
use crate::{http, target::Shortfall};

/// The daemon and the version of its cgroups with which all tests have passed.
const VERIFIED: (&str, &str, &str) = ("20.10.24", "1", "2026-11-21");

/// The longest that a daemon may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn checkup(daemon: &str) -> Checkup {
    let (platform, shortfalls) = match platform(daemon).await {
        Ok(platform) => (Some(platform), vec![]),
        Err(shortfall) => (None, vec![shortfall]),
    };
    let (extras, lacking_extras) = (vec![], vec![]);
    let mut checkup = Checkup { target: "docker", shortfalls, platform, extras, lacking_extras };
    for program in [REDIS, NFT, TC] {
        program.note(&mut checkup).await;
    }
    checkup
}

/// What is lacking if no daemon answers at this address.
#[cfg(any(feature = "docker", test))]
pub(crate) async fn shortfalls(daemon: &str) -> Vec<Shortfall> {
    ask::<Version>(daemon, "/version").await.err().into_iter().collect()
}

/// What is lacking where a daemon could not be asked, for this reason.
pub(crate) fn silence(daemon: &str, cause: &str) -> Shortfall {
    if cause.to_lowercase().contains("permission denied") {
        return Shortfall {
            missing: format!("this user may not use the Docker daemon at {daemon}"),
            mend: "sudo usermod --append --groups docker $USER, and log in again".to_owned(),
        };
    }
    Shortfall {
        missing: format!("no Docker daemon answers at {daemon} ({cause})"),
        mend: "apt-get install --yes docker.io && service docker start, \
               or set DOCKER_HOST to a daemon that runs"
            .to_owned(),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    /// Daemons before 20.10 only know the first version and do not say so.
    #[serde(default)]
    cgroup_version: Option<String>,
}

async fn platform(daemon: &str) -> Result<Platform, Shortfall> {
    let Version { version } = ask(daemon, "/version").await?;
    let Info { cgroup_version } = ask(daemon, "/info").await?;
    let cgroups = cgroup_version.unwrap_or_else(|| "1".to_owned());
    // Distributions append their own mark, as in `20.10.24+dfsg1`.
    let plain = version.split(['+', '-']).next().unwrap_or_default();
    let (verified, verified_cgroups, day) = VERIFIED;
    let is_like = plain == verified && cgroups == verified_cgroups;
    let name = format!("Docker {version} at {daemon}, cgroups v{cgroups}");
    Ok(Platform { name, verified: is_like.then_some(day) })
}

async fn ask<T: for<'a> Deserialize<'a>>(daemon: &str, path: &str) -> Result<T, Shortfall> {
    let failing = |error: io::Error| silence(daemon, &error.to_string());
    let asking = tokio::time::timeout(PATIENCE, fetch(daemon, path));
    let answer = asking.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let body = answer.map_err(failing)?;
    serde_json::from_slice(&body)
        .map_err(|_| silence(daemon, &format!("what answers {path} there is no Docker daemon")))
}

async fn fetch(daemon: &str, path: &str) -> io::Result<Vec<u8>> {
    // An answer to HTTP/1.0 never comes in chunks.
    let request = format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n");
    let address = Address::of(daemon)?;
    let answer = match address {
        Address::Socket(path) => http::exchange(UnixStream::connect(path).await?, &request).await,
        Address::Tcp(address) => http::exchange(TcpStream::connect(address).await?, &request).await,
    }?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    Err(io::Error::other(format!("it answers {path} with status {}", answer.status)))
}

/// A daemon's address, taken apart.
enum Address<'a> {
    Socket(&'a Path),
    Tcp(&'a str),
}

impl<'a> Address<'a> {
    fn of(daemon: &'a str) -> io::Result<Self> {
        let path = daemon.strip_prefix("unix://").unwrap_or(daemon);
        if path.starts_with('/') {
            return Ok(Self::Socket(Path::new(path)));
        }
        let tcp = daemon.strip_prefix("tcp://").or_else(|| daemon.strip_prefix("http://"));
        let address = tcp.map(|address| Self::Tcp(address.trim_end_matches('/')));
        address.ok_or_else(|| io::Error::other("only unix:// and tcp:// addresses can be used"))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixListener,
    };

    use super::*;

    const VERSION: &str = r#"{"Version":"20.10.24+dfsg1","ApiVersion":"1.41"}"#;

    /// A socket that answers `/version` and `/info` with these bodies.
    struct FakeDaemon {
        dir: tempfile::TempDir,
    }

    impl FakeDaemon {
        fn new(status: u16, version: &'static str, info: &'static str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let listener = UnixListener::bind(dir.path().join("d.sock")).unwrap();
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let mut request = [0; 512];
                    let n_bytes = stream.read(&mut request).await.unwrap();
                    let is_info = request[..n_bytes].starts_with(b"GET /info ");
                    let body = if is_info { info } else { version };
                    let answer = format!("HTTP/1.0 {status} X\r\nServer: Docker\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
            Self { dir }
        }

        fn address(&self) -> String {
            format!("unix://{}/d.sock", self.dir.path().display())
        }

        /// What is said of it, without the path of its socket.
        async fn seen(&self) -> String {
            let text = match platform(&self.address()).await {
                Ok(platform) => platform.to_string(),
                Err(shortfall) => shortfall.missing,
            };
            text.replace(&self.address(), "ADDRESS")
        }
    }

    #[tokio::test]
    async fn the_version_that_was_tried_is_verified() {
        let daemon = FakeDaemon::new(200, VERSION, r#"{"CgroupVersion":"1"}"#);
        insta::assert_snapshot!(daemon.seen().await, @"Docker 20.10.24+dfsg1 at ADDRESS, cgroups v1: verified 2026-11-21");
        assert_eq!(shortfalls(&daemon.address()).await, []);
    }

    #[tokio::test]
    async fn another_version_has_not_been_run_yet() {
        let daemon = FakeDaemon::new(200, r#"{"Version":"29.0.1"}"#, r#"{"CgroupVersion":"2"}"#);
        insta::assert_snapshot!(daemon.seen().await, @"Docker 29.0.1 at ADDRESS, cgroups v2: not yet run against the real one");
        let old = FakeDaemon::new(200, r#"{"Version":"19.03.1"}"#, "{}");
        insta::assert_snapshot!(old.seen().await, @"Docker 19.03.1 at ADDRESS, cgroups v1: not yet run against the real one");
    }

    #[tokio::test]
    async fn what_is_no_daemon_is_not_taken_for_one() {
        let other = FakeDaemon::new(200, "hello", "hello");
        insta::assert_snapshot!(other.seen().await, @"no Docker daemon answers at ADDRESS (what answers /version there is no Docker daemon)");
        let broken = FakeDaemon::new(500, VERSION, "{}");
        insta::assert_snapshot!(broken.seen().await, @"no Docker daemon answers at ADDRESS (it answers /version with status 500)");
    }

    #[tokio::test]
    async fn where_nobody_listens_it_says_how_to_start_one() {
        let found = shortfalls("unix:///no/such/dir/docker.sock").await;
        let [Shortfall { missing, mend }] = &found[..] else { panic!("{found:?}") };
        insta::assert_snapshot!(missing, @"no Docker daemon answers at unix:///no/such/dir/docker.sock (No such file or directory (os error 2))");
        insta::assert_snapshot!(mend, @"apt-get install --yes docker.io && service docker start, or set DOCKER_HOST to a daemon that runs");
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_used_is_refused() {
        let found = shortfalls("ssh://host").await;
        insta::assert_snapshot!(found[0].missing, @"no Docker daemon answers at ssh://host (only unix:// and tcp:// addresses can be used)");
    }

    #[test]
    fn a_lack_of_rights_is_told_apart() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied).to_string();
        insta::assert_snapshot!(silence("unix:///d.sock", &denied).missing, @"this user may not use the Docker daemon at unix:///d.sock");
    }
}
