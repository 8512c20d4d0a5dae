//! One running instance of a program: started, called, dropped.

use wasmtime::{Instance, InstancePre, Store, UpdateDeadline, WasmParams, WasmResults};

use crate::{
    attachments::Attachments,
    clock::{CallClock, Limit, Stopper},
    error::{CallError, OutOfBounds},
    host::{read_memory, write_memory},
    sandbox::Sandbox,
    tenant::{Quota, Tenant},
};

/// A program with its imports resolved, ready to start guests in microseconds.
pub struct Prepared<T: 'static> {
    sandbox: Sandbox,
    resolved: InstancePre<Tenant<T>>,
}

/// A started program in a slot of its own.
///
/// Dropping it, after whatever end, takes attached regions out of its memory and
/// frees the slot; the next guest there starts from its program's image.
pub struct Guest<T: 'static> {
    store: GuestStore<T>,
    instance: Instance,
    // Keeps the ticker running for as long as a guest can be called.
    _sandbox: Sandbox,
}

impl<T: 'static> Prepared<T> {
    pub(crate) fn new(sandbox: &Sandbox, resolved: InstancePre<Tenant<T>>) -> Self {
        Self { sandbox: sandbox.clone(), resolved }
    }

    /// Starts a guest; `limit` bounds the module's own start function.
    ///
    /// # Errors
    /// If all slots are taken, or as a call of the start function.
    pub fn start(&self, data: T, limit: Limit) -> Result<Guest<T>, CallError> {
        let mut store = GuestStore::new(&self.sandbox, data);
        store.begin(limit);
        let instance = self.resolved.instantiate(&mut store.0).map_err(CallError::from_engine)?;
        let memory = instance.get_memory(&mut store.0, "memory");
        store.0.data_mut().memory = memory;
        Ok(Guest { store, instance, _sandbox: self.sandbox.clone() })
    }
}

impl<T: 'static> Guest<T> {
    /// Calls an exported function: `guest.call::<(i32,), i32>("step", (7,), limit)`.
    ///
    /// It runs on the calling thread and may take 512 KiB of that thread's stack;
    /// host functions take what they need beyond, so give threads 1 MiB or more.
    ///
    /// # Errors
    /// Any [`CallError`]; only this call has failed, and the guest should be dropped.
    pub fn call<Params: WasmParams, Results: WasmResults>(
        &mut self,
        export: &str,
        params: Params,
        limit: Limit,
    ) -> Result<Results, CallError> {
        let store = &mut self.store.0;
        let no_such_export =
            |reason: String| CallError::NoSuchExport { export: export.to_owned(), reason };
        let function = self
            .instance
            .get_func(&mut *store, export)
            .ok_or_else(|| {
                no_such_export("the module exports no function of that name".to_owned())
            })?
            .typed::<Params, Results>(&*store)
            .map_err(|error| no_such_export(format!("{error:#}")))?;
        self.store.begin(limit);
        self.store.0.data().clock.check()?;
        function.call(&mut self.store.0, params).map_err(CallError::from_engine)
    }

    /// Whether the module exports a function of that name.
    pub fn has_function(&mut self, export: &str) -> bool {
        self.instance.get_func(&mut self.store.0, export).is_some()
    }

    /// The data that the guest was started with.
    #[must_use]
    pub fn data(&self) -> &T {
        &self.store.0.data().user
    }

    /// The data that the guest was started with.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.store.0.data_mut().user
    }

    /// What stops this guest from another thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.store.0.data().clock.stopper()
    }

    /// The length of the guest's memory, attached regions included.
    #[must_use]
    pub fn memory_len(&self) -> usize {
        self.store.0.data().memory.map_or(0, |memory| memory.data_size(&self.store.0))
    }

    /// Copies from the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it.
    pub fn read(&self, address: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let Some(memory) = self.store.0.data().memory else {
            return OutOfBounds::check(address as usize, into.len(), 0);
        };
        read_memory(&self.store.0, memory, address, into)
    }

    /// Copies into the guest's memory.
    ///
    /// # Errors
    /// If the range is not in it.
    pub fn write(&mut self, address: u32, from: &[u8]) -> Result<(), OutOfBounds> {
        let Some(memory) = self.store.0.data().memory else {
            return OutOfBounds::check(address as usize, from.len(), 0);
        };
        write_memory(&self.store.0, memory, address, from)
    }

    pub(crate) fn has_attachments(&self) -> bool {
        !self.store.0.data().attachments.is_empty()
    }

    pub(crate) fn instance(&mut self) -> (&mut Store<Tenant<T>>, Instance) {
        (&mut self.store.0, self.instance)
    }
}

/// A store that takes attached regions out before it frees its slot, also when
/// the instantiation fails half-way or a panic unwinds.
struct GuestStore<T: 'static>(Store<Tenant<T>>);

impl<T: 'static> GuestStore<T> {
    fn new(sandbox: &Sandbox, user: T) -> Self {
        let settings = sandbox.settings();
        let tenant = Tenant {
            user,
            clock: CallClock::new(sandbox.ticks(), settings.tick),
            quota: Quota { limit_bytes: settings.memory_max_bytes, attached_bytes: 0 },
            attachments: Attachments::default(),
            memory: None,
        };
        let mut store = Store::new(sandbox.engine(), tenant);
        store.limiter(|tenant| &mut tenant.quota);
        store.epoch_deadline_callback(|context| {
            context.data().clock.check().map_err(wasmtime::Error::new)?;
            Ok(UpdateDeadline::Continue(1))
        });
        Self(store)
    }

    fn begin(&mut self, limit: Limit) {
        self.0.data_mut().clock.begin(limit);
        self.0.set_epoch_deadline(1);
    }
}

impl<T: 'static> Drop for GuestStore<T> {
    fn drop(&mut self) {
        self.0.data_mut().attachments.detach_all();
    }
}

impl<T> std::fmt::Debug for Prepared<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl<T> Clone for Prepared<T> {
    fn clone(&self) -> Self {
        Self { sandbox: self.sandbox.clone(), resolved: self.resolved.clone() }
    }
}

impl<T> std::fmt::Debug for Guest<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").finish_non_exhaustive()
    }
}
