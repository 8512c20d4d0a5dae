//! The commands that the systems use, as methods.

use std::time::Duration;

use super::{Client, Result, error::describe, expect};

/// Deletes a key if it holds a value, in one step: the release of a lock.
pub(crate) const COMPARE_AND_DELETE: &str = "if redis.call(\"get\", KEYS[1]) == ARGV[1] then \
     return redis.call(\"del\", KEYS[1]) else return 0 end";

/// Strings.
impl Client {
    /// The value of `key`, if it exists.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn get(&mut self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let args: &[&[u8]] = &[b"GET", key.as_ref()];
        expect::optional_bytes(self.command(args)?, || describe(args.iter()))
    }

    /// Streams the value of `key` to `sink`, as `(offset, chunk)` in ascending
    /// order, and answers its length; none if the key does not exist.
    ///
    /// # Errors
    /// As [`Client::command`]; the sink may then have seen a part.
    pub fn get_into(
        &mut self,
        key: impl AsRef<[u8]>,
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<Option<u64>> {
        self.stream_bulk(&[b"GET", key.as_ref()], sink)
    }

    /// The bytes of `key` from `start` to `end`, which is included; negative
    /// positions count from the end. Empty if the key does not exist.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn get_range(&mut self, key: impl AsRef<[u8]>, start: i64, end: i64) -> Result<Vec<u8>> {
        let (start, end) = (start.to_string(), end.to_string());
        let args: &[&[u8]] = &[b"GETRANGE", key.as_ref(), start.as_bytes(), end.as_bytes()];
        let bytes = expect::optional_bytes(self.command(args)?, || describe(args.iter()))?;
        Ok(bytes.unwrap_or_default())
    }

    /// Streams what [`Client::get_range`] answers to `sink` (offsets count from
    /// `start`), and answers its length.
    ///
    /// # Errors
    /// As [`Client::command`]; the sink may then have seen a part.
    pub fn get_range_into(
        &mut self,
        key: impl AsRef<[u8]>,
        start: i64,
        end: i64,
        sink: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<u64> {
        let (start, end) = (start.to_string(), end.to_string());
        let args: &[&[u8]] = &[b"GETRANGE", key.as_ref(), start.as_bytes(), end.as_bytes()];
        Ok(self.stream_bulk(args, sink)?.unwrap_or(0))
    }

    /// Sets `key`, whatever it held, for ever.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn set(&mut self, key: impl AsRef<[u8]>, value: &[u8]) -> Result<()> {
        let args: &[&[u8]] = &[b"SET", key.as_ref()];
        expect::ok(&self.command_with(args, value)?, || describe(args.iter()))
    }

    /// Sets `key` as [`Client::set`] does, to `len_bytes` bytes that need not lie
    /// in one piece: `read` fills in those from an offset on, from first to last.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn set_from(
        &mut self,
        key: impl AsRef<[u8]>,
        len_bytes: usize,
        read: &mut dyn FnMut(usize, &mut [u8]),
    ) -> Result<()> {
        let args: &[&[u8]] = &[b"SET", key.as_ref()];
        expect::ok(&self.command_from(args, len_bytes, read)?, || describe(args.iter()))
    }

    /// Sets `key` for the time `ttl` if it does not exist, and says whether it
    /// did: the acquisition of a lock.
    ///
    /// # Errors
    /// As [`Client::command`]; a `ttl` under a millisecond is refused.
    pub fn set_nx_ex(
        &mut self,
        key: impl AsRef<[u8]>,
        value: &[u8],
        ttl: Duration,
    ) -> Result<bool> {
        let ttl_ms = ttl.as_millis().to_string();
        let args: &[&[u8]] = &[b"SET", key.as_ref(), value, b"PX", ttl_ms.as_bytes(), b"NX"];
        match self.command(args)? {
            crate::Reply::Null => Ok(false),
            reply => expect::ok(&reply, || describe(args.iter())).map(|()| true),
        }
    }

    /// Deletes `key` if it holds `value`, in one step, and says whether it did.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn compare_and_delete(&mut self, key: impl AsRef<[u8]>, value: &[u8]) -> Result<bool> {
        let key = key.as_ref();
        let reply = self.command(&[b"EVAL", COMPARE_AND_DELETE.as_bytes(), b"1", key, value])?;
        Ok(expect::integer(&reply, || describe([b"compare-and-delete", key].iter()))? == 1)
    }

    /// Overwrites a part of `key`, growing it with zeros where needed, and
    /// answers the new length.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn set_range(&mut self, key: impl AsRef<[u8]>, offset: u64, payload: &[u8]) -> Result<u64> {
        let offset = offset.to_string();
        let args: &[&[u8]] = &[b"SETRANGE", key.as_ref(), offset.as_bytes()];
        expect::count(&self.command_with(args, payload)?, || describe(args.iter()))
    }

    /// Appends to `key` and answers the new length.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn append(&mut self, key: impl AsRef<[u8]>, payload: &[u8]) -> Result<u64> {
        let args: &[&[u8]] = &[b"APPEND", key.as_ref()];
        expect::count(&self.command_with(args, payload)?, || describe(args.iter()))
    }

    /// The length of `key` in bytes; 0 if it does not exist.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn strlen(&mut self, key: impl AsRef<[u8]>) -> Result<u64> {
        self.count(&[b"STRLEN", key.as_ref()])
    }

    /// Adds one to the integer at `key` (0 if it does not exist), and answers it.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn incr(&mut self, key: impl AsRef<[u8]>) -> Result<i64> {
        let args: &[&[u8]] = &[b"INCR", key.as_ref()];
        expect::integer(&self.command(args)?, || describe(args.iter()))
    }
}

