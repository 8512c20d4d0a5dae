//! Clients that wait for a list to have something.

use std::collections::{HashMap, VecDeque};

use super::{
    keyspace::{Store, WrongType},
    value::{Item, List},
};

/// A connection, as `CLIENT ID` numbers it.
pub(crate) type ClientId = u64;

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    First,
    Last,
}

/// What a waiting client got.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) client: ClientId,
    pub(crate) key: Item,
    pub(crate) value: Item,
}

#[derive(Debug, Default)]
pub(super) struct Waiters {
    // Who waits for a key, the longest wait first.
    queues: HashMap<Item, VecDeque<ClientId>>,
    waiting: HashMap<ClientId, Wait>,
    // Keys that were pushed to since the last `serve`, in this order.
    pushed: Vec<Item>,
}

#[derive(Debug)]
struct Wait {
    keys: Vec<Item>,
    end: End,
}

impl Store {
    /// Takes from one end of the list at `key`, if there is one.
    pub(crate) fn pop(&mut self, key: &[u8], end: End) -> Result<Option<Item>, WrongType> {
        let popped = self.take_from(key, |list: &mut List| match end {
            End::First => list.pop_front(),
            End::Last => list.pop_back(),
        })?;
        Ok(popped.flatten())
    }

    /// Lets `client` wait for any of `keys` to have something. It waits for
    /// nothing else at the time.
    pub(crate) fn wait_for(&mut self, client: ClientId, keys: Vec<Item>, end: End) {
        for key in &keys {
            let queue = self.waiters.queues.entry(key.clone()).or_default();
            // A key that is named twice counts once.
            if queue.back() != Some(&client) {
                queue.push_back(client);
            }
        }
        self.waiters.waiting.insert(client, Wait { keys, end });
    }

    /// Ends the wait of `client`, and says whether it was still waiting.
    pub(crate) fn stop_waiting(&mut self, client: ClientId) -> bool {
        let Some(wait) = self.waiters.waiting.remove(&client) else { return false };
        for key in wait.keys {
            if let Some(queue) = self.waiters.queues.get_mut(&key) {
                queue.retain(|waiting| *waiting != client);
                if queue.is_empty() {
                    self.waiters.queues.remove(&key);
                }
            }
        }
        true
    }

    /// Notes that the list at `key` has grown.
    pub(crate) fn note_push(&mut self, key: &[u8]) {
        if self.waiters.queues.contains_key(key) {
            self.waiters.pushed.push(key.into());
        }
    }

    /// Gives what was pushed to those who wait, the longest wait first. Called
    /// after each command, so that a command's values all arrive before any is
    /// taken.
    pub(crate) fn serve_waiters(&mut self) -> Vec<Served> {
        let mut served = Vec::new();
        for key in std::mem::take(&mut self.waiters.pushed) {
            while let Some(client) = self.longest_waiting(&key) {
                let end = self.waiters.waiting[&client].end;
                // What is no list any more, or is empty again, serves nobody.
                let Ok(Some(value)) = self.pop(&key, end) else { break };
                self.stop_waiting(client);
                served.push(Served { client, key: key.clone(), value });
            }
        }
        served
    }

    /// How many clients wait.
    pub(crate) fn n_waiting(&self) -> usize {
        self.waiters.waiting.len()
    }

    fn longest_waiting(&self, key: &[u8]) -> Option<ClientId> {
        self.waiters.queues.get(key)?.front().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(store: &mut Store, key: &[u8], values: &[&str]) {
        let list = store.edit::<List>(key).unwrap();
        list.extend(values.iter().map(|value| Item::from(value.as_bytes())));
        store.note_push(key);
    }

    fn serve(store: &mut Store) -> Vec<(ClientId, String)> {
        let text = |value: Item| String::from_utf8(value.into()).unwrap();
        store.serve_waiters().into_iter().map(|it| (it.client, text(it.value))).collect()
    }

    fn wait(store: &mut Store, client: ClientId, keys: &[&[u8]]) {
        store.wait_for(client, keys.iter().map(|key| (*key).into()).collect(), End::First);
    }

    #[test]
    fn who_waits_longest_is_served_first() {
        let mut store = Store::new(1);
        for client in [3, 1, 2] {
            wait(&mut store, client, &[b"q"]);
        }
        push(&mut store, b"q", &["a", "b"]);
        assert_eq!(serve(&mut store), [(3, "a".to_owned()), (1, "b".to_owned())]);
        assert_eq!(store.n_waiting(), 1);
    }

    #[test]
    fn who_waits_for_the_last_gets_the_last() {
        let mut store = Store::new(1);
        store.wait_for(1, vec![b"q"[..].into()], End::Last);
        push(&mut store, b"q", &["a", "b"]);
        assert_eq!(serve(&mut store), [(1, "b".to_owned())]);
    }

    #[test]
    fn a_client_that_waits_for_two_keys_is_served_once() {
        let mut store = Store::new(1);
        wait(&mut store, 1, &[b"p", b"q", b"p"]);
        push(&mut store, b"q", &["a"]);
        push(&mut store, b"p", &["b"]);
        assert_eq!(serve(&mut store), [(1, "a".to_owned())]);
        assert!(store.contains(b"p"));
        assert!(store.waiters.queues.is_empty());
    }

    #[test]
    fn who_has_stopped_waiting_gets_nothing() {
        let mut store = Store::new(1);
        wait(&mut store, 1, &[b"q"]);
        wait(&mut store, 2, &[b"q"]);
        assert!(store.stop_waiting(1));
        assert!(!store.stop_waiting(1));
        push(&mut store, b"q", &["a"]);
        assert_eq!(serve(&mut store), [(2, "a".to_owned())]);
    }

    #[test]
    fn a_value_of_another_kind_serves_nobody() {
        let mut store = Store::new(1);
        wait(&mut store, 1, &[b"q"]);
        push(&mut store, b"q", &["a"]);
        store.put_text(b"q", b"text");
        assert_eq!(serve(&mut store), []);
        assert_eq!(store.n_waiting(), 1);
    }
}
