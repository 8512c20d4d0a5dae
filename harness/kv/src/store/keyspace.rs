//! Keys, their values and their deadlines.

use std::collections::{BTreeSet, HashMap, hash_map};

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use super::{
    value::{Collection, Item, Kind, Value},
    waiters::Waiters,
};

/// A time, in milliseconds since 1970.
pub(crate) type UnixMillis = u64;

/// The key holds another kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongType;

#[derive(Debug)]
struct Entry {
    value: Value,
    expires_at: Option<UnixMillis>,
}

/// All keys. Time only moves by [`Store::advance`].
#[derive(Debug)]
pub(crate) struct Store {
    entries: HashMap<Item, Entry>,
    // Ordered, so that expiry needs no sampling and no timer: `advance` removes
    // exactly what is due.
    deadlines: BTreeSet<(UnixMillis, Item)>,
    now: UnixMillis,
    random: Pcg64Mcg,
    pub(super) waiters: Waiters,
}

impl Store {
    /// An empty store; `seed` decides what `SPOP` and `SRANDMEMBER` choose.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            entries: HashMap::new(),
            deadlines: BTreeSet::new(),
            now: 0,
            random: Pcg64Mcg::seed_from_u64(seed),
            waiters: Waiters::default(),
        }
    }

    /// Moves time to `now` and removes what has expired by then.
    pub(crate) fn advance(&mut self, now: UnixMillis) {
        self.now = now;
        while self.deadlines.first().is_some_and(|(deadline, _)| *deadline <= now) {
            if let Some((_, key)) = self.deadlines.pop_first() {
                self.entries.remove(&key);
            }
        }
    }

    /// The time of the last [`Store::advance`].
    pub(crate) fn now(&self) -> UnixMillis {
        self.now
    }

    /// The value of `key`, if it exists.
    pub(crate) fn view<K: Kind>(&self, key: &[u8]) -> Result<Option<&K>, WrongType> {
        match self.entries.get(key) {
            Some(entry) => K::of(&entry.value).map(Some).ok_or(WrongType),
            None => Ok(None),
        }
    }

    /// The value of `key`, which begins empty if it does not exist. Whoever
    /// asks leaves something in a collection.
    pub(crate) fn edit<K: Kind>(&mut self, key: &[u8]) -> Result<&mut K, WrongType> {
        // Looked up twice in the rare case of a new key, so that the common
        // case does not copy the key.
        if !self.entries.contains_key(key) {
            let entry = Entry { value: K::default().wrap(), expires_at: None };
            self.entries.insert(key.into(), entry);
        }
        let entry = self.entries.get_mut(key).expect("it was there or has just been inserted");
        K::of_mut(&mut entry.value).ok_or(WrongType)
    }

    /// Lets `take` remove something from the collection at `key`, if it exists;
    /// the key goes when nothing is left.
    pub(crate) fn take_from<K: Collection, R>(
        &mut self,
        key: &[u8],
        take: impl FnOnce(&mut K) -> R,
    ) -> Result<Option<R>, WrongType> {
        let Some(entry) = self.entries.get_mut(key) else { return Ok(None) };
        let collection = K::of_mut(&mut entry.value).ok_or(WrongType)?;
        let taken = take(collection);
        if collection.has_none() {
            self.remove(key);
        }
        Ok(Some(taken))
    }

    /// Sets `key` to a string, whatever it held, and keeps its deadline.
    pub(crate) fn put_text(&mut self, key: &[u8], text: &[u8]) {
        match self.entries.get_mut(key) {
            // The old memory is used again: large values would otherwise cost a
            // page fault for every 4 kB.
            Some(Entry { value: Value::Text(old), .. }) if old.capacity() / 2 <= text.len() => {
                old.clear();
                old.extend_from_slice(text);
            }
            Some(entry) => entry.value = Value::Text(text.to_vec()),
            None => {
                let entry = Entry { value: Value::Text(text.to_vec()), expires_at: None };
                self.entries.insert(key.into(), entry);
            }
        }
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn type_name(&self, key: &[u8]) -> Option<&'static str> {
        self.entries.get(key).map(|entry| entry.value.type_name())
    }

    /// Removes `key` and says whether it existed.
    pub(crate) fn remove(&mut self, key: &[u8]) -> bool {
        let Some((key, entry)) = self.entries.remove_entry(key) else { return false };
        if let Some(deadline) = entry.expires_at {
            self.deadlines.remove(&(deadline, key));
        }
        true
    }

    pub(crate) fn clear(&mut self) {
        self.entries = HashMap::new();
        self.deadlines.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn n_expiring(&self) -> usize {
        self.deadlines.len()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.keys().map(|key| &**key)
    }

    /// The deadline of `key`: none if it does not exist, `Some(None)` if it
    /// stays for ever.
    #[expect(clippy::option_option, reason = "TTL answers differently in all three cases")]
    pub(crate) fn deadline(&self, key: &[u8]) -> Option<Option<UnixMillis>> {
        self.entries.get(key).map(|entry| entry.expires_at)
    }

    /// Gives `key`, if it exists, a deadline, or none; a past one removes it.
    pub(crate) fn set_deadline(&mut self, key: &[u8], deadline: Option<UnixMillis>) {
        if deadline.is_some_and(|deadline| deadline <= self.now) {
            self.remove(key);
            return;
        }
        let hash_map::Entry::Occupied(mut entry) = self.entries.entry(key.into()) else { return };
        let old = std::mem::replace(&mut entry.get_mut().expires_at, deadline);
        if let Some(old) = old {
            self.deadlines.remove(&(old, key.into()));
        }
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, key.into()));
        }
    }

    /// A number below `n`, which is not zero.
    pub(crate) fn random_below(&mut self, n: usize) -> usize {
        self.random.random_range(0..n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{List, Text};

    #[test]
    fn a_key_goes_at_its_deadline_and_not_before() {
        let mut store = Store::new(1);
        store.put_text(b"k", b"v");
        store.set_deadline(b"k", Some(100));
        store.advance(99);
        assert!(store.contains(b"k"));
        store.advance(100);
        assert!(!store.contains(b"k"));
    }

    #[test]
    fn only_the_last_deadline_counts() {
        let mut store = Store::new(1);
        store.put_text(b"k", b"v");
        store.set_deadline(b"k", Some(100));
        store.set_deadline(b"k", Some(200));
        store.advance(150);
        assert_eq!(store.deadline(b"k"), Some(Some(200)));
        store.set_deadline(b"k", None);
        store.advance(1_000);
        assert_eq!(store.deadline(b"k"), Some(None));
    }

    #[test]
    fn a_removed_keys_deadline_does_not_hit_its_successor() {
        let mut store = Store::new(1);
        store.put_text(b"k", b"v");
        store.set_deadline(b"k", Some(100));
        store.remove(b"k");
        store.put_text(b"k", b"w");
        store.advance(200);
        assert_eq!(store.view::<Text>(b"k"), Ok(Some(&b"w".to_vec())));
    }

    #[test]
    fn an_emptied_collection_is_gone() {
        let mut store = Store::new(1);
        store.edit::<List>(b"k").unwrap().push_back(b"v".to_vec().into());
        assert!(store.take_from(b"k", List::pop_front).unwrap().is_some());
        assert!(!store.contains(b"k"));
    }

    #[test]
    fn equal_seeds_choose_equally() {
        let choices = |seed| {
            let mut store = Store::new(seed);
            (0..20).map(|_| store.random_below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
    }
}
