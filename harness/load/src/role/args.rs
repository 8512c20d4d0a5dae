//! What a person or an experiment types to send a load.

use std::{fs, num::NonZeroUsize, path::PathBuf};

use anyhow::{Context as _, ensure};

use crate::{
    engine::{Load, Pace, WarmUpLength},
    http::{Address, Request},
    schedule::{Schedule, Span, Think},
};

/// Flags of a load over HTTP. A system's binary flattens them into a
/// subcommand, and gives them to [`super::run`].
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Servers; connections are spread over them in turn.
    #[arg(long, value_name = "URL,…", value_delimiter = ',', required = true)]
    pub target: Vec<Address>,
    /// The `Host` header, by which a gateway knows the service.
    #[arg(long)]
    pub host: Option<String>,
    /// The method [default: GET, or POST with a body].
    #[arg(long)]
    pub method: Option<String>,
    /// The path, with the query.
    #[arg(long, default_value = "/")]
    pub path: String,
    /// The body: a text, or a file's content.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub body: Option<String>,
    /// Another header; may be repeated.
    #[arg(long, value_name = "NAME: VALUE", value_parser = parse_header)]
    pub header: Vec<(String, String)>,
    /// The header of an answer by which latencies are kept apart as well.
    #[arg(long, value_name = "NAME")]
    pub label_header: Option<String>,
    /// Open loop: when requests are sent (constant:RATE, poisson:RATE,
    /// step:RATExTIME,…, poisson-step:…, trace:FILE, trace-s:FILE).
    #[arg(long, required_unless_present = "connections", conflicts_with = "connections")]
    pub schedule: Option<Schedule>,
    /// Open loop: how many requests may be in flight.
    #[arg(long, value_name = "N", default_value = "256", conflicts_with = "connections")]
    pub in_flight: NonZeroUsize,
    /// Open loop: how long a request may wait for a free connection before it
    /// is dropped [default: the timeout].
    #[arg(long, value_name = "TIME", conflicts_with = "connections")]
    pub wait_limit: Option<Span>,
    /// Closed loop: how many connections send, each after its last answer.
    #[arg(long, value_name = "N")]
    pub connections: Option<NonZeroUsize>,
    /// Closed loop: how long a connection waits before each request (none,
    /// constant:TIME, or uniform:TIME in whole milliseconds).
    #[arg(long, default_value = "none", conflicts_with = "schedule")]
    pub think: Think,
    /// How long to send, the warm-up included; steps and traces end by themselves.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Span>,
    /// What comes first and is recorded apart: a time, or a number of requests.
    #[arg(long, value_name = "TIME|N", default_value = "0s", value_parser = parse_warm_up)]
    pub warm_up: WarmUpLength,
    /// How long an answer may take.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub timeout: Span,
    /// Source of every random choice.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Threads that send.
    #[arg(long, value_name = "N", default_value = "1")]
    pub threads: NonZeroUsize,
    /// Measure first what the generator itself takes (a second).
    #[arg(long)]
    pub calibrate: bool,
    /// Where `load.json` and `latency.hlog` go.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

impl Args {
    /// The load that they describe.
    ///
    /// # Errors
    /// If it makes no sense.
    pub fn load(&self) -> anyhow::Result<Load> {
        let pace = match (&self.schedule, self.connections) {
            (Some(schedule), _) => Pace::Open {
                schedule: schedule.clone(),
                in_flight: self.in_flight.get(),
                wait_limit: self.wait_limit.unwrap_or(self.timeout).duration(),
            },
            (None, Some(connections)) => {
                Pace::Closed { connections: connections.get(), think: self.think }
            }
            (None, None) => anyhow::bail!("--schedule or --connections is missing"),
        };
        let load = Load {
            pace,
            duration: self.duration.map(Span::duration),
            warm_up: self.warm_up,
            timeout: self.timeout.duration(),
            threads: self.threads.get(),
            seed: self.seed,
        };
        load.end().map(|_| load)
    }

    /// The request that each connection sends.
    ///
    /// # Errors
    /// If the body's file cannot be read; the message names it.
    pub fn request(&self) -> anyhow::Result<Request> {
        let body = match self.body.as_deref().map(|body| (body, body.strip_prefix('@'))) {
            Some((_, Some(path))) => fs::read(path).with_context(|| format!("read body {path}"))?,
            Some((text, None)) => text.as_bytes().to_vec(),
            None => Vec::new(),
        };
        let method = if self.body.is_some() { "POST" } else { "GET" };
        Ok(Request {
            method: self.method.clone().unwrap_or_else(|| method.to_owned()),
            path: self.path.clone(),
            host: self.host.clone(),
            headers: self.header.clone(),
            body,
        })
    }
}

