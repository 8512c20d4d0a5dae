//! A Faaslet: a thread bound to a function, with a guest that is as new for each call.

use std::sync::{Arc, atomic::Ordering};

use sandbox::{Guest, Limit, Prepared};

use super::{interface::Tenant, programs::INIT_LIMIT, shared::Shared};
use crate::{
    host::Context,
    message::{Call, Function, Outcome},
};

/// Serves one function after another, as long as there is one that needs a Faaslet.
pub(super) fn serve(worker: &Arc<Shared>) {
    while let Some(function) = worker.dispatcher.next_bind() {
        let mut faaslet = Faaslet { worker, function, proto: None, guest: None, n_calls: 0 };
        while let Some(call) = worker.dispatcher.next_call(&faaslet.function) {
            faaslet.execute(call);
        }
    }
}

struct Faaslet<'a> {
    worker: &'a Arc<Shared>,
    function: Function,
    proto: Option<Proto>,
    /// Ready for the next call, so that the call need not wait for it.
    guest: Option<Guest<Tenant>>,
    n_calls: u64,
}

/// What guests are restored from.
struct Proto {
    program: Arc<Prepared<Tenant>>,
    version: u64,
}

impl Faaslet<'_> {
    fn execute(&mut self, call: Call) {
        let id = call.id;
        let is_cold = self.starts_cold(&call);
        if is_cold {
            (self.proto, self.guest) = (None, None);
        }
        let outcome = self.run(call).unwrap_or_else(|error| Outcome::failed(format!("{error:#}")));
        let outcome = Outcome { is_cold, ..outcome };
        self.worker.n_executed.fetch_add(1, Ordering::Relaxed);
        // Whoever reads the result finds a host on which the call has ended.
        self.worker.dispatcher.ended(self.function.clone());
        self.worker.results.publish_or_log(id, &outcome);
        self.restore();
    }

    /// Whether the call's interval wants this one to find no Proto-Faaslet bound.
    /// The first of a Faaslet does not anyway.
    fn starts_cold(&mut self, call: &Call) -> bool {
        let n_before = self.n_calls;
        self.n_calls += 1;
        n_before > 0 && call.cold_start_interval.is_some_and(|every| every.divides(n_before))
    }

    fn run(&mut self, call: Call) -> anyhow::Result<Outcome> {
        self.bind()?;
        let mut guest = match (self.guest.take(), &self.proto) {
            (Some(guest), _) => guest,
            (None, Some(proto)) => proto.program.start(None, INIT_LIMIT)?,
            (None, None) => unreachable!("`bind` has found the program"),
        };
        let stopper = guest.stopper();
        Ok(self
            .worker
            .run_call(call, &stopper, |context, limit| run_guest(&mut guest, context, limit)))
    }

    /// Finds the function's program, at first and when it may have changed.
    fn bind(&mut self) -> anyhow::Result<()> {
        let version = self.worker.programs.version();
        if self.proto.as_ref().is_some_and(|proto| proto.version == version) {
            return Ok(());
        }
        self.guest = None;
        let program = self.worker.programs.get(&self.function, &self.worker.functions)?;
        self.proto = Some(Proto { program, version });
        Ok(())
    }

    /// Starts the next guest: a copy-on-write image of the Proto-Faaslet, in
    /// which nothing of the last call is left.
    fn restore(&mut self) {
        let restored = self.proto.as_ref().map(|proto| proto.program.start(None, INIT_LIMIT));
        // If it fails, the next call tries again and reports it.
        self.guest = restored.and_then(Result::ok);
    }
}

fn run_guest(guest: &mut Guest<Tenant>, context: Context, limit: Limit) -> Outcome {
    let export = format!("faasm_func_{}", context.index());
    *guest.data_mut() = Some(context);
    let returned = guest.call::<(), i32>(&export, (), limit);
    let context = guest.data_mut().take().expect("only this function takes the context");
    match returned {
        Ok(return_value) => Outcome::of(return_value, context.into_output()),
        Err(error) => Outcome::failed(error),
    }
}
