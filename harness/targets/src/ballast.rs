//! Ballast: a file without a name that takes all the space of a file system.
//!
//! It needs no name to take space, so nobody collects it, and the kernel gives
//! the space back as soon as whoever holds it closes it or dies.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Written at once; a whole number of pages.
const PIECE_BYTES: usize = 1 << 18;

/// Takes all the space that is left in the file system of a directory.
///
/// # Errors
/// If it cannot be written to for another reason than that it is full.
pub(crate) fn take_all(dir: &Path) -> io::Result<File> {
    let mut file = nameless(dir)?;
    let zeros = vec![0; PIECE_BYTES];
    loop {
        match file.write(&zeros) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(file),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether not even a byte can be written there.
///
/// # Errors
/// If it cannot be written to for another reason than that it is full.
pub(crate) fn is_full(dir: &Path) -> io::Result<bool> {
    match nameless(dir).and_then(|mut file| file.write_all(b"x")) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::StorageFull => Ok(true),
        Err(error) => Err(error),
    }
}

fn nameless(dir: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).mode(0o600).custom_flags(libc::O_TMPFILE).open(dir)
}