fn parse_header(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text.split_once(':').context("expected NAME: VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn parse_warm_up(text: &str) -> anyhow::Result<WarmUpLength> {
    if let Ok(n) = text.parse() {
        return Ok(WarmUpLength::Requests(n));
    }
    let span: anyhow::Result<Span> = text.parse();
    ensure!(
        span.is_ok(),
        "`{text}` is no warm-up\n(hint: a time such as 5s, or a number of requests)"
    );
    span.map(|span| WarmUpLength::Time(span.duration()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(name = "load")]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    const TARGET: &str = "--target=http://127.0.0.1:1";

    fn parse(flags: &[&str]) -> Result<Args, String> {
        let flags = ["load", TARGET, "--out=/tmp/x"].iter().chain(flags);
        let command = Command::try_parse_from(flags).map_err(|error| error.to_string())?;
        Ok(command.args)
    }

    fn load(flags: &[&str]) -> Result<Load, String> {
        parse(flags)?.load().map_err(|error| format!("{error:#}\n"))
    }

    #[test]
    fn a_schedule_makes_an_open_loop_and_connections_a_closed_one() {
        let open = load(&["--schedule=poisson:20", "--duration=5s", "--timeout=3s"]).unwrap();
        let wait_limit = std::time::Duration::from_secs(3);
        let schedule = "poisson:20".parse().unwrap();
        assert_eq!(open.pace, Pace::Open { schedule, in_flight: 256, wait_limit });
        let closed = load(&["--connections=7", "--think=uniform:30ms", "--duration=5s"]).unwrap();
        let think = Think::UniformMs(30);
        assert_eq!(closed.pace, Pace::Closed { connections: 7, think });
    }

    #[test]
    fn a_warm_up_is_a_time_or_a_number() {
        let warm_up = |text| parse(&["--connections=1", "--warm-up", text]).unwrap().warm_up;
        assert_eq!(warm_up("100"), WarmUpLength::Requests(100));
        let half = std::time::Duration::from_millis(500);
        assert_eq!(warm_up("500ms"), WarmUpLength::Time(half));
    }

    #[test]
    fn a_body_makes_a_post() {
        let request = |flags: &[&str]| parse(flags).unwrap().request().unwrap();
        assert_eq!(request(&["--connections=1"]).method, "GET");
        let post = request(&["--connections=1", "--body=hello", "--header=Accept: a/b"]);
        assert_eq!((post.method.as_str(), post.body.as_slice()), ("POST", &b"hello"[..]));
        assert_eq!(post.headers, [("Accept".to_owned(), "a/b".to_owned())]);
    }

    #[test]
    fn bad_flags_are_named_with_what_to_do() {
        let wrong: [&[&str]; 8] = [
            &[],
            &["--schedule=fast", "--duration=1s"],
            &["--schedule=poisson:20"],
            &["--schedule=poisson:20", "--connections=3"],
            &["--connections=0"],
            &["--connections=1", "--warm-up=soon"],
            &["--connections=1", "--duration=1s", "--warm-up=1s"],
            &["--connections=1", "--header=nonsense"],
        ];
        let errors: Vec<_> = wrong.iter().map(|flags| load(flags).unwrap_err()).collect();
        let errors = errors.join("");
        let brief: Vec<_> = errors.lines().filter(|line| !line.is_empty()).collect();
        insta::assert_snapshot!(brief.join("\n"), @r"
        error: the following required arguments were not provided:
          --schedule <SCHEDULE>
        Usage: load --target <URL,…> --out <DIR> --schedule <SCHEDULE>
        For more information, try '--help'.
        error: invalid value 'fast' for '--schedule <SCHEDULE>': `fast` is no schedule
        (hint: constant:5000, poisson:200, step:100x10s,200x10s, poisson-step:…, trace:PATH or trace-s:PATH)
        For more information, try '--help'.
        the load never ends
        (hint: give it a duration)
        error: the argument '--schedule <SCHEDULE>' cannot be used with '--connections <N>'
        Usage: load --target <URL,…> --out <DIR> --schedule <SCHEDULE>
        For more information, try '--help'.
        error: invalid value '0' for '--connections <N>': number would be zero for non-zero type
        For more information, try '--help'.
        error: invalid value 'soon' for '--warm-up <TIME|N>': `soon` is no warm-up
        (hint: a time such as 5s, or a number of requests)
        For more information, try '--help'.
        the warm-up of 1s leaves nothing of 1s
        error: invalid value 'nonsense' for '--header <NAME: VALUE>': expected NAME: VALUE
        For more information, try '--help'.
        ");
    }
}
