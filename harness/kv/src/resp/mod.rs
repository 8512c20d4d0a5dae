//! RESP, the Redis protocol, versions 2 and 3: one codec for server and client.

mod decimal;
mod encode;
mod inline;
mod limits;
mod reply;
mod reply_reader;
mod request;

pub use reply::Reply;

pub(crate) use decimal::parse_decimal;
pub(crate) use encode::{Encoder, Protocol, RequestBuffer};
pub(crate) use limits::{MAX_BULK_BYTES, MAX_REQUEST_BYTES};
pub(crate) use reply_reader::{DecodeError, Header, ReplyReader};
pub(crate) use request::{Args, Decoded, ProtocolError, RequestDecoder};
