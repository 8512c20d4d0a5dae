//! Which file a program is, and which interpreters a script needs.

use std::{
    env,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

/// How much of a file shows what it is: Linux reads no more of a `#!` line.
const HEAD_BYTES: u64 = 256;

/// Interpreters of interpreters; Linux follows no more either.
const N_INTERPRETERS_MAX: usize = 4;

/// What kind of file a program is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Machine code.
    Elf,
    /// A script, with the words of its `#!` line.
    Script(Vec<String>),
    /// Anything else; the kernel does not execute it.
    Other,
}

/// The file of a program that is named by a path, or by a name on PATH.
pub(crate) fn locate(program: &str) -> anyhow::Result<PathBuf> {
    if !program.contains('/') {
        let path = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&path).map(|dir| dir.join(program)).find(|p| is_program(p));
        return found.with_context(|| {
            format!("no program `{program}` on PATH\n(hint: install it, or give its path)")
        });
    }
    let path = std::path::absolute(program).with_context(|| format!("find {program}"))?;
    ensure!(
        path.exists(),
        "no program {program}\n(hint: is the path right, and the program built?)"
    );
    ensure!(
        is_program(&path),
        "{program} is not executable\n(hint: is it the right file? chmod +x makes it a program)"
    );
    Ok(path)
}

/// The interpreters without which the kernel cannot execute a program: none
/// for machine code.
pub(crate) fn interpreters(program: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    loop {
        let script = found.last().map_or(program, PathBuf::as_path);
        let words = match kind(script)? {
            Kind::Elf => return Ok(found),
            Kind::Script(words) => words,
            Kind::Other => bail!(
                "{} is neither machine code nor a script\n\
                 (hint: the first line of a script names its interpreter, such as #!/bin/sh)",
                script.display()
            ),
        };
        let named = |word: &String| {
            locate(word).with_context(|| format!("find the interpreter of {}", script.display()))
        };
        let interpreter = words.first().map(named).transpose()?;
        let by_env = interpreter.as_deref().is_some_and(|path| path.ends_with("env"));
        let argument = words.iter().skip(1).find(|word| by_env && is_name(word));
        let more: Vec<_> = argument.map(named).transpose()?.into_iter().collect();
        found.extend(interpreter);
        found.extend(more);
        ensure!(
            found.len() <= 2 * N_INTERPRETERS_MAX,
            "{}: its interpreters are scripts without end",
            program.display()
        );
    }
}

/// What kind of file this is.
pub(crate) fn kind(path: &Path) -> anyhow::Result<Kind> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
        .with_context(|| format!("read {}", path.display()))?;
    if head.starts_with(b"\x7fELF") {
        return Ok(Kind::Elf);
    }
    let line = head.split(|byte| *byte == b'\n').next().and_then(|line| line.strip_prefix(b"#!"));
    Ok(line.map_or(Kind::Other, |line| {
        let line = String::from_utf8_lossy(line);
        Kind::Script(line.split_whitespace().map(str::to_owned).collect())
    }))
}

/// Whether a word of `env` is a program rather than an option or a variable.
fn is_name(word: &str) -> bool {
    !word.starts_with('-') && !word.contains('=')
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn machine_code_needs_no_interpreter() {
        let this = env::current_exe().unwrap();
        assert_eq!(interpreters(&this).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_script_of_a_script_needs_both_interpreters() {
        let dir = tempfile::tempdir().unwrap();
        let inner = script(dir.path(), "inner", "#!/bin/sh -e\n");
        let outer = script(dir.path(), "outer", &format!("#! {}\n", inner.display()));
        assert_eq!(interpreters(&outer).unwrap(), [inner, PathBuf::from("/bin/sh")]);
    }

    #[test]
    fn a_script_by_way_of_env_needs_env_and_the_program_that_env_starts() {
        let dir = tempfile::tempdir().unwrap();
        let path = script(dir.path(), "tool", "#!/usr/bin/env -S A=1 sh -e\n");
        let sh = locate("sh").unwrap();
        assert_eq!(interpreters(&path).unwrap(), [PathBuf::from("/usr/bin/env"), sh]);
    }

    #[test]
    fn a_script_that_interprets_itself_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ouroboros");
        script(dir.path(), "ouroboros", &format!("#!{}\n", path.display()));
        let error = interpreters(&path).unwrap_err().to_string();
        assert!(error.ends_with("its interpreters are scripts without end"), "{error}");
    }

    #[test]
    fn what_cannot_be_executed_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("notes.txt");
        fs::write(&text, "notes").unwrap();
        let refusal = |path: &Path| {
            let error = locate(&path.display().to_string()).unwrap_err().to_string();
            error.replace(&dir.path().display().to_string(), "DIR")
        };
        insta::assert_snapshot!(refusal(&text), @r"
        DIR/notes.txt is not executable
        (hint: is it the right file? chmod +x makes it a program)
        ");
        insta::assert_snapshot!(refusal(&dir.path().join("missing")), @r"
        no program DIR/missing
        (hint: is the path right, and the program built?)
        ");
        insta::assert_snapshot!(locate("no-such-program").unwrap_err(), @r"
        no program `no-such-program` on PATH
        (hint: install it, or give its path)
        ");
        let text = script(dir.path(), "notes", "notes");
        let error = interpreters(&text).unwrap_err().to_string();
        insta::assert_snapshot!(error.replace(&dir.path().display().to_string(), "DIR"), @r"
        DIR/notes is neither machine code nor a script
        (hint: the first line of a script names its interpreter, such as #!/bin/sh)
        ");
    }
}
