//! Both isolations as what the HTTP front runs calls on.

use super::Runtime;
use crate::{
    faaslet::Worker,
    message::{Call, Outcome},
    native::Process,
    results::Results,
};

impl Runtime for Worker {
    fn results(&self) -> &Results {
        self.results()
    }

    fn submit(&self, call: Call) -> anyhow::Result<()> {
        self.submit(call)
    }

    /// The call may run on another host: its end is awaited in the state tier.
    fn invoke(&self, call: Call) -> anyhow::Result<Outcome> {
        self.invoke(call)
    }

    fn flush(&self) {
        self.flush();
    }

    fn n_executed(&self) -> u64 {
        self.n_executed()
    }
}

impl Runtime for Process {
    fn results(&self) -> &Results {
        self.results()
    }

    fn submit(&self, call: Call) -> anyhow::Result<()> {
        self.submit(call)
    }

    fn invoke(&self, call: Call) -> anyhow::Result<Outcome> {
        Ok(self.run(call))
    }

    fn flush(&self) {
        self.tier().clear();
    }

    fn n_executed(&self) -> u64 {
        self.n_executed()
    }
}
