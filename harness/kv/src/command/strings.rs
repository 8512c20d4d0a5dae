//! Commands on strings.

use super::{
    call::{Answer, Call, DONE, integer, resolve_range},
    refusal::Refusal,
};
use crate::{
    resp::{MAX_BULK_BYTES, parse_decimal},
    store::{Text, UnixMillis},
};

pub(super) fn get(call: &mut Call<'_>) -> Answer {
    let text = call.store.view::<Text>(call.key())?;
    call.out.optional_bulk(text.map(Vec::as_slice));
    DONE
}

pub(super) fn mget(call: &mut Call<'_>) -> Answer {
    let keys = call.args.skip(1);
    call.out.array(keys.len());
    for key in keys {
        let text = call.store.view::<Text>(key).ok().flatten();
        call.out.optional_bulk(text.map(Vec::as_slice));
    }
    DONE
}

pub(super) fn mset(call: &mut Call<'_>) -> Answer {
    if call.args.len().is_multiple_of(2) {
        return Err(Refusal::arity("mset"));
    }
    for at in (1..call.args.len()).step_by(2) {
        let (key, value) = (call.arg(at), call.arg(at + 1));
        call.store.put_text(key, value);
        call.store.set_deadline(key, None);
    }
    call.out.simple("OK");
    DONE
}

pub(super) fn append(call: &mut Call<'_>) -> Answer {
    let (key, tail) = (call.key(), call.arg(2));
    let len_bytes = call.store.view::<Text>(key)?.map_or(0, Vec::len);
    if len_bytes + tail.len() > MAX_BULK_BYTES {
        return Err(Refusal::TOO_LONG);
    }
    let text = call.store.edit::<Text>(key)?;
    text.extend_from_slice(tail);
    call.out.count(text.len());
    DONE
}

pub(super) fn strlen(call: &mut Call<'_>) -> Answer {
    let text = call.store.view::<Text>(call.key())?;
    call.out.count(text.map_or(0, Vec::len));
    DONE
}

pub(super) fn getrange(call: &mut Call<'_>) -> Answer {
    let (start, end) = (call.integer(2)?, call.integer(3)?);
    let text = call.store.view::<Text>(call.key())?.map_or(&[][..], Vec::as_slice);
    call.out.bulk(&text[resolve_range(start, end, text.len())]);
    DONE
}

pub(super) fn setrange(call: &mut Call<'_>) -> Answer {
    let (key, payload) = (call.key(), call.arg(3));
    let offset = usize::try_from(call.integer(2)?).map_err(|_| Refusal::OFFSET)?;
    if payload.is_empty() {
        // Nothing is written, so no key is made.
        return strlen(call);
    }
    let end = offset.checked_add(payload.len()).filter(|end| *end <= MAX_BULK_BYTES);
    let end = end.ok_or(Refusal::TOO_LONG)?;
    let text = call.store.edit::<Text>(key)?;
    if text.len() < end {
        text.resize(end, 0);
    }
    text[offset..end].copy_from_slice(payload);
    call.out.count(text.len());
    DONE
}

pub(super) fn incr(call: &mut Call<'_>) -> Answer {
    add(call, 1)
}

pub(super) fn decr(call: &mut Call<'_>) -> Answer {
    add(call, -1)
}

pub(super) fn incrby(call: &mut Call<'_>) -> Answer {
    add(call, call.integer(2)?)
}

pub(super) fn decrby(call: &mut Call<'_>) -> Answer {
    let decrement = call.integer(2)?;
    let increment = decrement.checked_neg();
    add(call, increment.ok_or(Refusal::fixed("ERR decrement would overflow"))?)
}

fn add(call: &mut Call<'_>, increment: i64) -> Answer {
    let key = call.key();
    let value = match call.store.view::<Text>(key)? {
        Some(text) => integer(text)?,
        None => 0,
    };
    let sum = value.checked_add(increment).ok_or(Refusal::OVERFLOW)?;
    call.store.put_text(key, sum.to_string().as_bytes());
    call.out.integer(sum);
    DONE
}

pub(super) fn set(call: &mut Call<'_>) -> Answer {
    let (key, value) = (call.key(), call.arg(2));
    let options = SetOptions::parse(call)?;
    let old = match options.answers_old {
        true => call.store.view::<Text>(key)?.cloned(),
        false => None,
    };
    let goes_ahead = match options.condition {
        None => true,
        Some(Condition::IsNew) => !call.store.contains(key),
        Some(Condition::Exists) => call.store.contains(key),
    };
    if goes_ahead {
        call.store.put_text(key, value);
        match options.lifetime {
            Lifetime::Endless => call.store.set_deadline(key, None),
            Lifetime::Kept => {}
            Lifetime::Until(deadline) => call.store.set_deadline(key, Some(deadline)),
        }
    }
    match (options.answers_old, goes_ahead) {
        (true, _) => call.out.optional_bulk(old.as_deref()),
        (false, true) => call.out.simple("OK"),
        (false, false) => call.out.null(),
    }
    DONE
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    IsNew,
    Exists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifetime {
    Endless,
    Kept,
    Until(UnixMillis),
}

#[derive(Debug)]
struct SetOptions {
    condition: Option<Condition>,
    lifetime: Lifetime,
    answers_old: bool,
}

impl SetOptions {
    fn parse(call: &Call<'_>) -> Result<Self, Refusal> {
        let mut options = Self { condition: None, lifetime: Lifetime::Endless, answers_old: false };
        let now = call.store.now();
        let mut words = call.args.skip(3);
        while let Some(word) = words.next() {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" if options.condition != Some(Condition::Exists) => {
                    options.condition = Some(Condition::IsNew);
                }
                b"XX" if options.condition != Some(Condition::IsNew) => {
                    options.condition = Some(Condition::Exists);
                }
                b"GET" => options.answers_old = true,
                b"KEEPTTL" if !matches!(options.lifetime, Lifetime::Until(_)) => {
                    options.lifetime = Lifetime::Kept;
                }
                unit @ (b"EX" | b"PX" | b"EXAT" | b"PXAT")
                    if options.lifetime == Lifetime::Endless =>
                {
                    let amount = words.next().ok_or(Refusal::SYNTAX)?;
                    options.lifetime = Lifetime::Until(deadline(unit, amount, now)?);
                }
                _ => return Err(Refusal::SYNTAX),
            }
        }
        Ok(options)
    }
}

fn deadline(unit: &[u8], amount: &[u8], now: UnixMillis) -> Result<UnixMillis, Refusal> {
    let amount = parse_decimal(amount).ok_or(Refusal::NOT_AN_INTEGER)?;
    let amount = u64::try_from(amount).ok().filter(|amount| *amount > 0);
    let deadline = amount.and_then(|amount| match unit {
        b"EX" => amount.checked_mul(1000)?.checked_add(now),
        b"PX" => amount.checked_add(now),
        b"EXAT" => amount.checked_mul(1000),
        _ => Some(amount),
    });
    let deadline = deadline.filter(|deadline| i64::try_from(*deadline).is_ok());
    deadline.ok_or_else(|| Refusal::expire_time("set"))
}
