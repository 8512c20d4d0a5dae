//! The roles that tests start.

use std::collections::BTreeMap;

use targets::role::{Probe, Program, Resources, RoleSpec};

use super::run::PATIENCE;

/// Any program, as a job.
pub(crate) fn role(program: Program) -> RoleSpec {
    RoleSpec {
        role: "worker".to_owned(),
        program,
        env: BTreeMap::new(),
        ports: vec![],
        ready: Probe::Started,
        ready_within: PATIENCE,
        metrics: None,
        resources: Resources::default(),
        inputs: vec![],
    }
}

/// The toy system in the role that `args` name, as a job.
pub(crate) fn toy(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let args = [&["toy"], args].concat().into_iter().map(str::to_owned).collect();
    Ok(role(Program::Own { binary: std::env::current_exe()?, args }))
}

/// A toy that listens on `http` and is ready when it says so.
pub(crate) fn toy_server(args: &[&str]) -> anyhow::Result<RoleSpec> {
    let mut spec = toy(&[args, &["{addr:http}"]].concat())?;
    spec.ports = vec!["http".to_owned()];
    spec.ready = Probe::Http { port: "http".to_owned(), path: "/readyz".to_owned() };
    spec.metrics = Some("http".to_owned());
    Ok(spec)
}
