//! The lock of a key across hosts, held in the global tier.

use std::time::Duration;

use anyhow::bail;
use kv::Pool;

/// After this the lock frees itself, so a dead holder blocks nobody for long.
const LEASE: Duration = Duration::from_secs(1);
const RETRY_EVERY: Duration = Duration::from_millis(1);
const MAX_TRIES: u32 = 100;

/// Takes the lock of `key` for `owner`, a name that no other holder has.
///
/// # Errors
/// If it stays taken for all tries, or the global tier does not answer.
pub(super) fn lock(key: &str, owner: &str, global: &Pool) -> anyhow::Result<()> {
    for _ in 0..MAX_TRIES {
        // The connection goes back between tries: waiters must not hold one each.
        if global.get()?.set_nx_ex(lock_key(key), owner.as_bytes(), LEASE)? {
            return Ok(());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a guest's thread waits for a lock that another host holds, and Redis has \
                      no wait for it"
        )]
        std::thread::sleep(RETRY_EVERY);
    }
    bail!("the global lock of state `{key}` stayed taken for {MAX_TRIES} tries")
}

/// Gives the lock up, unless its lease ended and another took it.
///
/// # Errors
/// If the global tier does not answer.
pub(super) fn unlock(key: &str, owner: &str, global: &Pool) -> anyhow::Result<()> {
    global.get()?.compare_and_delete(lock_key(key), owner.as_bytes())?;
    Ok(())
}

fn lock_key(key: &str) -> String {
    format!("{key}_lock")
}
