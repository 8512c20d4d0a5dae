//! `cargo xtask guests`: builds the wasm guests of fixtures/guests and records from what; `--check` finds stale ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xshell::{Shell, cmd};

use crate::inventory;

const TARGET: &str = "wasm32-unknown-unknown";
const FLAGS: &[&str] = &[
    "--edition=2021",
    "--crate-type=cdylib",
    "--target=wasm32-unknown-unknown",
    "-Copt-level=3",
    "-Clto=fat",
    "-Ccodegen-units=1",
    "-Cpanic=abort",
    "-Cdebuginfo=0",
    "-Cstrip=symbols",
    "-Ctarget-feature=+simd128,+bulk-memory",
    "-Clink-arg=-zstack-size=65536",
];
/// The rustup toolchain's compiler, then Debian's, which has its own package of the wasm standard library.
const COMPILERS: &[&str] = &["rustc", "/usr/bin/rustc"];
const LOCK: &str = "guests.lock";

/// Builds every guest, or with `check` only says which of them are not what their sources build to, and exits 1 if
/// any is.
pub(crate) fn run(check: bool) -> anyhow::Result<ExitCode> {
    let dir = guests_dir();
    if !check {
        build_all(&dir)?;
        return Ok(ExitCode::SUCCESS);
    }
    let stale = stale_guests(&dir)?;
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("stale guests:\n  {}\n(hint: cargo xtask guests)", stale.join("\n  "));
    Ok(ExitCode::FAILURE)
}

/// What the committed `.wasm` files were built from.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    compiler: String,
    flags: Vec<String>,
    guests: BTreeMap<String, Guest>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    wasm_sha256: String,
    /// Over the names and contents of `sources`.
    sources_sha256: String,
    sources: BTreeSet<String>,
}

struct Compiler {
    program: &'static str,
    version: String,
}

fn guests_dir() -> PathBuf {
    inventory::root().join("fixtures/guests")
}

fn build_all(dir: &Path) -> anyhow::Result<()> {
    let recorded = read_lock(dir).ok().map(|lock| lock.compiler);
    let mut compilers = compilers()?;
    // The recorded compiler first: another one would change the bytes of guests that did not change.
    compilers.sort_by_key(|compiler| Some(&compiler.version) != recorded.as_ref());
    let Some(compiler) = compilers.first() else {
        bail!(
            "no compiler here builds for {TARGET}\n(hint: `rustup target add {TARGET}`, \
             or on Debian `apt-get install rustc libstd-rust-dev-wasm32 lld`)"
        );
    };
    let mut lock = Lock {
        compiler: compiler.version.clone(),
        flags: FLAGS.iter().map(ToString::to_string).collect(),
        guests: BTreeMap::new(),
    };
    for name in guest_names(dir)? {
        let guest = build(dir, compiler, &name, &wasm_path(dir, &name))?;
        eprintln!("built {name}.wasm with {}", compiler.version);
        lock.guests.insert(name, guest);
    }
    let text = toml::to_string(&lock).context("the lock holds only strings")?;
    let text = format!("# Written by `cargo xtask guests`.\n{text}");
    write(&dir.join(LOCK), text.as_bytes())
}

/// One line per guest whose `.wasm` is not what its sources build to. Bytes are compared only where the recorded
/// compiler is present.
fn stale_guests(dir: &Path) -> anyhow::Result<Vec<String>> {
    let lock = read_lock(dir)?;
    if lock.flags != FLAGS {
        return Ok(vec![format!("all: built with the flags {}", lock.flags.join(" "))]);
    }
    let compiler = compilers()?.into_iter().find(|compiler| compiler.version == lock.compiler);
    if compiler.is_none() {
        eprintln!("compared sources only: {} is not here to rebuild them", lock.compiler);
    }
    let on_disk = guest_names(dir)?;
    let recorded = lock.guests.keys().filter(|name| !on_disk.contains(*name));
    let mut stale: Vec<String> =
        recorded.map(|name| format!("{name}: {LOCK} names it, but it has no source")).collect();
    for name in &on_disk {
        if let Some(why) = why_stale(dir, name, lock.guests.get(name), compiler.as_ref())? {
            stale.push(format!("{name}: {why}"));
        }
    }
    Ok(stale)
}

fn why_stale(
    dir: &Path,
    name: &str,
    recorded: Option<&Guest>,
    compiler: Option<&Compiler>,
) -> anyhow::Result<Option<&'static str>> {
    let Some(recorded) = recorded else { return Ok(Some("it was never built")) };
    if sources_sha256(dir, &recorded.sources).ok().as_ref() != Some(&recorded.sources_sha256) {
        return Ok(Some("a source changed after it was built"));
    }
    let wasm = fs::read(wasm_path(dir, name)).unwrap_or_default();
    if hex(&Sha256::digest(&wasm)) != recorded.wasm_sha256 {
        return Ok(Some("its .wasm is not the one that was built"));
    }
    let Some(compiler) = compiler else { return Ok(None) };
    let shell = Shell::new()?;
    let scratch = shell.create_temp_dir()?;
    let rebuilt = build(dir, compiler, name, &scratch.path().join("rebuilt.wasm"))?;
    Ok((rebuilt != *recorded).then_some("its sources build to other bytes"))
}

