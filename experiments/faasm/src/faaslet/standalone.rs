//! Faaslets without a worker around them, to see what one by itself costs.

use anyhow::{Context as _, ensure};
use sandbox::{Guest, Prepared, Sandbox};

use super::{
    interface::Tenant,
    programs::{INIT_LIMIT, MAIN, Programs, ZYGOTE},
};

/// What a module's own initialisation is called, if it has one.
const INITIALIZE: &str = "_initialize";

/// A function and the two ways in which Faaslets of it come to be.
pub struct Standalone {
    programs: Programs,
    code: Vec<u8>,
    proto: Prepared<Tenant>,
}

/// A Faaslet that waits for a call.
pub struct Idle(Guest<Tenant>);

impl Standalone {
    /// Compiles a function and makes its Proto-Faaslet; its Faaslets will run in `sandbox`.
    ///
    /// # Errors
    /// If the module cannot run here.
    pub fn new(sandbox: Sandbox, wasm: &[u8]) -> anyhow::Result<Self> {
        let programs = Programs::new(sandbox)?;
        let code = programs.machine_code(wasm)?;
        let proto = programs.prepare(wasm)?;
        Ok(Self { programs, code, proto })
    }

    /// Starts a Faaslet as if there were no Proto-Faaslet: loads the machine
    /// code, links it to the host interface, and lets the function initialise
    /// itself in a memory of its own.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn initialise(&self) -> anyhow::Result<Idle> {
        // SAFETY: `new` made it, with the same sandbox.
        let program = unsafe { self.programs.prepare_code(&self.code) }?;
        let mut guest = program.start(None, INIT_LIMIT)?;
        if guest.has_function(ZYGOTE) {
            if guest.has_function(INITIALIZE) {
                guest.call::<(), ()>(INITIALIZE, (), INIT_LIMIT)?;
            }
            guest.call::<(), ()>(ZYGOTE, (), INIT_LIMIT)?;
        }
        Ok(Idle(guest))
    }

    /// Starts a Faaslet as a worker does: copy-on-write from the Proto-Faaslet.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn restore(&self) -> anyhow::Result<Idle> {
        Ok(Idle(self.proto.start(None, INIT_LIMIT)?))
    }
}

impl Idle {
    /// Runs the function, which must not need its call.
    ///
    /// # Errors
    /// If it fails, or returns something else than 0.
    pub fn call(&mut self) -> anyhow::Result<()> {
        let returned = self.0.call::<(), i32>(MAIN, (), INIT_LIMIT).context("call the function")?;
        ensure!(returned == 0, "the function returned {returned}");
        Ok(())
    }
}
