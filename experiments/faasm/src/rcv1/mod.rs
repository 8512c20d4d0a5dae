//! RCV1, the documents of the SGD experiment: read, generated, laid out as the function's state, and an oracle's training.

mod check;
mod documents;
mod generate;
mod matrix;
mod read;
mod reference;
mod write;

pub use documents::{Document, Documents};
pub use generate::Generator;
pub use matrix::{FILES, Matrix, MatrixFile};
pub use read::{Format, ParseError, Source};
pub use reference::Reference;
pub use write::write;

/// Features of RCV1-v2: the stems of its official training set.
pub const N_FEATURES: u32 = 47_236;

/// Documents of the official test set, on which the paper trains, as HOGWILD does.
pub const N_DOCUMENTS: usize = 781_265;
