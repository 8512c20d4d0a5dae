//! Why an operation on the state tier failed.

use std::{io, net::SocketAddr};

use crate::resp::DecodeError;

/// Why an operation failed; the text names the command and its key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection broke, or could not be made. It must not be used again.
    #[error("{doing} at {address}")]
    Io {
        /// What was attempted, such as ``GET `weights` ``.
        doing: String,
        /// The server.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The server's bytes are no reply. The connection must not be used again.
    #[error("{doing} at {address}: the reply breaks the protocol: {detail}")]
    Protocol {
        /// What was attempted.
        doing: String,
        /// The server.
        address: SocketAddr,
        /// What is wrong with the reply.
        detail: String,
    },
    /// The server refused the command.
    #[error("{doing}: the server answered: {text}")]
    Server {
        /// What was attempted.
        doing: String,
        /// The server's text, its code first.
        text: String,
    },
    /// The key holds another kind of value than the command works on.
    #[error("{doing}: the key holds another kind of value")]
    WrongType {
        /// What was attempted.
        doing: String,
    },
    /// The reply is valid, but not one that this command has.
    #[error("{doing}: the server answered {reply}, which is no reply to this command")]
    Unexpected {
        /// What was attempted.
        doing: String,
        /// The reply, shortened.
        reply: String,
    },
}

impl Error {
    pub(super) fn decoding(error: DecodeError, doing: String, address: SocketAddr) -> Self {
        match error {
            DecodeError::Io(source) => Self::Io { doing, address, source },
            DecodeError::Malformed(detail) => Self::Protocol { doing, address, detail },
        }
    }

    pub(super) fn refused(text: String, doing: String) -> Self {
        if text.starts_with("WRONGTYPE ") {
            Self::WrongType { doing }
        } else {
            Self::Server { doing, text }
        }
    }
}

/// A command and its key, as an error names them.
pub(super) fn describe(mut args: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let name = args.next().map(|name| name.as_ref().escape_ascii().to_string());
    let name = name.unwrap_or_else(|| "an empty command".to_owned());
    match args.next() {
        Some(key) => {
            let key = key.as_ref();
            let shown = &key[..key.len().min(128)];
            format!("{name} `{}`", shown.escape_ascii())
        }
        None => name,
    }
}
