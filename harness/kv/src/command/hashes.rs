//! Commands on hashes.

use super::{
    call::{Answer, Call, DONE},
    refusal::Refusal,
};
use crate::{
    resp::parse_decimal,
    store::{Hash, Item},
};

pub(super) fn hset(call: &mut Call<'_>) -> Answer {
    if !call.args.len().is_multiple_of(2) {
        return Err(Refusal::arity("hset"));
    }
    let hash = call.store.edit::<Hash>(call.key())?;
    let n_before = hash.len();
    let mut words = call.args.skip(2);
    while let (Some(field), Some(value)) = (words.next(), words.next()) {
        hash.insert(field.into(), value.into());
    }
    call.out.count(hash.len() - n_before);
    DONE
}

pub(super) fn hget(call: &mut Call<'_>) -> Answer {
    let field = call.arg(2);
    let hash = call.store.view::<Hash>(call.key())?;
    let value = hash.and_then(|hash| hash.get(field));
    call.out.optional_bulk(value.map(|value| &**value));
    DONE
}

pub(super) fn hmget(call: &mut Call<'_>) -> Answer {
    let hash = call.store.view::<Hash>(call.key())?;
    let fields = call.args.skip(2);
    call.out.array(fields.len());
    for field in fields {
        let value = hash.and_then(|hash| hash.get(field));
        call.out.optional_bulk(value.map(|value| &**value));
    }
    DONE
}

pub(super) fn hgetall(call: &mut Call<'_>) -> Answer {
    let hash = call.store.view::<Hash>(call.key())?;
    call.out.map(hash.map_or(0, Hash::len));
    for (field, value) in hash.into_iter().flatten() {
        call.out.bulk(field);
        call.out.bulk(value);
    }
    DONE
}

pub(super) fn hkeys(call: &mut Call<'_>) -> Answer {
    answer_each(call, |(field, _)| field)
}

pub(super) fn hvals(call: &mut Call<'_>) -> Answer {
    answer_each(call, |(_, value)| value)
}

fn answer_each(
    call: &mut Call<'_>,
    choose: for<'h> fn((&'h Item, &'h Item)) -> &'h Item,
) -> Answer {
    let hash = call.store.view::<Hash>(call.key())?;
    call.out.array(hash.map_or(0, Hash::len));
    for pair in hash.into_iter().flatten() {
        call.out.bulk(choose(pair));
    }
    DONE
}

pub(super) fn hdel(call: &mut Call<'_>) -> Answer {
    let fields = call.args.skip(2);
    let n_removed = call.store.take_from(call.key(), |hash: &mut Hash| {
        fields.filter(|field| hash.swap_remove(*field).is_some()).count()
    })?;
    call.out.count(n_removed.unwrap_or(0));
    DONE
}

pub(super) fn hexists(call: &mut Call<'_>) -> Answer {
    let field = call.arg(2);
    let hash = call.store.view::<Hash>(call.key())?;
    call.out.integer(i64::from(hash.is_some_and(|hash| hash.contains_key(field))));
    DONE
}

pub(super) fn hlen(call: &mut Call<'_>) -> Answer {
    let hash = call.store.view::<Hash>(call.key())?;
    call.out.count(hash.map_or(0, Hash::len));
    DONE
}

pub(super) fn hincrby(call: &mut Call<'_>) -> Answer {
    let (key, field, increment) = (call.key(), call.arg(2), call.integer(3)?);
    let value = match call.store.view::<Hash>(key)?.and_then(|hash| hash.get(field)) {
        Some(value) => {
            parse_decimal(value).ok_or(Refusal::fixed("ERR hash value is not an integer"))?
        }
        None => 0,
    };
    let sum = value.checked_add(increment).ok_or(Refusal::OVERFLOW)?;
    let hash = call.store.edit::<Hash>(key)?;
    hash.insert(field.into(), sum.to_string().into_bytes().into());
    call.out.integer(sum);
    DONE
}
