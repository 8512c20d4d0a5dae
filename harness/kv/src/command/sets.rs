//! Commands on sets.

use super::{
    call::{Answer, Call, DONE, count},
    refusal::Refusal,
};
use crate::store::{Item, Set, Store};

pub(super) fn sadd(call: &mut Call<'_>) -> Answer {
    let set = call.store.edit::<Set>(call.key())?;
    let n_before = set.len();
    set.extend(call.args.skip(2).map(Item::from));
    call.out.count(set.len() - n_before);
    DONE
}

pub(super) fn srem(call: &mut Call<'_>) -> Answer {
    let values = call.args.skip(2);
    let n_removed = call.store.take_from(call.key(), |set: &mut Set| {
        values.filter(|value| set.swap_remove(*value)).count()
    })?;
    call.out.count(n_removed.unwrap_or(0));
    DONE
}

pub(super) fn smembers(call: &mut Call<'_>) -> Answer {
    let set = call.store.view::<Set>(call.key())?;
    call.out.set(set.map_or(0, Set::len));
    for value in set.into_iter().flatten() {
        call.out.bulk(value);
    }
    DONE
}

pub(super) fn sismember(call: &mut Call<'_>) -> Answer {
    let value = call.arg(2);
    let set = call.store.view::<Set>(call.key())?;
    call.out.integer(i64::from(set.is_some_and(|set| set.contains(value))));
    DONE
}

pub(super) fn scard(call: &mut Call<'_>) -> Answer {
    let set = call.store.view::<Set>(call.key())?;
    call.out.count(set.map_or(0, Set::len));
    DONE
}

pub(super) fn spop(call: &mut Call<'_>) -> Answer {
    let key = call.key();
    let n_members = call.store.view::<Set>(key)?.map_or(0, Set::len);
    match call.args.len() {
        2 if n_members == 0 => call.out.null(),
        2 => {
            let value = pop_random(call.store, key, n_members)?;
            call.out.bulk(&value);
        }
        3 => {
            let n_popped = count(call.arg(2))?.min(n_members);
            call.out.set(n_popped);
            for n_taken in 0..n_popped {
                let value = pop_random(call.store, key, n_members - n_taken)?;
                call.out.bulk(&value);
            }
        }
        _ => return Err(Refusal::SYNTAX),
    }
    DONE
}

fn pop_random(store: &mut Store, key: &[u8], n_members: usize) -> Result<Item, Refusal> {
    let at = store.random_below(n_members);
    let value = store.take_from(key, |set: &mut Set| set.swap_remove_index(at))?.flatten();
    Ok(value.expect("the set was counted, and nothing else runs meanwhile"))
}

pub(super) fn srandmember(call: &mut Call<'_>) -> Answer {
    let key = call.key();
    let n_members = call.store.view::<Set>(key)?.map_or(0, Set::len);
    match call.args.len() {
        2 if n_members == 0 => call.out.null(),
        2 => {
            let at = call.store.random_below(n_members);
            answer_member(call, at)?;
        }
        3 => {
            let chosen = choose(call.store, n_members, call.integer(2)?)?;
            call.out.array(chosen.len());
            for at in chosen {
                answer_member(call, at)?;
            }
        }
        _ => return Err(Refusal::SYNTAX),
    }
    DONE
}

/// Positions of members: `n` different ones, or all; for a negative `n`, that
/// many and perhaps the same one again.
fn choose(store: &mut Store, n_members: usize, n: i64) -> Result<Vec<usize>, Refusal> {
    /// As in Redis; it also bounds what a reply can cost.
    const MOST_REPEATED: u64 = i64::MAX as u64 / 2;
    if n.unsigned_abs() > MOST_REPEATED {
        return Err(Refusal::fixed("ERR value is out of range"));
    }
    if n_members == 0 {
        return Ok(Vec::new());
    }
    if n < 0 {
        return Ok((0..n.unsigned_abs()).map(|_| store.random_below(n_members)).collect());
    }
    let mut positions: Vec<usize> = (0..n_members).collect();
    let n_chosen = usize::try_from(n).unwrap_or(usize::MAX).min(n_members);
    for at in 0..n_chosen {
        let other = at + store.random_below(n_members - at);
        positions.swap(at, other);
    }
    positions.truncate(n_chosen);
    Ok(positions)
}

fn answer_member(call: &mut Call<'_>, at: usize) -> Result<(), Refusal> {
    let member = call.store.view::<Set>(call.key())?.and_then(|set| set.get_index(at));
    call.out.optional_bulk(member.map(|member| &**member));
    Ok(())
}