fn build(dir: &Path, compiler: &Compiler, name: &str, wasm: &Path) -> anyhow::Result<Guest> {
    let shell = Shell::new()?;
    // Sources are named relative to this directory, so that no path of this machine gets into the bytes.
    shell.change_dir(dir);
    let scratch = shell.create_temp_dir()?;
    let dep_info = scratch.path().join("sources.d");
    let program = compiler.program;
    let emit = format!("--emit=link={},dep-info={}", wasm.display(), dep_info.display());
    cmd!(shell, "{program} {FLAGS...} --crate-name={name} {emit} wasm/{name}.rs")
        .quiet()
        .run()
        .with_context(|| format!("guest `{name}` does not build"))?;
    let sources = parse_dep_info(&read(&dep_info)?);
    Ok(Guest {
        wasm_sha256: hex(&Sha256::digest(fs::read(wasm)?)),
        sources_sha256: sources_sha256(dir, &sources)?,
        sources,
    })
}

/// The compilers of this machine that have a standard library for wasm.
fn compilers() -> anyhow::Result<Vec<Compiler>> {
    let shell = Shell::new()?;
    let query = |program: &'static str| {
        let ask =
            |args: &[&str]| cmd!(shell, "{program} {args...}").quiet().ignore_stderr().read().ok();
        let library = ask(&["--print=target-libdir", "--target", TARGET])?;
        let version = describe_version(&ask(&["-vV"])?);
        Path::new(&library).is_dir().then_some(Compiler { program, version })
    };
    Ok(COMPILERS.iter().filter_map(|program| query(program)).collect())
}

/// From the output of `rustc -vV` what decides the bytes: the release and its LLVM.
fn describe_version(verbose: &str) -> String {
    let field = |name| {
        let line = verbose.lines().find_map(|line| line.strip_prefix(name));
        line.map_or("unknown", str::trim)
    };
    format!("rustc {} (LLVM {})", field("release:"), field("LLVM version:"))
}

/// The files that a rule such as `out.wasm: wasm/echo.rs wasm/../src/echo.rs` depends on.
fn parse_dep_info(text: &str) -> BTreeSet<String> {
    let rule = text.lines().next().unwrap_or_default();
    let (_, sources) = rule.split_once(": ").unwrap_or_default();
    sources.split_whitespace().map(|source| source.replace("wasm/../", "")).collect()
}

/// The guests are the crate roots in `wasm/`; `host.rs` is what they share.
fn guest_names(dir: &Path) -> anyhow::Result<BTreeSet<String>> {
    let roots = dir.join("wasm");
    let entries =
        fs::read_dir(&roots).with_context(|| format!("cannot list {}", roots.display()))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let file = entry?.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".rs"));
        names.extend(name.filter(|name| *name != "host").map(str::to_owned));
    }
    Ok(names)
}

fn sources_sha256(dir: &Path, sources: &BTreeSet<String>) -> anyhow::Result<String> {
    let mut digest = Sha256::new();
    for source in sources {
        let text = read(&dir.join(source))?;
        digest.update(format!("{source} {}\n", text.len()));
        digest.update(text);
    }
    Ok(hex(&digest.finalize()))
}

fn wasm_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.wasm"))
}

fn read_lock(dir: &Path) -> anyhow::Result<Lock> {
    let path = dir.join(LOCK);
    toml::from_str(&read(&path)?).with_context(|| format!("{} is malformed", path.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A copy of the committed guests, to be spoilt.
    fn copy() -> (Shell, xshell::TempDir) {
        let shell = Shell::new().unwrap();
        let dir = shell.create_temp_dir().unwrap();
        let (from, to) = (guests_dir().join("."), dir.path());
        cmd!(shell, "cp -r {from} {to}").quiet().run().unwrap();
        (shell, dir)
    }

    fn append(path: &Path, text: &str) {
        fs::write(path, [fs::read(path).unwrap(), text.into()].concat()).unwrap();
    }

    #[test]
    fn the_committed_guests_are_what_their_sources_build_to() {
        assert_eq!(stale_guests(&guests_dir()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_changed_source_makes_every_guest_that_uses_it_stale() {
        let (_shell, dir) = copy();
        append(&dir.path().join("src/api.rs"), "\n");
        let stale = stale_guests(dir.path()).unwrap();
        let users = ["echo", "mat_mul", "mobilenet", "reuters_svm"];
        assert_eq!(stale, users.map(|name| format!("{name}: a source changed after it was built")));
    }

    #[test]
    fn a_changed_wasm_is_stale() {
        let (_shell, dir) = copy();
        append(&wasm_path(dir.path(), "noop"), "\0");
        let stale = stale_guests(dir.path()).unwrap();
        assert_eq!(stale, ["noop: its .wasm is not the one that was built"]);
    }

    #[test]
    fn a_guest_without_a_source_or_without_a_build_is_stale() {
        let (_shell, dir) = copy();
        let roots = dir.path().join("wasm");
        fs::rename(roots.join("noop.rs"), roots.join("idle.rs")).unwrap();
        let stale = stale_guests(dir.path()).unwrap();
        let expected =
            ["noop: guests.lock names it, but it has no source", "idle: it was never built"];
        assert_eq!(stale, expected);
    }

    #[test]
    fn a_rule_of_dep_info_names_the_sources() {
        let sources = parse_dep_info("/out/x.wasm: wasm/x.rs wasm/../src/x.rs\n\nwasm/x.rs:\n");
        assert_eq!(sources, BTreeSet::from(["src/x.rs".to_owned(), "wasm/x.rs".to_owned()]));
    }

    #[test]
    fn the_version_names_the_release_and_its_llvm() {
        let verbose = "rustc 1.63.0\nbinary: rustc\nrelease: 1.63.0\nLLVM version: 14.0.6\n";
        assert_eq!(describe_version(verbose), "rustc 1.63.0 (LLVM 14.0.6)");
    }
}
