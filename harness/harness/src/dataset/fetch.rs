//! Original files: from a path or a URL, with a checksum if one is known.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::digest_file;
use crate::fault::Fault;

/// Fetches `from`, a file or an http(s) URL, and checks its SHA-256 if one is
/// expected. A download lands in `into`; a file is used where it lies.
///
/// # Errors
/// If it cannot be had, or is not what was expected.
pub fn fetch(from: &str, sha256: Option<&str>, into: &Path) -> anyhow::Result<PathBuf> {
    let path = if from.starts_with("http://") || from.starts_with("https://") {
        download(from, into)?
    } else {
        PathBuf::from(from)
    };
    if !path.is_file() {
        return Err(Fault::usage(format!("no file {}", path.display())));
    }
    let Some(expected) = sha256 else { return Ok(path) };
    let found = digest_file(&path)?;
    if found.eq_ignore_ascii_case(expected) {
        return Ok(path);
    }
    Err(Fault::usage(format!(
        "{from} has sha256 {found}, expected {expected}\n\
         (hint: the file is damaged or another version; nothing was prepared)"
    )))
}

fn download(url: &str, into: &Path) -> anyhow::Result<PathBuf> {
    let path = into.join(url.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("file"));
    let fetched = || -> anyhow::Result<()> {
        let mut response = ureq::get(url).call()?;
        let expected = response.body().content_length();
        let mut file = fs::File::create(&path)?;
        let n_bytes = std::io::copy(&mut response.body_mut().as_reader(), &mut file)?;
        anyhow::ensure!(
            expected.is_none_or(|expected| expected == n_bytes),
            "the connection ended after {n_bytes} of {} bytes",
            expected.unwrap_or_default()
        );
        Ok(())
    };
    fetched().map_err(|error| {
        Fault::unavailable(format!(
            "cannot download {url}: {error:#}\n(hint: --from takes a local file too)"
        ))
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_checksum_names_both() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "x").unwrap();
        let error = fetch(path.to_str().unwrap(), Some("00"), dir.path()).unwrap_err().to_string();
        assert!(error.contains("2d711642") && error.contains("expected 00"), "{error}");
    }

    /// Serves `body` once, announced with `length`, and returns its URL.
    fn served_once(body: &'static str, length: usize) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/rcv1.txt", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            use std::io::{BufRead as _, Write as _};
            let (mut stream, _) = listener.accept().unwrap();
            let request = std::io::BufReader::new(stream.try_clone().unwrap());
            request.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        });
        url
    }

    #[test]
    fn a_url_is_downloaded_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        let sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        let path = fetch(&served_once("x", 1), Some(sha256), dir.path()).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"x");
    }

    #[test]
    fn a_download_that_breaks_off_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = fetch(&served_once("x", 1000), None, dir.path()).unwrap_err().to_string();
        assert!(error.contains("cannot download"), "{error}");
    }
}
