//! The host functions that guests may import.

use wasmtime::{Caller, WasmRet, WasmTy};

use crate::{
    guest::Prepared,
    host::Host,
    sandbox::{Program, Sandbox},
    tenant::Tenant,
};

/// The host functions for guests whose data is a `T`.
#[derive(Clone)]
pub struct Linker<T: 'static> {
    sandbox: Sandbox,
    functions: wasmtime::Linker<Tenant<T>>,
}

impl<T: 'static> Linker<T> {
    /// A linker with no function.
    #[must_use]
    pub fn new(sandbox: &Sandbox) -> Self {
        Self { sandbox: sandbox.clone(), functions: wasmtime::Linker::new(sandbox.engine()) }
    }

    /// Defines a host function: `|host: &mut Host<'_, T>, a: u32, …| -> anyhow::Result<u32>`.
    ///
    /// # Errors
    /// If that name is already taken.
    pub fn func<Params, Returned>(
        &mut self,
        module: &str,
        name: &str,
        function: impl HostFn<T, Params, Returned>,
    ) -> anyhow::Result<&mut Self> {
        function.define(&mut self.functions, module, name).map_err(|error| {
            anyhow::anyhow!("cannot define the host function `{module}.{name}`: {error:#}")
        })?;
        Ok(self)
    }

    /// Resolves a program's imports, once for all guests that it will start.
    ///
    /// # Errors
    /// If it imports what is not defined here, or under another type.
    pub fn prepare(&self, program: &Program) -> anyhow::Result<Prepared<T>> {
        let resolved = self.functions.instantiate_pre(program.module()).map_err(|error| {
            anyhow::anyhow!("the module's imports do not fit the host's functions: {error:#}")
        })?;
        Ok(Prepared::new(&self.sandbox, resolved))
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linker").finish_non_exhaustive()
    }
}

/// A closure that guests can call: it takes the [`Host`] and up to eight numbers
/// (i32, u32, i64, u64, f32, f64) and returns `anyhow::Result` of a number or `()`.
pub trait HostFn<T: 'static, Params, Returned>: Send + Sync + 'static {
    #[doc(hidden)]
    fn define(
        self,
        linker: &mut wasmtime::Linker<Tenant<T>>,
        module: &str,
        name: &str,
    ) -> wasmtime::Result<()>;
}

macro_rules! host_fn {
    ($($arg:ident: $Arg:ident),*) => {
        impl<T, F, R, $($Arg),*> HostFn<T, ($($Arg,)*), R> for F
        where
            T: 'static,
            F: Fn(&mut Host<'_, T>, $($Arg),*) -> anyhow::Result<R> + Send + Sync + 'static,
            R: WasmRet + 'static,
            $($Arg: WasmTy + 'static,)*
        {
            fn define(
                self,
                linker: &mut wasmtime::Linker<Tenant<T>>,
                module: &str,
                name: &str,
            ) -> wasmtime::Result<()> {
                let function = move |caller: Caller<'_, Tenant<T>>, $($arg: $Arg),*| {
                    Host::enter(caller, |host| self(host, $($arg),*))
                };
                linker.func_wrap(module, name, function)?;
                Ok(())
            }
        }
    };
}

host_fn!();
host_fn!(a: A);
host_fn!(a: A, b: B);
host_fn!(a: A, b: B, c: C);
host_fn!(a: A, b: B, c: C, d: D);
host_fn!(a: A, b: B, c: C, d: D, e: E);
host_fn!(a: A, b: B, c: C, d: D, e: E, f: G);
host_fn!(a: A, b: B, c: C, d: D, e: E, f: G, g: H);
host_fn!(a: A, b: B, c: C, d: D, e: E, f: G, g: H, h: I);