/// Keys.
impl Client {
    /// Deletes `key` and says whether it existed.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn del(&mut self, key: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.count(&[b"DEL", key.as_ref()])? == 1)
    }

    /// Whether `key` exists.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn exists(&mut self, key: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.count(&[b"EXISTS", key.as_ref()])? == 1)
    }

    /// Deletes `key` after `ttl`, and says whether it exists.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn expire(&mut self, key: impl AsRef<[u8]>, ttl: Duration) -> Result<bool> {
        let ttl_ms = ttl.as_millis().to_string();
        Ok(self.count(&[b"PEXPIRE", key.as_ref(), ttl_ms.as_bytes()])? == 1)
    }

    /// The keys that match a glob pattern.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn keys(&mut self, pattern: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.list(&[b"KEYS", pattern.as_ref()])
    }

    /// Deletes every key.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn flush_all(&mut self) -> Result<()> {
        self.ok(&[b"FLUSHALL"])
    }

    /// Asks whether the server answers.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn ping(&mut self) -> Result<()> {
        self.ok(&[b"PING"])
    }
}

/// Lists.
impl Client {
    /// Appends to the list at `key` and answers its new length.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn rpush(&mut self, key: impl AsRef<[u8]>, value: &[u8]) -> Result<u64> {
        let args: &[&[u8]] = &[b"RPUSH", key.as_ref()];
        expect::count(&self.command_with(args, value)?, || describe(args.iter()))
    }

    /// Takes the first value of the list at `key`.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn lpop(&mut self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let args: &[&[u8]] = &[b"LPOP", key.as_ref()];
        expect::optional_bytes(self.command(args)?, || describe(args.iter()))
    }

    /// The values of the list at `key` from `start` to `end`, which is included.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn lrange(&mut self, key: impl AsRef<[u8]>, start: i64, end: i64) -> Result<Vec<Vec<u8>>> {
        let (start, end) = (start.to_string(), end.to_string());
        self.list(&[b"LRANGE", key.as_ref(), start.as_bytes(), end.as_bytes()])
    }

    /// The length of the list at `key`; 0 if it does not exist.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn llen(&mut self, key: impl AsRef<[u8]>) -> Result<u64> {
        self.count(&[b"LLEN", key.as_ref()])
    }

    /// Takes the first value of the list at `key`, and waits for one up to
    /// `timeout`; zero waits for ever.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn blpop(&mut self, key: impl AsRef<[u8]>, timeout: Duration) -> Result<Option<Vec<u8>>> {
        // Rounded up, because a timeout of zero would never end.
        let timeout_ms = timeout.as_nanos().div_ceil(1_000_000);
        let timeout_s = format!("{}.{:03}", timeout_ms / 1000, timeout_ms % 1000);
        let args: &[&[u8]] = &[b"BLPOP", key.as_ref(), timeout_s.as_bytes()];
        match self.command(args)? {
            crate::Reply::Null => Ok(None),
            reply => {
                let mut items = expect::list_of_bytes(reply, || describe(args.iter()))?;
                Ok(items.pop())
            }
        }
    }
}

/// Sets.
impl Client {
    /// Adds to the set at `key` and says whether the value is new.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn sadd(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.count(&[b"SADD", key.as_ref(), value.as_ref()])? == 1)
    }

    /// Removes from the set at `key` and says whether the value was there.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn srem(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.count(&[b"SREM", key.as_ref(), value.as_ref()])? == 1)
    }

    /// The values of the set at `key`, in no order.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn smembers(&mut self, key: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.list(&[b"SMEMBERS", key.as_ref()])
    }

    /// Whether the set at `key` has the value.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn sismember(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.count(&[b"SISMEMBER", key.as_ref(), value.as_ref()])? == 1)
    }

    /// One value of the set at `key`, by the server's choice.
    ///
    /// # Errors
    /// As [`Client::command`].
    pub fn srandmember(&mut self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let args: &[&[u8]] = &[b"SRANDMEMBER", key.as_ref()];
        expect::optional_bytes(self.command(args)?, || describe(args.iter()))
    }
}

/// Replies of one kind.
impl Client {
    fn ok(&mut self, args: &[&[u8]]) -> Result<()> {
        expect::ok(&self.command(args)?, || describe(args.iter()))
    }

    fn count(&mut self, args: &[&[u8]]) -> Result<u64> {
        expect::count(&self.command(args)?, || describe(args.iter()))
    }

    fn list(&mut self, args: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        expect::list_of_bytes(self.command(args)?, || describe(args.iter()))
    }
}
