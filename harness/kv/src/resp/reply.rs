//! What a server answers, as a value.

/// One reply, of either version of RESP.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// A short text such as `OK`.
    Simple(String),
    /// An error, with its code first, such as `WRONGTYPE …`.
    Error(String),
    /// An integer.
    Integer(i64),
    /// A binary string.
    Bulk(Vec<u8>),
    /// The absence of a string or of an array.
    Null,
    /// An array, or a push message.
    Array(Vec<Self>),
    /// A map of RESP3.
    Map(Vec<(Self, Self)>),
    /// A set of RESP3.
    Set(Vec<Self>),
    /// A floating-point number of RESP3.
    Double(f64),
    /// A truth value of RESP3.
    Boolean(bool),
    /// An integer of RESP3 that may not fit 64 bits, as it was written.
    BigNumber(String),
}

impl Reply {
    /// The items of an array, a set, or a map (keys and values in turn).
    #[must_use]
    pub fn into_items(self) -> Option<Vec<Self>> {
        match self {
            Self::Array(items) | Self::Set(items) => Some(items),
            Self::Map(pairs) => {
                Some(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect())
            }
            _ => None,
        }
    }

    /// The bytes of a string reply.
    #[must_use]
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bulk(bytes) => Some(bytes),
            Self::Simple(text) => Some(text.into_bytes()),
            _ => None,
        }
    }
}
