//! What the tests of both targets share: runs, roles, and the toy system that
//! plays them.

pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod toy;
