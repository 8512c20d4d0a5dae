//! Uploaded functions in the state tier: their wasm by name, with its digest, and
//! their machine code by digest.

use std::{fmt::Write as _, sync::Arc};

use anyhow::Context as _;
use kv::Pool;
use sha2::{Digest as _, Sha256};

use crate::message::Function;

/// The functions that were uploaded to a state tier.
///
/// Workers run the machine code that they find here, so they trust whoever can
/// write to the state tier as much as themselves.
#[derive(Debug, Clone)]
pub struct Functions {
    global: Arc<Pool>,
}

impl Functions {
    /// The functions in this state tier.
    #[must_use]
    pub fn new(global: Arc<Pool>) -> Self {
        Self { global }
    }

    /// Stores a function's wasm, replacing what it had.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn store(&self, function: &Function, wasm: &[u8]) -> anyhow::Result<()> {
        let mut client = self.global.get()?;
        // The wasm first: a digest without its wasm would be a broken promise.
        client.set(wasm_key(function), wasm)?;
        Ok(client.set(digest_key(function), digest(wasm).as_bytes())?)
    }

    /// Stores the machine code of the wasm with this digest, for one kind of engine.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn store_code(&self, digest: &str, engine: u64, code: &[u8]) -> anyhow::Result<()> {
        Ok(self.global.get()?.set(code_key(digest, engine), code)?)
    }

    /// The machine code of the wasm with this digest, if it was compiled for
    /// this kind of engine.
    ///
    /// # Errors
    /// If the state tier does not answer.
    pub fn code(&self, digest: &str, engine: u64) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.global.get()?.get(code_key(digest, engine))?)
    }

    /// The digest of a function's wasm: short, so that hosts can ask for it often.
    ///
    /// # Errors
    /// If there is no such function, or the state tier does not answer.
    pub fn digest(&self, function: &Function) -> anyhow::Result<String> {
        let digest = self.global.get()?.get(digest_key(function))?.with_context(|| {
            format!("there is no function `{function}` (hint: upload it by PUT /f/{function})")
        })?;
        String::from_utf8(digest).context("a digest is text")
    }

    /// A function's wasm.
    ///
    /// # Errors
    /// If there is no such function, or the state tier does not answer.
    pub fn wasm(&self, function: &Function) -> anyhow::Result<Vec<u8>> {
        let wasm = self.global.get()?.get(wasm_key(function))?;
        wasm.with_context(|| format!("the wasm of function `{function}` is gone"))
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

// No user's name has a colon, so no state key begins like these.
fn wasm_key(function: &Function) -> String {
    format!("function:{function}")
}

fn digest_key(function: &Function) -> String {
    format!("function:{function}:sha256")
}

fn code_key(digest: &str, engine: u64) -> String {
    format!("code:{digest}:{engine:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_published_sha_256() {
        assert_eq!(
            digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
