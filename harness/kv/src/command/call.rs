//! Running one command: look it up, check its arguments, answer.

use super::{
    refusal::Refusal,
    table::{self, Command},
};
use crate::{
    resp::{Args, Encoder, parse_decimal},
    store::{ClientId, Store, UnixMillis},
};

/// What the server knows of a connection.
#[derive(Debug)]
pub(crate) struct Session {
    /// The number that `CLIENT ID` answers.
    pub(crate) id: ClientId,
    /// The name that the client gave itself.
    pub(crate) name: Vec<u8>,
}

/// What happens to the connection after a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The command was answered.
    Continue,
    /// The answer comes when the store serves this client, or at the deadline.
    Block { deadline: Option<UnixMillis> },
    /// The command was answered, and the connection ends.
    Close,
}

/// What a command's function answers: a refusal becomes an error reply.
pub(super) type Answer = Result<Flow, Refusal>;

/// The usual end of a command's function.
pub(super) const DONE: Answer = Ok(Flow::Continue);

/// One command and what it works on.
pub(super) struct Call<'a> {
    pub(super) store: &'a mut Store,
    pub(super) session: &'a mut Session,
    pub(super) args: Args<'a>,
    pub(super) out: &'a mut Encoder,
}

impl<'a> Call<'a> {
    /// An argument that the command's arity promises.
    pub(super) fn arg(&self, index: usize) -> &'a [u8] {
        self.args.get(index).expect("the arity was checked before the command ran")
    }

    /// The key of a command that has one.
    pub(super) fn key(&self) -> &'a [u8] {
        self.arg(1)
    }

    /// An argument that must be an integer.
    pub(super) fn integer(&self, index: usize) -> Result<i64, Refusal> {
        integer(self.arg(index))
    }
}

/// Runs a command, and encodes its reply unless it blocks.
pub(crate) fn run(
    store: &mut Store,
    session: &mut Session,
    args: Args<'_>,
    out: &mut Encoder,
) -> Flow {
    let n_answered_bytes = out.bytes.len();
    let answer = find(args).and_then(|command| {
        let mut call = Call { store, session, args, out: &mut *out };
        (command.run)(&mut call)
    });
    answer.unwrap_or_else(|Refusal(text)| {
        out.bytes.truncate(n_answered_bytes);
        out.error(&text);
        Flow::Continue
    })
}

fn find(args: Args<'_>) -> Result<&'static Command, Refusal> {
    let name = args.get(0).unwrap_or_default();
    let command = table::find(name).ok_or_else(|| unknown(name, args))?;
    if command.accepts(args.len()) { Ok(command) } else { Err(Refusal::arity(command.name)) }
}

fn unknown(name: &[u8], args: Args<'_>) -> Refusal {
    let mut shown = String::new();
    for arg in args.skip(1) {
        if shown.len() >= 128 {
            break;
        }
        let arg = &arg[..arg.len().min(128 - shown.len())];
        shown.push_str(&format!("'{}' ", String::from_utf8_lossy(arg)));
    }
    let name = String::from_utf8_lossy(&name[..name.len().min(128)]);
    Refusal(format!("ERR unknown command '{name}', with args beginning with: {shown}").into())
}

/// An argument that must be an integer.
pub(super) fn integer(arg: &[u8]) -> Result<i64, Refusal> {
    parse_decimal(arg).ok_or(Refusal::NOT_AN_INTEGER)
}

/// An argument that must be a count.
pub(super) fn count(arg: &[u8]) -> Result<usize, Refusal> {
    parse_decimal(arg).and_then(|n| usize::try_from(n).ok()).ok_or(Refusal::NOT_POSITIVE)
}

/// The part of a sequence of `len` from `start` to `end`, which is included;
/// negative positions count from the end.
pub(super) fn resolve_range(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len_i64 = i64::try_from(len).unwrap_or(i64::MAX);
    let position = |at: i64| if at < 0 { (len_i64 + at).max(0) } else { at };
    // A range that lies before the beginning is empty, and not its first item.
    if end < 0 && len_i64.saturating_add(end) < 0 {
        return 0..0;
    }
    let (start, end) = (position(start), position(end).min(len_i64 - 1));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_a_slow_reading_of_its_definition_gives() {
        for len in 0..6_usize {
            for start in -8..8_i64 {
                for end in -8..8_i64 {
                    let position = |at: i64| if at < 0 { at + len as i64 } else { at };
                    let expected: Vec<usize> = (0..len)
                        .filter(|at| (position(start)..=position(end)).contains(&(*at as i64)))
                        .collect();
                    let range: Vec<usize> = resolve_range(start, end, len).collect();
                    assert_eq!(range, expected, "{start}..={end} of {len}");
                }
            }
        }
    }
}
