//! Connections that threads share.

use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use node::Meter;

use super::{Client, Result};

/// Connections to one server, opened when none is idle.
///
/// It opens as many as are in use at once; the caller's threads bound that.
#[derive(Debug)]
pub struct Pool {
    address: SocketAddr,
    meter: Arc<Meter>,
    idle: Mutex<Vec<Client>>,
}

/// A connection on loan; it goes back when dropped, unless it broke.
#[derive(Debug)]
pub struct Pooled<'p> {
    pool: &'p Pool,
    // Present until the drop.
    client: Option<Client>,
}

impl Pool {
    /// A pool without connections yet.
    #[must_use]
    pub fn new(address: SocketAddr, meter: &Arc<Meter>) -> Self {
        Self { address, meter: Arc::clone(meter), idle: Mutex::default() }
    }

    /// The server's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lends an idle connection, or a new one.
    ///
    /// # Errors
    /// If the server accepts no connection.
    pub fn get(&self) -> Result<Pooled<'_>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let client = match idle {
            Some(client) => client,
            None => Client::connect(self.address, &self.meter)?,
        };
        Ok(Pooled { pool: self, client: Some(client) })
    }

    /// How many connections are idle.
    #[must_use]
    pub fn n_idle(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Deref for Pooled<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client.as_ref().expect("only the drop takes the client")
    }
}

impl DerefMut for Pooled<'_> {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("only the drop takes the client")
    }
}

impl Drop for Pooled<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take().filter(Client::is_usable) {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }
}
