//! Files of an instance: the end of its log, and its directory.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// As much of a log's end as is searched for lines.
const TAIL_BYTES: u64 = 64 << 10;

/// The lines of its log that an error about an instance holds.
const N_ERROR_LINES: usize = 20;

/// The last lines of a log; empty if there is none.
pub(crate) fn tail(log: &Path, n_lines: usize) -> io::Result<String> {
    let mut file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let n_bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(n_bytes.saturating_sub(TAIL_BYTES)))?;
    let mut end = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut end)?;
    let end = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = end.lines().collect();
    Ok(lines[lines.len().saturating_sub(n_lines)..].join("\n"))
}

/// The end of a log, to be appended to an error.
pub(crate) fn excerpt(log: &Path) -> String {
    match tail(log, N_ERROR_LINES) {
        Ok(lines) if lines.is_empty() => "; it printed nothing".to_owned(),
        Ok(lines) => format!("; its last lines ({}):\n{lines}", log.display()),
        Err(error) => format!("; its log {} cannot be read: {error}", log.display()),
    }
}

/// Copies a directory's files and links; sockets and pipes stay behind.
pub(crate) fn copy_tree(from: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, copy) = (entry.file_type()?, into.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &copy)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), copy)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, copy)?;
        }
    }
    Ok(())
}

/// Removes a directory that may be gone already.
pub(crate) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("x.log");
        fs::write(&log, "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail(&log, 2).unwrap(), "two\nthree");
        assert_eq!(tail(&log, 9).unwrap(), "one\ntwo\nthree");
    }

    #[test]
    fn a_log_that_is_not_there_has_no_tail() {
        assert_eq!(tail(Path::new("/no/such/log"), 2).unwrap(), "");
    }

    #[test]
    fn a_tree_is_copied_without_its_sockets() {
        let dir = tempfile::tempdir().unwrap();
        let (from, into) = (dir.path().join("from"), dir.path().join("into"));
        fs::create_dir_all(from.join("sub")).unwrap();
        fs::write(from.join("sub/file"), "x").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(from.join("socket")).unwrap();
        copy_tree(&from, &into).unwrap();
        assert_eq!(fs::read_to_string(into.join("sub/file")).unwrap(), "x");
        assert!(!into.join("socket").exists());
    }
}
