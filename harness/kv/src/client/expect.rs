//! Replies as the types that commands promise.

use super::{Error, Result};
use crate::resp::Reply;

pub(super) fn unexpected(reply: &Reply, doing: String) -> Error {
    let mut reply = format!("{reply:?}");
    reply.truncate(reply.floor_char_boundary(120));
    Error::Unexpected { doing, reply }
}

pub(super) fn ok(reply: &Reply, doing: impl FnOnce() -> String) -> Result<()> {
    match reply {
        Reply::Simple(_) => Ok(()),
        other => Err(unexpected(other, doing())),
    }
}

pub(super) fn integer(reply: &Reply, doing: impl FnOnce() -> String) -> Result<i64> {
    match reply {
        Reply::Integer(value) => Ok(*value),
        other => Err(unexpected(other, doing())),
    }
}

pub(super) fn count(reply: &Reply, doing: impl FnOnce() -> String) -> Result<u64> {
    match reply {
        Reply::Integer(value) if *value >= 0 => Ok(value.cast_unsigned()),
        other => Err(unexpected(other, doing())),
    }
}

pub(super) fn optional_bytes(
    reply: Reply,
    doing: impl FnOnce() -> String,
) -> Result<Option<Vec<u8>>> {
    match reply {
        Reply::Bulk(bytes) => Ok(Some(bytes)),
        Reply::Null => Ok(None),
        other => Err(unexpected(&other, doing())),
    }
}

pub(super) fn list_of_bytes(reply: Reply, doing: impl Fn() -> String) -> Result<Vec<Vec<u8>>> {
    let items = match reply {
        Reply::Array(items) | Reply::Set(items) => items,
        other => return Err(unexpected(&other, doing())),
    };
    items
        .into_iter()
        .map(|item| match item {
            Reply::Bulk(bytes) => Ok(bytes),
            other => Err(unexpected(&other, doing())),
        })
        .collect()
}
