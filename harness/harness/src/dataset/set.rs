//! What a data set is, and which one a run used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::digest::verify_dir;

/// A data set that a system's experiments use.
pub trait DataSet: Send + Sync {
    /// What people call it.
    fn about(&self) -> About;

    /// Reads the original file `from` and lays it out in `into` as the
    /// experiments load it.
    ///
    /// # Errors
    /// With file, line and column if `from` is malformed.
    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()>;
}

/// What `data list` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Name, such as `rcv1`.
    pub name: &'static str,
    /// Where the original is published.
    pub source: &'static str,
    /// Its licence or terms.
    pub licence: &'static str,
    /// Its size and format.
    pub size: &'static str,
    /// What the generated substitute cannot show.
    pub substitute_cannot_show: &'static str,
}

/// A data set as one run used it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataUsed {
    /// Name, such as `rcv1`.
    pub name: String,
    /// Whether it is the real data or a generated substitute.
    pub kind: DataKind,
    /// Where it lies, laid out for loading.
    pub dir: PathBuf,
    /// SHA-256 over the names and contents of its files.
    pub sha256: String,
}

/// Real data or a substitute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataKind {
    /// From a file that the user gave or prepared.
    Real,
    /// From a seeded generator.
    Generated,
}

impl DataUsed {
    /// The kind of all that a run used: generated if any of it was, `None` if
    /// it used no data.
    #[must_use]
    pub fn kind_of_all(used: &[DataUsed]) -> Option<DataKind> {
        used.iter()
            .map(|one| one.kind)
            .reduce(|all, one| if one == DataKind::Generated { DataKind::Generated } else { all })
    }

    /// Compares the files with the digest, which a run will put down as theirs.
    ///
    /// # Errors
    /// If a file changed since, or cannot be read.
    pub fn verify(&self) -> anyhow::Result<()> {
        verify_dir(&self.dir, &self.sha256)
    }
}

impl DataKind {
    /// The kind in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Generated => "generated",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::digest::digest_dir, *};

    fn used(kind: DataKind) -> DataUsed {
        DataUsed { name: "toy".into(), kind, dir: "/data".into(), sha256: "00".into() }
    }

    #[test]
    fn one_generated_set_makes_the_data_generated() {
        use DataKind::{Generated, Real};
        assert_eq!(DataUsed::kind_of_all(&[]), None);
        assert_eq!(DataUsed::kind_of_all(&[used(Real), used(Real)]), Some(Real));
        assert_eq!(DataUsed::kind_of_all(&[used(Generated), used(Real)]), Some(Generated));
        assert_eq!(DataUsed::kind_of_all(&[used(Real), used(Generated)]), Some(Generated));
    }

    #[test]
    fn data_that_changed_since_it_was_digested_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("values"), "123").unwrap();
        let sha256 = digest_dir(dir.path()).unwrap();
        let used = DataUsed { dir: dir.path().into(), sha256, ..used(DataKind::Real) };
        used.verify().unwrap();
        std::fs::write(dir.path().join("values"), "124").unwrap();
        assert!(used.verify().unwrap_err().to_string().contains("has changed"));
    }
}
