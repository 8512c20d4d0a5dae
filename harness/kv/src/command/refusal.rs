//! Why a command is refused, in Redis's words.

use std::borrow::Cow;

use crate::store::WrongType;

/// The text of an error reply, its code first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) Cow<'static, str>);

impl Refusal {
    pub(super) const SYNTAX: Self = Self::fixed("ERR syntax error");
    pub(super) const NOT_AN_INTEGER: Self =
        Self::fixed("ERR value is not an integer or out of range");
    pub(super) const NOT_POSITIVE: Self =
        Self::fixed("ERR value is out of range, must be positive");
    pub(super) const OFFSET: Self = Self::fixed("ERR offset is out of range");
    pub(super) const OVERFLOW: Self = Self::fixed("ERR increment or decrement would overflow");
    pub(super) const TOO_LONG: Self =
        Self::fixed("ERR string exceeds maximum allowed size (proto-max-bulk-len)");

    pub(super) const fn fixed(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    pub(super) fn arity(command: &str) -> Self {
        Self(format!("ERR wrong number of arguments for '{command}' command").into())
    }

    pub(super) fn expire_time(command: &str) -> Self {
        Self(format!("ERR invalid expire time in '{command}' command").into())
    }

    pub(super) fn subcommand(command: &str, subcommand: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(&subcommand[..subcommand.len().min(128)]);
        Self(format!("ERR unknown subcommand '{shown}'. Try {command} HELP.").into())
    }
}

impl From<WrongType> for Refusal {
    fn from(_: WrongType) -> Self {
        Self::fixed("WRONGTYPE Operation against a key holding the wrong kind of value")
    }
}
