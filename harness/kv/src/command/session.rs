//! Commands about the connection and the server.

use super::{
    call::{Answer, Call, DONE, Flow},
    refusal::Refusal,
    table::{self, COMMANDS, Command},
};
use crate::{
    resp::{Encoder, Protocol, parse_decimal},
    store::glob_matches,
};

/// The version of Redis whose commands and texts the server follows.
const REDIS_VERSION: &str = "7.0.0";

/// What clients ask for to learn how a server keeps its data: only in memory.
const SETTINGS: [(&str, &str); 4] =
    [("appendonly", "no"), ("databases", "1"), ("maxmemory", "0"), ("save", "")];

pub(super) fn ping(call: &mut Call<'_>) -> Answer {
    match call.args.len() {
        1 => call.out.simple("PONG"),
        2 => call.out.bulk(call.arg(1)),
        _ => return Err(Refusal::arity("ping")),
    }
    DONE
}

pub(super) fn echo(call: &mut Call<'_>) -> Answer {
    call.out.bulk(call.arg(1));
    DONE
}

pub(super) fn quit(call: &mut Call<'_>) -> Answer {
    call.out.simple("OK");
    Ok(Flow::Close)
}

/// There is one database.
pub(super) fn select(call: &mut Call<'_>) -> Answer {
    if call.integer(1)? != 0 {
        return Err(Refusal::fixed("ERR DB index is out of range"));
    }
    call.out.simple("OK");
    DONE
}

pub(super) fn hello(call: &mut Call<'_>) -> Answer {
    let mut protocol = call.out.protocol;
    if let Some(version) = call.args.get(1) {
        protocol = match parse_decimal(version) {
            Some(2) => Protocol::Resp2,
            Some(3) => Protocol::Resp3,
            Some(_) => return Err(Refusal::fixed("NOPROTO unsupported protocol version")),
            None => {
                return Err(Refusal::fixed(
                    "ERR Protocol version is not an integer or out of range",
                ));
            }
        };
    }
    let mut words = call.args.skip(2);
    let mut name = None;
    while let Some(word) = words.next() {
        match word.to_ascii_uppercase().as_slice() {
            b"SETNAME" if words.len() > 0 => name = words.next(),
            _ => {
                let shown = String::from_utf8_lossy(word);
                let text = format!("ERR Syntax error in HELLO option '{shown}'");
                return Err(Refusal(text.into()));
            }
        }
    }
    if let Some(name) = name {
        call.session.name = checked_name(name)?;
    }
    call.out.protocol = protocol;
    answer_hello(call);
    DONE
}

fn answer_hello(call: &mut Call<'_>) {
    let out = &mut *call.out;
    out.map(7);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"proto");
    out.integer(if out.protocol == Protocol::Resp3 { 3 } else { 2 });
    out.bulk(b"id");
    out.integer(call.session.id.cast_signed());
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"modules");
    out.array(0);
}

pub(super) fn client(call: &mut Call<'_>) -> Answer {
    let subcommand = call.arg(1);
    match (subcommand.to_ascii_uppercase().as_slice(), call.args.len()) {
        (b"ID", 2) => call.out.integer(call.session.id.cast_signed()),
        (b"GETNAME", 2) => {
            let name = Some(call.session.name.as_slice()).filter(|name| !name.is_empty());
            call.out.optional_bulk(name);
        }
        (b"SETNAME", 3) => {
            call.session.name = checked_name(call.arg(2))?;
            call.out.simple("OK");
        }
        // Libraries say their name and version here; nobody reads it back.
        (b"SETINFO", 4) => call.out.simple("OK"),
        (b"ID" | b"GETNAME" | b"SETNAME" | b"SETINFO", _) => {
            let name = String::from_utf8_lossy(subcommand).to_ascii_lowercase();
            return Err(Refusal::arity(&format!("client|{name}")));
        }
        _ => return Err(Refusal::subcommand("CLIENT", subcommand)),
    }
    DONE
}

fn checked_name(name: &[u8]) -> Result<Vec<u8>, Refusal> {
    if name.iter().all(u8::is_ascii_graphic) {
        return Ok(name.to_vec());
    }
    Err(Refusal::fixed("ERR Client names cannot contain spaces, newlines or special characters."))
}

pub(super) fn config(call: &mut Call<'_>) -> Answer {
    let subcommand = call.arg(1);
    if !subcommand.eq_ignore_ascii_case(b"GET") {
        return Err(Refusal::fixed(
            "ERR the embedded server has no settings to change (hint: use a real Redis)",
        ));
    }
    if call.args.len() < 3 {
        return Err(Refusal::arity("config|get"));
    }
    let asked = |setting: &str| {
        call.args
            .skip(2)
            .any(|pattern| glob_matches(&pattern.to_ascii_lowercase(), setting.as_bytes()))
    };
    let matching: Vec<_> = SETTINGS.iter().filter(|(setting, _)| asked(setting)).collect();
    call.out.map(matching.len());
    for (setting, value) in matching {
        call.out.bulk(setting.as_bytes());
        call.out.bulk(value.as_bytes());
    }
    DONE
}

pub(super) fn info(call: &mut Call<'_>) -> Answer {
    let (n_keys, n_expiring) = (call.store.len(), call.store.n_expiring());
    let keyspace = match n_keys {
        0 => String::new(),
        _ => format!("db0:keys={n_keys},expires={n_expiring},avg_ttl=0\r\n"),
    };
    let text = format!(
        "# Server\r\nredis_version:{REDIS_VERSION}\r\nredis_mode:standalone\r\n\
         server_name:embedded\r\nprocess_id:{}\r\n\
         # Clients\r\nblocked_clients:{}\r\n\
         # Keyspace\r\n{keyspace}",
        std::process::id(),
        call.store.n_waiting(),
    );
    call.out.bulk(text.as_bytes());
    DONE
}

pub(super) fn command(call: &mut Call<'_>) -> Answer {
    let Some(subcommand) = call.args.get(1) else {
        call.out.array(COMMANDS.len());
        for command in COMMANDS {
            describe(command, call.out);
        }
        return DONE;
    };
    match subcommand.to_ascii_uppercase().as_slice() {
        b"COUNT" => call.out.count(COMMANDS.len()),
        b"DOCS" => call.out.map(0),
        b"INFO" => {
            let names = call.args.skip(2);
            call.out.array(names.len());
            for name in names {
                match table::find(name) {
                    Some(command) => describe(command, call.out),
                    None => call.out.null_array(),
                }
            }
        }
        _ => return Err(Refusal::subcommand("COMMAND", subcommand)),
    }
    DONE
}

/// Name and arity; the rest (flags, positions of keys) is left empty.
fn describe(command: &Command, out: &mut Encoder) {
    out.array(6);
    out.bulk(command.name.as_bytes());
    out.integer(command.arity);
    out.array(0);
    for _ in 0..3 {
        out.integer(0);
    }
}
