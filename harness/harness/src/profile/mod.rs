//! What a run is asked to do: the profile (the scale) and the environment.

mod document;
mod environment;
mod limits;
mod locate;
mod overrides;
mod variables;

pub(crate) use document::{Profile, ProfileFile};
pub(crate) use environment::{Environment, RoleOverride};
pub(crate) use limits::RoleLimits;
pub(crate) use locate::{load_environment, load_profile, workspace_root};
pub(crate) use overrides::apply_overrides;
