//! What a key can hold.

use std::collections::VecDeque;

use indexmap::{IndexMap, IndexSet};

/// A binary string inside a list, a set or a hash.
pub(crate) type Item = Box<[u8]>;

/// The value of a key.
#[derive(Debug)]
pub(crate) enum Value {
    Text(Text),
    List(List),
    Set(Set),
    Hash(Hash),
}

/// A binary string.
pub(crate) type Text = Vec<u8>;
/// A list.
pub(crate) type List = VecDeque<Item>;
/// A set, in the order of insertion until something is removed.
pub(crate) type Set = IndexSet<Item>;
/// A hash, in the order of insertion until something is removed.
pub(crate) type Hash = IndexMap<Item, Item>;

impl Value {
    /// The name that `TYPE` answers.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
        }
    }
}

/// One of the kinds of value.
pub(crate) trait Kind: Default {
    fn wrap(self) -> Value;
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
}

macro_rules! kind {
    ($kind:ident) => {
        impl Kind for $kind {
            fn wrap(self) -> Value {
                Value::$kind(self)
            }

            fn of(value: &Value) -> Option<&Self> {
                match value {
                    Value::$kind(inner) => Some(inner),
                    _ => None,
                }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                match value {
                    Value::$kind(inner) => Some(inner),
                    _ => None,
                }
            }
        }
    };
}

kind!(Text);
kind!(List);
kind!(Set);
kind!(Hash);

/// A value that Redis removes when it has become empty.
pub(crate) trait Collection: Kind {
    fn has_none(&self) -> bool;
}

impl Collection for List {
    fn has_none(&self) -> bool {
        self.is_empty()
    }
}

impl Collection for Set {
    fn has_none(&self) -> bool {
        self.is_empty()
    }
}

impl Collection for Hash {
    fn has_none(&self) -> bool {
        self.is_empty()
    }
}
