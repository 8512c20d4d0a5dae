//! Commands on lists, and waiting for one to have something.

use super::{
    call::{Answer, Call, DONE, Flow, count, resolve_range},
    refusal::Refusal,
};
use crate::store::{End, Item, List, UnixMillis};

pub(super) fn rpush(call: &mut Call<'_>) -> Answer {
    push(call, List::push_back)
}

pub(super) fn lpush(call: &mut Call<'_>) -> Answer {
    push(call, List::push_front)
}

fn push(call: &mut Call<'_>, add: fn(&mut List, Item)) -> Answer {
    let list = call.store.edit::<List>(call.key())?;
    for value in call.args.skip(2) {
        add(list, value.into());
    }
    call.out.count(list.len());
    call.store.note_push(call.key());
    DONE
}

pub(super) fn lpop(call: &mut Call<'_>) -> Answer {
    pop(call, "lpop", End::First)
}

pub(super) fn rpop(call: &mut Call<'_>) -> Answer {
    pop(call, "rpop", End::Last)
}

fn pop(call: &mut Call<'_>, command: &str, end: End) -> Answer {
    let key = call.key();
    match call.args.len() {
        2 => {
            let value = call.store.pop(key, end)?;
            call.out.optional_bulk(value.as_deref());
            DONE
        }
        3 => pop_many(call, end),
        _ => Err(Refusal::arity(command)),
    }
}

fn pop_many(call: &mut Call<'_>, end: End) -> Answer {
    let (key, most) = (call.key(), count(call.arg(2))?);
    let Some(list) = call.store.view::<List>(key)? else {
        call.out.null_array();
        return DONE;
    };
    let n_popped = most.min(list.len());
    call.out.array(n_popped);
    for _ in 0..n_popped {
        let value = call.store.pop(key, end)?;
        call.out.optional_bulk(value.as_deref());
    }
    DONE
}

pub(super) fn llen(call: &mut Call<'_>) -> Answer {
    let list = call.store.view::<List>(call.key())?;
    call.out.count(list.map_or(0, List::len));
    DONE
}

pub(super) fn lrange(call: &mut Call<'_>) -> Answer {
    let (start, end) = (call.integer(2)?, call.integer(3)?);
    let Some(list) = call.store.view::<List>(call.key())? else {
        call.out.array(0);
        return DONE;
    };
    let range = resolve_range(start, end, list.len());
    call.out.array(range.len());
    for value in list.range(range) {
        call.out.bulk(value);
    }
    DONE
}

pub(super) fn lindex(call: &mut Call<'_>) -> Answer {
    let at = call.integer(2)?;
    let value = call.store.view::<List>(call.key())?.and_then(|list| {
        let len = i64::try_from(list.len()).ok()?;
        list.get(usize::try_from(if at < 0 { len + at } else { at }).ok()?)
    });
    call.out.optional_bulk(value.map(|value| &**value));
    DONE
}

pub(super) fn blpop(call: &mut Call<'_>) -> Answer {
    pop_or_wait(call, End::First)
}

pub(super) fn brpop(call: &mut Call<'_>) -> Answer {
    pop_or_wait(call, End::Last)
}

fn pop_or_wait(call: &mut Call<'_>, end: End) -> Answer {
    let last = call.args.len() - 1;
    let deadline = wait_until(call.arg(last), call.store.now())?;
    let keys = || call.args.skip(1).take(last - 1);
    for key in keys() {
        if let Some(value) = call.store.pop(key, end)? {
            call.out.array(2);
            call.out.bulk(key);
            call.out.bulk(&value);
            return DONE;
        }
    }
    let keys = keys().map(Item::from).collect();
    call.store.wait_for(call.session.id, keys, end);
    Ok(Flow::Block { deadline })
}

/// The end of a wait; none for a timeout of zero.
fn wait_until(timeout_s: &[u8], now: UnixMillis) -> Result<Option<UnixMillis>, Refusal> {
    let timeout_s: f64 = std::str::from_utf8(timeout_s)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|timeout_s: &f64| timeout_s.is_finite())
        .ok_or(Refusal::fixed("ERR timeout is not a float or out of range"))?;
    if timeout_s < 0.0 {
        return Err(Refusal::fixed("ERR timeout is negative"));
    }
    if timeout_s == 0.0 {
        return Ok(None);
    }
    let timeout_ms = (timeout_s * 1000.0).ceil();
    if timeout_ms >= i64::MAX as f64 {
        return Err(Refusal::fixed("ERR timeout is out of range"));
    }
    Ok(Some(now.saturating_add(timeout_ms as u64)))
}
