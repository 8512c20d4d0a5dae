//! Patterns of keys, as `KEYS` takes them.

/// Whether `text` matches `pattern`: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a
/// character that stands for itself.
pub(crate) fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Only the last star needs to be tried again: a match of what precedes it
    // can stay as it is. So the time is at most the product of the lengths.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            retry = Some((rest, text));
            pattern = rest;
            continue;
        }
        if let ([], []) = (pattern, text) {
            return true;
        }
        match (match_one(pattern, text.first()), text) {
            (Some(rest), [_, after @ ..]) => (pattern, text) = (rest, after),
            _ => match retry {
                Some((after_star, [_, shorter @ ..])) => {
                    retry = Some((after_star, shorter));
                    (pattern, text) = (after_star, shorter);
                }
                _ => return false,
            },
        }
    }
}

/// Matches one character and answers the rest of the pattern.
fn match_one<'p>(pattern: &'p [u8], character: Option<&u8>) -> Option<&'p [u8]> {
    let character = *character?;
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', rest @ ..] => {
            let (matches, rest) = match_class(rest, character);
            matches.then_some(rest)
        }
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (*literal == character).then_some(rest)
        }
    }
}

/// Matches a class whose bracket is open; an unclosed one ends with the pattern.
fn match_class(class: &[u8], character: u8) -> (bool, &[u8]) {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    let rest = loop {
        match class {
            [] => break class,
            [b']', rest @ ..] => break rest,
            [b'\\', literal, rest @ ..] => {
                found |= *literal == character;
                class = rest;
            }
            [low, b'-', high, rest @ ..] => {
                let (low, high) = (low.min(high), low.max(high));
                found |= (*low..=*high).contains(&character);
                class = rest;
            }
            [literal, rest @ ..] => {
                found |= *literal == character;
                class = rest;
            }
        }
    };
    (found != negated, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        for text in matching {
            assert!(glob_matches(pattern.as_bytes(), text.as_bytes()), "{pattern} ~ {text}");
        }
        for text in others {
            assert!(!glob_matches(pattern.as_bytes(), text.as_bytes()), "{pattern} !~ {text}");
        }
    }

    #[test]
    fn patterns_match_as_in_redis() {
        check("", &[""], &["a"]);
        check("*", &["", "a", "abc"], &[]);
        check("a?c", &["abc", "a*c"], &["ac", "abbc"]);
        check("ann_*", &["ann_", "ann_weights"], &["ann", "xann_"]);
        check("*_lock", &["w_lock", "_lock_lock"], &["w_locks"]);
        check("a*b*c", &["abc", "a1b2c", "abbcc"], &["ab", "acb"]);
        check("h[ae]llo", &["hello", "hallo"], &["hillo"]);
        check("h[^e]llo", &["hallo"], &["hello"]);
        check("h[a-c]llo", &["hbllo"], &["hdllo"]);
        check("h[c-a]llo", &["hbllo"], &["hdllo"]);
        check(r"a\*", &["a*"], &["ab"]);
        check(r"[\]]", &["]"], &["\\"]);
        check("[abc", &["a", "c"], &["d"]);
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let text = "a".repeat(2_000);
        check(&format!("{}b", "a*".repeat(500)), &[], &[&text]);
    }
}
