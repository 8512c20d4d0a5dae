//! Promises as transcripts of a dialogue.
//!
//! ```text
//! RPUSH l a "b c" => 2
//! LRANGE l 0 -1   => ["a", "b c"]
//! GET l           => -WRONGTYPE Operation against …
//! ```
//!
//! A reply is written as `+text`, `-error`, an integer, `"string"`, `nil`,
//! `[array]`, `{map: of RESP3}` or `<set of RESP3>`. `=>sorted` compares an
//! array whose order no server promises. A line without a reply is only sent.

use kv::{Client, Reply};

use crate::servers::Place;

/// Holds one dialogue on a new connection.
#[track_caller]
pub(crate) fn check(place: &Place, transcript: &str) {
    check_with(&mut place.client(), transcript);
}

/// Holds one dialogue on a connection.
#[track_caller]
pub(crate) fn check_with(client: &mut Client, transcript: &str) {
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (request, expected) = line.split_once("=>").unwrap_or((line, ""));
        let reply = ask(client, request);
        let (reply, expected) = match expected.strip_prefix("sorted") {
            Some(expected) => (show_sorted(reply), expected),
            None => (show(&reply), expected),
        };
        if line.contains("=>") {
            assert_eq!(reply, expected.trim(), "in answer to `{}`", request.trim());
        }
    }
}

/// Sends one request, and answers its reply even if that is an error.
pub(crate) fn ask(client: &mut Client, request: &str) -> Reply {
    let words = words(request);
    let args: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
    client.pipeline().command(&args).replies().unwrap().remove(0)
}

/// Splits at blanks, but not within double quotes; `\0` is a zero byte.
fn words(request: &str) -> Vec<String> {
    let mut words = vec![];
    let mut rest = request.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').expect("a quote is closed"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.replace("\\0", "\0").replace("\\r", "\r").replace("\\n", "\n"));
        rest = after.trim_start();
    }
    words
}

fn show(reply: &Reply) -> String {
    match reply {
        Reply::Simple(text) => format!("+{text}"),
        Reply::Error(text) => format!("-{}", text.trim_end()),
        Reply::Integer(value) => value.to_string(),
        Reply::Bulk(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Reply::Null => "nil".to_owned(),
        Reply::Array(items) => format!("[{}]", show_all(items)),
        Reply::Set(items) => format!("<{}>", show_all(items)),
        Reply::Map(pairs) => {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(key, value)| format!("{}: {}", show(key), show(value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn show_all(items: &[Reply]) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn show_sorted(reply: Reply) -> String {
    let mut items: Vec<_> = match reply.into_items() {
        Some(items) => items.iter().map(show).collect(),
        None => return "no array".to_owned(),
    };
    items.sort();
    format!("[{}]", items.join(", "))
}
