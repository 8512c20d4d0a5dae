//! Commands on keys, whatever they hold.

use super::{
    call::{Answer, Call, DONE},
    refusal::Refusal,
};
use crate::store::{UnixMillis, glob_matches};

pub(super) fn del(call: &mut Call<'_>) -> Answer {
    let n_removed = call.args.skip(1).filter(|key| call.store.remove(key)).count();
    call.out.count(n_removed);
    DONE
}

pub(super) fn exists(call: &mut Call<'_>) -> Answer {
    call.out.count(call.args.skip(1).filter(|key| call.store.contains(key)).count());
    DONE
}

pub(super) fn type_of(call: &mut Call<'_>) -> Answer {
    call.out.simple(call.store.type_name(call.key()).unwrap_or("none"));
    DONE
}

pub(super) fn keys(call: &mut Call<'_>) -> Answer {
    let pattern = call.key();
    let matching: Vec<&[u8]> = call.store.keys().filter(|key| glob_matches(pattern, key)).collect();
    call.out.array(matching.len());
    for key in matching {
        call.out.bulk(key);
    }
    DONE
}

pub(super) fn dbsize(call: &mut Call<'_>) -> Answer {
    call.out.count(call.store.len());
    DONE
}

pub(super) fn flush(call: &mut Call<'_>) -> Answer {
    match call.args.get(1).map(<[u8]>::to_ascii_uppercase).as_deref() {
        None | Some(b"ASYNC" | b"SYNC") if call.args.len() <= 2 => {}
        _ => return Err(Refusal::SYNTAX),
    }
    call.store.clear();
    call.out.simple("OK");
    DONE
}

pub(super) fn expire(call: &mut Call<'_>) -> Answer {
    expire_after(call, "expire", 1000)
}

pub(super) fn pexpire(call: &mut Call<'_>) -> Answer {
    expire_after(call, "pexpire", 1)
}

fn expire_after(call: &mut Call<'_>, command: &str, unit_ms: i64) -> Answer {
    let amount = call.integer(2)?;
    let condition = Condition::parse(call)?;
    let now = call.store.now().cast_signed();
    let deadline = amount.checked_mul(unit_ms).and_then(|after_ms| after_ms.checked_add(now));
    let deadline = deadline.ok_or_else(|| Refusal::expire_time(command))?;
    // A deadline in the past removes the key at once; so does one before 1970.
    let deadline = UnixMillis::try_from(deadline).unwrap_or(0);
    let allowed =
        call.store.deadline(call.key()).is_some_and(|old| condition.allows(old, deadline));
    if allowed {
        call.store.set_deadline(call.key(), Some(deadline));
    }
    call.out.integer(i64::from(allowed));
    DONE
}

/// What the present deadline must be like for a new one to replace it.
#[derive(Debug, Default)]
struct Condition {
    absent: bool,
    present: bool,
    earlier: bool,
    later: bool,
}

impl Condition {
    fn parse(call: &Call<'_>) -> Result<Self, Refusal> {
        let mut condition = Self::default();
        for word in call.args.skip(3) {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => condition.absent = true,
                b"XX" => condition.present = true,
                b"GT" => condition.earlier = true,
                b"LT" => condition.later = true,
                _ => {
                    let shown = String::from_utf8_lossy(word);
                    return Err(Refusal(format!("ERR Unsupported option {shown}").into()));
                }
            }
        }
        let Self { absent, present, earlier, later } = condition;
        if absent && (present || earlier || later) {
            return Err(Refusal::fixed(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if earlier && later {
            return Err(Refusal::fixed(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(condition)
    }

    /// A key without a deadline lives for ever, which is later than any.
    fn allows(&self, old: Option<UnixMillis>, new: UnixMillis) -> bool {
        (!self.absent || old.is_none())
            && (!self.present || old.is_some())
            && (!self.earlier || old.is_some_and(|old| old < new))
            && (!self.later || old.is_none_or(|old| old > new))
    }
}

pub(super) fn ttl(call: &mut Call<'_>) -> Answer {
    answer_ttl(call, |ttl_ms| (ttl_ms + 500) / 1000)
}

pub(super) fn pttl(call: &mut Call<'_>) -> Answer {
    answer_ttl(call, |ttl_ms| ttl_ms)
}

fn answer_ttl(call: &mut Call<'_>, in_unit: fn(UnixMillis) -> UnixMillis) -> Answer {
    match call.store.deadline(call.key()) {
        None => call.out.integer(-2),
        Some(None) => call.out.integer(-1),
        Some(Some(deadline)) => {
            call.out.integer(in_unit(deadline - call.store.now()).cast_signed());
        }
    }
    DONE
}

pub(super) fn persist(call: &mut Call<'_>) -> Answer {
    let had_deadline = matches!(call.store.deadline(call.key()), Some(Some(_)));
    if had_deadline {
        call.store.set_deadline(call.key(), None);
    }
    call.out.integer(i64::from(had_deadline));
    DONE
}
