//! The closed loop: a connection sends its next request after the last answer.
//!
//! A slow answer delays what follows it, so latencies leave out what would have
//! waited meanwhile (coordinated omission). That is what a closed loop is; no
//! correction is made, and the report says which loop it was.

use std::{rc::Rc, time::Duration};

use tokio::task::coop::consume_budget;

use super::shard::{Job, Shard};
use crate::{client::Client, schedule::Thinking};

/// One connection of a closed loop.
pub(super) struct Connection {
    pub(super) shard: Rc<Shard>,
    /// Its number among all connections of the load.
    pub(super) number: u64,
    pub(super) n_connections: u64,
    pub(super) thinking: Thinking,
}

impl Connection {
    /// Sends until the load ends; the last answer is still awaited.
    pub(super) async fn run(mut self, mut client: impl Client) {
        let mut free = Duration::ZERO;
        for index in (self.number..).step_by(self.n_connections as usize) {
            let thought = self.thinking.next().unwrap_or_default();
            let ready = free + thought;
            if ready >= self.shard.end {
                return;
            }
            // A client that answers at once must not keep the thread for itself.
            consume_budget().await;
            self.shard.timer.sleep_until(ready).await;
            let sent = self.shard.clock.now();
            if sent >= self.shard.end {
                return;
            }
            let job = Job { index, counted_from: sent, ready, sent };
            free = self.shard.send(&mut client, job).await;
        }
    }
}
