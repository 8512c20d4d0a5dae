//! The list of all commands.

use super::{
    call::{Answer, Call},
    hashes, keys, lists, script, session, sets, strings,
};

/// A command: its name in lower case, how many arguments it takes, the name
/// included (a negative number is a minimum), and what it does.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) arity: i64,
    pub(super) run: fn(&mut Call<'_>) -> Answer,
}

impl Command {
    pub(super) fn accepts(&self, n_args: usize) -> bool {
        let n_args = i64::try_from(n_args).unwrap_or(i64::MAX);
        if self.arity < 0 { n_args >= -self.arity } else { n_args == self.arity }
    }
}

const fn command(name: &'static str, arity: i64, run: fn(&mut Call<'_>) -> Answer) -> Command {
    Command { name, arity, run }
}

/// Sorted by name.
pub(super) static COMMANDS: &[Command] = &[
    command("append", 3, strings::append),
    command("blpop", -3, lists::blpop),
    command("brpop", -3, lists::brpop),
    command("client", -2, session::client),
    command("command", -1, session::command),
    command("config", -2, session::config),
    command("dbsize", 1, keys::dbsize),
    command("decr", 2, strings::decr),
    command("decrby", 3, strings::decrby),
    command("del", -2, keys::del),
    command("echo", 2, session::echo),
    command("eval", -3, script::eval),
    command("evalsha", -3, script::evalsha),
    command("exists", -2, keys::exists),
    command("expire", -3, keys::expire),
    command("flushall", -1, keys::flush),
    command("flushdb", -1, keys::flush),
    command("get", 2, strings::get),
    command("getrange", 4, strings::getrange),
    command("hdel", -3, hashes::hdel),
    command("hello", -1, session::hello),
    command("hexists", 3, hashes::hexists),
    command("hget", 3, hashes::hget),
    command("hgetall", 2, hashes::hgetall),
    command("hincrby", 4, hashes::hincrby),
    command("hkeys", 2, hashes::hkeys),
    command("hlen", 2, hashes::hlen),
    command("hmget", -3, hashes::hmget),
    command("hset", -4, hashes::hset),
    command("hvals", 2, hashes::hvals),
    command("incr", 2, strings::incr),
    command("incrby", 3, strings::incrby),
    command("info", -1, session::info),
    command("keys", 2, keys::keys),
    command("lindex", 3, lists::lindex),
    command("llen", 2, lists::llen),
    command("lpop", -2, lists::lpop),
    command("lpush", -3, lists::lpush),
    command("lrange", 4, lists::lrange),
    command("mget", -2, strings::mget),
    command("mset", -3, strings::mset),
    command("persist", 2, keys::persist),
    command("pexpire", -3, keys::pexpire),
    command("ping", -1, session::ping),
    command("pttl", 2, keys::pttl),
    command("quit", -1, session::quit),
    command("rpop", -2, lists::rpop),
    command("rpush", -3, lists::rpush),
    command("sadd", -3, sets::sadd),
    command("scard", 2, sets::scard),
    command("select", 2, session::select),
    command("set", -3, strings::set),
    command("setrange", 4, strings::setrange),
    command("sismember", 3, sets::sismember),
    command("smembers", 2, sets::smembers),
    command("spop", -2, sets::spop),
    command("srandmember", -2, sets::srandmember),
    command("srem", -3, sets::srem),
    command("strlen", 2, strings::strlen),
    command("ttl", 2, keys::ttl),
    command("type", 2, keys::type_of),
];

const LONGEST_NAME: usize = 16;

/// The command of a name, whatever its case.
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    let mut lower = [0; LONGEST_NAME];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let at = COMMANDS.binary_search_by(|command| command.name.as_bytes().cmp(lower)).ok()?;
    Some(&COMMANDS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_in_any_case() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        for command in COMMANDS {
            for name in [command.name.to_owned(), command.name.to_uppercase()] {
                assert_eq!(find(name.as_bytes()).unwrap().name, command.name);
            }
        }
    }

    #[test]
    fn no_other_name_is_found() {
        for name in ["", "ge", "gett", "a-name-longer-than-any-command-is"] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
    }
}
