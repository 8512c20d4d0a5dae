//! What every kind of message has: a number, and a header of its own.

use super::{Frame, Head, WireError, write_frame};

/// A family of messages that pass in one direction.
pub trait Coded: Sized {
    /// The number of its kind.
    fn code(&self) -> u64;

    /// Appends the protobuf header.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads the header of a message of this kind.
    ///
    /// # Errors
    /// If the family has no such kind, or the header is not one of it.
    fn decode(code: u64, header: &[u8]) -> Result<Self, WireError>;

    /// Appends the whole message. The head's code is this message's, whatever it says.
    fn write(&self, head: Head, body: &[u8], out: &mut Vec<u8>) {
        let head = Head { code: self.code(), ..head };
        write_frame(&head, |out| self.encode(out), body, out);
    }

    /// The message of a frame.
    ///
    /// # Errors
    /// As [`Coded::decode`].
    fn of(frame: &Frame) -> Result<Self, WireError> {
        Self::decode(frame.head.code, &frame.header)
    }
}

/// Makes an enum of protobuf messages, each with its number on the wire.
macro_rules! coded {
    (
        $(#[$docs:meta])*
        pub enum $family:ident { $($(#[$variant_docs:meta])* $code:literal => $message:ident,)+ }
    ) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $family { $($(#[$variant_docs])* $message($message),)+ }

        impl $crate::wire::Coded for $family {
            fn code(&self) -> u64 {
                match self { $(Self::$message(_) => $code,)+ }
            }

            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$message(message) => {
                        prost::Message::encode(message, out).expect("a Vec grows as needed");
                    })+
                }
            }

            fn decode(code: u64, header: &[u8]) -> Result<Self, $crate::wire::WireError> {
                let malformed = |error: prost::DecodeError| {
                    $crate::wire::WireError::Malformed(format!("message {code}: {error}"))
                };
                match code {
                    $($code => prost::Message::decode(header)
                        .map(Self::$message)
                        .map_err(malformed),)+
                    _ => Err($crate::wire::WireError::Malformed(format!(
                        "no message here has the number {code}"
                    ))),
                }
            }
        }

        $(impl From<$message> for $family {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })+
    };
}

pub(super) use coded;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ClientRequest, Infer, read_frame};

    const HEAD: Head = Head { code: 0, id: 3, sent: 9, least_delta: None };

    #[test]
    fn a_message_is_read_back_with_its_number() {
        let infer = Infer { user_id: 1, model_id: 2, slo_factor: 1.5, ..Infer::default() };
        let message = ClientRequest::from(infer);
        let mut bytes = Vec::new();
        message.write(HEAD, b"input", &mut bytes);
        let frame = read_frame(&mut bytes.as_slice()).unwrap().unwrap();
        assert_eq!((frame.head.code, frame.head.id, &*frame.body), (2, 3, &b"input"[..]));
        assert_eq!(ClientRequest::of(&frame).unwrap(), message);
    }

    #[test]
    fn an_unknown_number_and_a_broken_header_are_refused() {
        let refusal = |code, header: &[u8]| ClientRequest::decode(code, header).unwrap_err();
        assert_eq!(
            refusal(77, &[]).to_string(),
            "what came is no message of this system: no message here has the number 77"
        );
        let broken = refusal(2, &[0xff; 3]).to_string();
        assert!(broken.starts_with("what came is no message of this system: message 2: "));
    }
}
