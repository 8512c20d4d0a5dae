//! Where a program of this machine is.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Where administrators' programs are although a user's PATH may not say so.
const USUAL_DIRS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Finds a program on PATH, or else where administrators' programs are.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    find(name, &std::env::var_os("PATH").unwrap_or_default(), &USUAL_DIRS.map(Path::new))
}

fn find(name: &str, path: &OsStr, usual_dirs: &[&Path]) -> Option<PathBuf> {
    let dirs = std::env::split_paths(path).chain(usual_dirs.iter().map(PathBuf::from));
    dirs.map(|dir| dir.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_although_the_path_does_not_name_its_directory() {
        let (users, admins) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let locate = || find("nft", users.path().as_os_str(), &[admins.path()]);
        assert_eq!(locate(), None);
        std::fs::write(admins.path().join("nft"), "").unwrap();
        assert_eq!(locate(), Some(admins.path().join("nft")));
        std::fs::write(users.path().join("nft"), "").unwrap();
        assert_eq!(locate(), Some(users.path().join("nft")));
        assert!(["/usr/sbin", "/sbin"].iter().all(|dir| USUAL_DIRS.contains(dir)));
    }
}
