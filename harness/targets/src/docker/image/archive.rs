//! The archive in which an image travels to a daemon: the format of
//! `docker save`, which every version since 1.10 loads.

use std::io::{self, Write};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tar::{Builder, EntryType};

use super::{
    closure::Closure,
    layer::{self, Digest},
    tree::Tree,
};
use crate::docker::{container::INSTANCE_DIR, labels::CACHED_IMAGE};

/// Where programs are looked for, on top of the directory of the image's own.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Everything is as old as this, so that equal content has equal identity.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// A block of a tar archive.
const BLOCK_BYTES: u64 = 512;

/// An image, ready to be written.
#[derive(Debug)]
pub(crate) struct Assembly {
    tree: Tree,
    layer: Digest,
    config: Value,
    /// What identifies the image's content and configuration: SHA-256 in
    /// hexadecimal digits. Daemons have identifiers of their own, which depend
    /// on how they store images.
    pub(crate) key: String,
    /// Where the program is in the image.
    pub(crate) executable: String,
}

impl Assembly {
    /// Plans an image and reads all its files once, to know its identity.
    pub(crate) fn of(mut closure: Closure) -> anyhow::Result<Self> {
        layer::furnish(&mut closure.tree).context("plan an image")?;
        let layer = layer::write(&closure.tree, io::sink())?;
        let mut config = config(&closure, &layer);
        let key = layer::digest(config.to_string().as_bytes());
        config["config"]["Labels"] = json!({ CACHED_IMAGE: key });
        let executable = closure.executable.display().to_string();
        Ok(Self { tree: closure.tree, layer, config, key, executable })
    }

    /// The identity of the only layer, as daemons write it.
    pub(crate) fn diff_id(&self) -> String {
        format!("sha256:{}", self.layer.sha256)
    }

    /// Writes the archive of the image under this name.
    pub(crate) fn write(&self, name: &str, into: &mut dyn Write) -> anyhow::Result<()> {
        let layer = format!("{}/layer.tar", self.layer.sha256);
        self.write_layer(&layer, into)?;
        let config = self.config.to_string();
        let config_name = format!("{}.json", layer::digest(config.as_bytes()));
        let manifest =
            json!([{ "Config": config_name, "RepoTags": [name], "Layers": [layer] }]).to_string();
        let mut builder = Builder::new(into);
        for (name, text) in [(config_name.as_str(), config), ("manifest.json", manifest)] {
            let mut header = layer::header(EntryType::Regular, 0o644, text.len() as u64);
            builder.append_data(&mut header, name, text.as_bytes())?;
        }
        Ok(builder.finish()?)
    }

    /// The layer comes first: should its files have changed since they were
    /// hashed, the archive breaks off before it says what it is.
    fn write_layer(&self, name: &str, into: &mut dyn Write) -> anyhow::Result<()> {
        let mut header = layer::header(EntryType::Regular, 0o644, self.layer.size_bytes);
        header.set_path(name)?;
        header.set_cksum();
        into.write_all(header.as_bytes())?;
        let written = layer::write(&self.tree, &mut *into)?;
        ensure!(
            written == self.layer,
            "the files of {} changed while they were packed\n\
             (hint: begin the run again, and do not build meanwhile)",
            self.executable
        );
        let n_over = self.layer.size_bytes % BLOCK_BYTES;
        let padding = vec![0; ((BLOCK_BYTES - n_over) % BLOCK_BYTES) as usize];
        Ok(into.write_all(&padding)?)
    }
}

fn config(closure: &Closure, layer: &Digest) -> Value {
    let own_dir = closure.executable.parent().map(|dir| dir.display().to_string());
    let path = match own_dir {
        Some(dir) if !USUAL_PATH.split(':').any(|usual| usual == dir) => {
            format!("{dir}:{USUAL_PATH}")
        }
        _ => USUAL_PATH.to_owned(),
    };
    let mut env = vec![format!("PATH={path}")];
    let dirs: Vec<_> = closure.library_dirs.iter().map(|dir| dir.display().to_string()).collect();
    if !dirs.is_empty() {
        env.push(format!("LD_LIBRARY_PATH={}", dirs.join(":")));
    }
    json!({
        "architecture": architecture(),
        "os": "linux",
        "created": EPOCH,
        "config": { "Env": env, "WorkingDir": INSTANCE_DIR },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", layer.sha256)] },
        "history": [{ "created": EPOCH, "created_by": "reprise" }],
    })
}

/// This machine's processor, as images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::docker::image::tree::Entry;

    fn assembly(dir: &Path) -> Assembly {
        let source = dir.join("tool");
        fs::write(&source, "code").unwrap();
        fs::set_permissions(&source, fs::Permissions::from_mode(0o755)).unwrap();
        let mut tree = Tree::default();
        tree.place(Path::new("/opt/tool"), Entry::of_file(&source).unwrap()).unwrap();
        let library_dirs = [Path::new("/lib").to_owned()].into();
        Assembly::of(Closure { tree, executable: "/opt/tool".into(), library_dirs }).unwrap()
    }

    fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(archive);
        let read = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        });
        read.collect()
    }

    #[test]
    fn the_archive_names_a_configuration_and_a_layer_that_are_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let assembly = assembly(dir.path());
        let mut archive = Vec::new();
        assembly.write("reprise/tool:1", &mut archive).unwrap();
        let files = files(&archive);
        let manifest: Value = serde_json::from_slice(&files[2].1).unwrap();
        assert_eq!(manifest[0]["RepoTags"], json!(["reprise/tool:1"]));
        assert_eq!(manifest[0]["Layers"], json!([files[0].0]));
        assert_eq!(manifest[0]["Config"], json!(files[1].0));
        assert_eq!(files[1].0, format!("{}.json", layer::digest(&files[1].1)));
        assert_eq!(assembly.diff_id(), format!("sha256:{}", layer::digest(&files[0].1)));
    }

    #[test]
    fn the_configuration_finds_the_program_and_its_libraries() {
        let dir = tempfile::tempdir().unwrap();
        let assembly = assembly(dir.path());
        let mut config = assembly.config.clone();
        assert_eq!(config["config"]["Labels"][CACHED_IMAGE], assembly.key.as_str());
        config["config"]["Labels"][CACHED_IMAGE] = "KEY".into();
        config["architecture"] = "ARCH".into();
        config["rootfs"]["diff_ids"][0] = "LAYER".into();
        insta::assert_snapshot!(serde_json::to_string_pretty(&config).unwrap(), @r#"
        {
          "architecture": "ARCH",
          "config": {
            "Env": [
              "PATH=/opt:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
              "LD_LIBRARY_PATH=/lib"
            ],
            "Labels": {
              "io.github.reprise.image": "KEY"
            },
            "WorkingDir": "/reprise"
          },
          "created": "1970-01-01T00:00:00Z",
          "history": [
            {
              "created": "1970-01-01T00:00:00Z",
              "created_by": "reprise"
            }
          ],
          "os": "linux",
          "rootfs": {
            "diff_ids": [
              "LAYER"
            ],
            "type": "layers"
          }
        }
        "#);
    }

    #[test]
    fn files_that_change_after_they_were_hashed_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let assembly = assembly(dir.path());
        fs::write(dir.path().join("tool"), "Code").unwrap();
        let mut archive = Vec::new();
        let error = assembly.write("reprise/tool:1", &mut archive).unwrap_err();
        insta::assert_snapshot!(error, @r"
        the files of /opt/tool changed while they were packed
        (hint: begin the run again, and do not build meanwhile)
        ");
        assert!(!archive.windows(13).any(|text| text == b"manifest.json"));
    }
}
