//! What a null server answers.

use std::time::Duration;

/// What a null server does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Answers at once.
    Ok,
    /// Answers after this time.
    After(Duration),
    /// Answers at once, with the header `x-label`.
    Labelled(&'static str),
    /// Answers at once, with this status.
    Status(u16),
    /// Answers at once and closes the connection.
    Close,
    /// Never answers.
    Never,
}

impl Reply {
    /// The answer on the wire.
    pub(super) fn encode(self) -> Vec<u8> {
        let status = if let Self::Status(status) = self { status } else { 200 };
        let extra = match self {
            Self::Labelled(label) => format!("x-label: {label}\r\n"),
            Self::Close => "connection: close\r\n".to_owned(),
            Self::Ok | Self::After(_) | Self::Status(_) | Self::Never => String::new(),
        };
        format!("HTTP/1.1 {status} Null\r\ncontent-length: 2\r\n{extra}\r\nok").into_bytes()
    }
}
