//! Many commands in one round trip.

use super::{Client, Error, Result, error::describe};
use crate::resp::{Decoded, Reply, RequestDecoder};

/// Commands that are sent together and answered together. Nothing is sent
/// before one of the `execute` methods; a pipeline that is dropped does nothing.
///
/// The server runs the commands in order, but other clients' commands may run
/// between them.
#[derive(Debug)]
#[must_use = "a pipeline does nothing until it is executed"]
pub struct Pipeline<'c> {
    client: &'c mut Client,
    n_commands: usize,
}

impl<'c> Pipeline<'c> {
    pub(super) fn new(client: &'c mut Client) -> Self {
        Self { client, n_commands: 0 }
    }

    /// How many commands are waiting to be executed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_commands
    }

    /// Whether there is nothing to execute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n_commands == 0
    }

    /// Overwrites `len_bytes` bytes of `key` from `offset` on with what `fill`
    /// writes: straight into the outgoing buffer, which holds zeros before.
    pub fn set_range_with(
        &mut self,
        key: impl AsRef<[u8]>,
        offset: u64,
        len_bytes: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> &mut Self {
        self.client.requests.push_set_range(key.as_ref(), offset, len_bytes, fill);
        self.n_commands += 1;
        self
    }

    /// Overwrites a part of `key` from `offset` on.
    pub fn set_range(&mut self, key: impl AsRef<[u8]>, offset: u64, payload: &[u8]) -> &mut Self {
        self.set_range_with(key, offset, payload.len(), |place| place.copy_from_slice(payload))
    }

    /// Sets `key`, whatever it held, for ever.
    pub fn set(&mut self, key: impl AsRef<[u8]>, value: &[u8]) -> &mut Self {
        self.command(&[b"SET", key.as_ref(), value])
    }

    /// Appends to `key`.
    pub fn append(&mut self, key: impl AsRef<[u8]>, payload: &[u8]) -> &mut Self {
        self.command(&[b"APPEND", key.as_ref(), payload])
    }

    /// Deletes `key`.
    pub fn del(&mut self, key: impl AsRef<[u8]>) -> &mut Self {
        self.command(&[b"DEL", key.as_ref()])
    }

    /// Deletes `key` after `ttl`.
    pub fn expire(&mut self, key: impl AsRef<[u8]>, ttl: std::time::Duration) -> &mut Self {
        let ttl_ms = ttl.as_millis().to_string();
        self.command(&[b"PEXPIRE", key.as_ref(), ttl_ms.as_bytes()])
    }

    /// Appends to the list at `key`.
    pub fn rpush(&mut self, key: impl AsRef<[u8]>, value: &[u8]) -> &mut Self {
        self.command(&[b"RPUSH", key.as_ref(), value])
    }

    /// Adds to the set at `key`.
    pub fn sadd(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> &mut Self {
        self.command(&[b"SADD", key.as_ref(), value.as_ref()])
    }

    /// Removes from the set at `key`.
    pub fn srem(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> &mut Self {
        self.command(&[b"SREM", key.as_ref(), value.as_ref()])
    }

    /// Any command.
    pub fn command(&mut self, args: &[&[u8]]) -> &mut Self {
        self.client.requests.push(args);
        self.n_commands += 1;
        self
    }

    /// Runs the commands and checks that the server refused none.
    ///
    /// # Errors
    /// If the connection breaks, or with the first refusal; the commands after
    /// a refused one ran nevertheless.
    pub fn execute(&mut self) -> Result<()> {
        self.send()?;
        let refusal = self.receive_all()?;
        self.client.all_received();
        self.clear();
        refusal.map_or(Ok(()), Err)
    }

    /// Runs the commands and then streams the value of `key` to `sink`, all in
    /// one round trip: a push followed by a pull.
    ///
    /// # Errors
    /// As [`Pipeline::execute`] and [`Client::get_into`].
    pub fn execute_and_get_into(
        &mut self,
        key: impl AsRef<[u8]>,
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Option<u64>> {
        let get: &[&[u8]] = &[b"GET", key.as_ref()];
        self.client.requests.push(get);
        self.send()?;
        let refusal = self.receive_all()?;
        let received = self.client.receive_bulk(get, sink);
        self.clear();
        refusal.map_or(received, Err)
    }

    /// Runs the commands and answers every reply, refusals included.
    ///
    /// # Errors
    /// If the connection breaks.
    pub fn replies(&mut self) -> Result<Vec<Reply>> {
        self.send()?;
        let replies = (0..self.n_commands).map(|i| self.receive(i)).collect::<Result<_>>()?;
        self.client.all_received();
        self.clear();
        Ok(replies)
    }

    fn send(&mut self) -> Result<()> {
        let n_commands = self.n_commands;
        self.client.exchange(|| format!("a pipeline of {n_commands} commands"))
    }

    /// Receives every reply and answers the first refusal.
    fn receive_all(&mut self) -> Result<Option<Error>> {
        let mut refusal = None;
        for index in 0..self.n_commands {
            if let Reply::Error(text) = self.receive(index)?
                && refusal.is_none()
            {
                refusal = Some(Error::refused(text, self.describe(index)));
            }
        }
        Ok(refusal)
    }

    fn receive(&mut self, index: usize) -> Result<Reply> {
        match self.client.next_reply() {
            Ok(reply) => Ok(reply),
            Err(error) => Err(Error::decoding(error, self.describe(index), self.client.address)),
        }
    }

    /// Names the command at `index`, by reading what was sent.
    fn describe(&self, index: usize) -> String {
        let mut unread = self.client.requests.as_bytes();
        let mut decoder = RequestDecoder::default();
        for _ in 0..index {
            if let Ok(Decoded::Complete { len_bytes }) = decoder.decode(unread) {
                unread = &unread[len_bytes..];
            }
            decoder.reset();
        }
        let position = format!("command {} of {} in a pipeline", index + 1, self.n_commands);
        match decoder.decode(unread) {
            Ok(Decoded::Complete { .. }) => {
                format!("{} ({position})", describe(decoder.args(unread).skip(0)))
            }
            _ => position,
        }
    }

    fn clear(&mut self) {
        self.client.clear_requests();
        self.n_commands = 0;
    }
}
