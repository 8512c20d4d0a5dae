//! The one script that the server knows: compare-and-delete.
//!
//! The release of a lock is a script in every client library, and always the
//! same one. It is recognised by its tokens, so that quotes, blanks and the
//! case of command names do not matter. Nothing here interprets Lua.

use super::{
    call::{Answer, Call, DONE, integer},
    refusal::Refusal,
};
use crate::{client::COMPARE_AND_DELETE, store::Text};

const NO_LUA: Refusal = Refusal::fixed(
    "NOSCRIPT The embedded server runs no Lua; the only script it knows is compare-and-delete \
     (hint: use a real Redis for others)",
);

pub(super) fn eval(call: &mut Call<'_>) -> Answer {
    let n_keys = integer(call.arg(2))?;
    let n_words = call.args.len() - 3;
    match usize::try_from(n_keys) {
        Err(_) => return Err(Refusal::fixed("ERR Number of keys can't be negative")),
        Ok(n_keys) if n_keys > n_words => {
            return Err(Refusal::fixed("ERR Number of keys can't be greater than number of args"));
        }
        Ok(_) => {}
    }
    if !is_compare_and_delete(call.arg(1)) || n_keys < 1 {
        return Err(NO_LUA);
    }
    let key = call.arg(3);
    // Without an argument the script compares with nil, which no value equals.
    let expected = call.args.get(3 + n_keys as usize);
    let value = call.store.view::<Text>(key)?;
    let equal = value.is_some_and(|value| Some(value.as_slice()) == expected);
    call.out.integer(i64::from(equal && call.store.remove(key)));
    DONE
}

/// Scripts are not kept, so clients send the text, as they do after a restart.
pub(super) fn evalsha(_: &mut Call<'_>) -> Answer {
    Err(Refusal::fixed("NOSCRIPT No matching script. Please use EVAL."))
}

fn is_compare_and_delete(script: &[u8]) -> bool {
    let tokens = std::str::from_utf8(script).ok().and_then(tokens);
    tokens.is_some() && tokens == self::tokens(COMPARE_AND_DELETE)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name, a keyword or a number.
    Word(String),
    /// A quoted string, in lower case: here they are names of commands.
    Quoted(String),
    Sign(char),
}

/// The tokens of a script; none if it has something that this one has not.
fn tokens(script: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = script.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, len_bytes) = match first {
            '"' | '\'' => {
                let len_bytes = rest[1..].find(first)?;
                let text = rest[1..=len_bytes].to_ascii_lowercase();
                // A backslash could hide the end of the string.
                (Token::Quoted(text), len_bytes + 2)
            }
            first if first.is_ascii_alphanumeric() || first == '_' => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let len_bytes = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                (Token::Word(rest[..len_bytes].to_owned()), len_bytes)
            }
            sign @ ('.' | '(' | ')' | '[' | ']' | ',' | '=') => (Token::Sign(sign), 1),
            // A semicolon ends a statement that ends without it as well.
            ';' => (Token::Sign(';'), 1),
            _ => return None,
        };
        if token != Token::Sign(';') {
            tokens.push(token);
        }
        rest = rest[len_bytes..].trim_start();
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_compare_and_delete_is_known() {
        for script in [
            COMPARE_AND_DELETE,
            r#"if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) else return 0 end"#,
            "if redis.call(\"get\",KEYS[1]) == ARGV[1]\nthen\n  return redis.call(\"del\",KEYS[1]);\nelse\n  return 0;\nend\n",
        ] {
            assert!(is_compare_and_delete(script.as_bytes()), "{script}");
        }
    }

    #[test]
    fn no_other_script_is_taken_for_it() {
        for script in [
            "",
            "return 0",
            r#"if redis.call("get",KEYS[2]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#,
            r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 1 end"#,
            r#"if redis.call("get",KEYS[1]) ~= ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#,
            r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("pexpire",KEYS[1],1) else return 0 end"#,
            r#"-- if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#,
            "if redis.call(\"get",
            "\u{fc}",
        ] {
            assert!(!is_compare_and_delete(script.as_bytes()), "{script}");
        }
    }
}
