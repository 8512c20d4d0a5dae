//! What is kept online is what all rows together say.

mod agreement;
mod exact;
mod figures;
mod groups;
mod rows;
