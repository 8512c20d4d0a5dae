//! The binary layout in which the function finds its documents: a sparse matrix in compressed columns, little-endian.
//!
//! A column is a document, a row a feature. Each part is a file, and under its key a value of the shared state.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

use super::{Document, Documents, check::check};

/// A part of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixFile {
    /// The file's name in a directory of documents.
    pub name: &'static str,
    /// The key of its value in the shared state.
    pub key: &'static str,
}

/// The parts, in the order of `Matrix::parts`.
pub const FILES: [MatrixFile; 7] = [
    MatrixFile { name: "vals", key: "inputs_vals" },
    MatrixFile { name: "innr", key: "inputs_innr" },
    MatrixFile { name: "outr", key: "inputs_outr" },
    MatrixFile { name: "nonz", key: "inputs_nonz" },
    MatrixFile { name: "size", key: "inputs_size" },
    MatrixFile { name: "outputs", key: "outputs" },
    MatrixFile { name: "feature_counts", key: "feature_counts" },
];

/// Documents as bytes, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    pub(super) parts: [Vec<u8>; FILES.len()],
}

impl Matrix {
    /// Lays documents out. Fails if there are too many for the layout's 32-bit lengths.
    pub fn from_documents(documents: &Documents) -> anyhow::Result<Matrix> {
        ensure!(
            i32::try_from(documents.n_values() * 8).is_ok(),
            "{} documents with {} features do not fit the layout, whose lengths have 32 bits: take fewer documents",
            documents.len(),
            documents.n_values()
        );
        let mut innr = Vec::with_capacity(documents.n_values() * 4);
        let mut vals = Vec::with_capacity(documents.n_values() * 8);
        let (mut outr, mut nonz, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
        for document in documents.iter() {
            outr.extend(word(innr.len() / 4));
            nonz.extend(word(document.features.len()));
            outputs.extend(document.label.to_le_bytes());
            innr.extend(document.features.iter().flat_map(|feature| feature.to_le_bytes()));
            vals.extend(document.weights.iter().flat_map(|weight| weight.to_le_bytes()));
        }
        outr.extend(word(innr.len() / 4));
        let sizes = [
            documents.len(),
            documents.n_features() as usize,
            documents.n_values(),
            vals.len(),
            innr.len(),
            outr.len(),
            nonz.len(),
        ];
        let size = sizes.into_iter().flat_map(word).collect();
        let counts = documents.feature_counts().iter().flat_map(|n| n.to_le_bytes()).collect();
        Ok(Matrix { parts: [vals, innr, outr, nonz, size, outputs, counts] })
    }

    /// Each part with its bytes.
    pub fn parts(&self) -> impl Iterator<Item = (MatrixFile, &[u8])> {
        FILES.into_iter().zip(self.parts.iter().map(Vec::as_slice))
    }

    /// Writes each part into `dir`, which is created if it is not there.
    pub fn write(&self, dir: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        for (file, bytes) in self.parts() {
            let path = dir.join(file.name);
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    /// Reads the parts from `dir`, and checks that they are of one matrix.
    pub fn read(dir: &Path) -> anyhow::Result<Matrix> {
        let mut parts = FILES.map(|_| Vec::new());
        for (part, file) in parts.iter_mut().zip(FILES) {
            let path = dir.join(file.name);
            *part = fs::read(&path).with_context(|| {
                format!("cannot read {}: every part of the matrix must be there", path.display())
            })?;
        }
        let matrix = Matrix { parts };
        check(&matrix, dir)?;
        Ok(matrix)
    }

    /// The documents that are laid out here.
    pub fn to_documents(&self) -> Documents {
        let [vals, innr, outr, _, size, outputs, _] = &self.parts;
        let n_features = words(size).nth(1).expect("a matrix has seven sizes");
        let mut documents = Documents::new(n_features as u32);
        let features: Vec<u32> = words(innr).map(|feature| feature as u32).collect();
        let weights: Vec<f64> = doubles(vals).collect();
        let ends = words(outr).skip(1).map(|end| end as usize);
        let mut start = 0;
        for (label, end) in doubles(outputs).zip(ends) {
            let (features, weights) = (&features[start..end], &weights[start..end]);
            documents.push(Document { label, features, weights });
            start = end;
        }
        documents
    }
}

fn word(number: usize) -> [u8; 4] {
    i32::try_from(number).expect("every length is at most the checked one").to_le_bytes()
}

/// The 32-bit integers of a part.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = i32> {
    bytes.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word))
}

/// The 64-bit floating-point numbers of a part.
pub(super) fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
    bytes.as_chunks().0.iter().map(|word| f64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two documents over four features, one of them in both.
    fn documents() -> Documents {
        let mut documents = Documents::new(4);
        documents.push(Document { label: 1.0, features: &[0, 3], weights: &[0.5, 0.25] });
        documents.push(Document { label: -1.0, features: &[3], weights: &[1.0] });
        documents
    }

    fn part(matrix: &Matrix, name: &str) -> Vec<u8> {
        let (_, bytes) = matrix.parts().find(|(file, _)| file.name == name).unwrap();
        bytes.to_vec()
    }

    fn ints(matrix: &Matrix, name: &str) -> Vec<i32> {
        words(&part(matrix, name)).collect()
    }

    #[test]
    fn the_parts_are_the_columns_of_the_matrix() {
        let matrix = Matrix::from_documents(&documents()).unwrap();
        assert_eq!(doubles(&part(&matrix, "vals")).collect::<Vec<_>>(), [0.5, 0.25, 1.0]);
        assert_eq!(ints(&matrix, "innr"), [0, 3, 3]);
        assert_eq!(ints(&matrix, "outr"), [0, 2, 3]);
        assert_eq!(ints(&matrix, "nonz"), [2, 1]);
        assert_eq!(ints(&matrix, "size"), [2, 4, 3, 24, 12, 12, 8]);
        assert_eq!(doubles(&part(&matrix, "outputs")).collect::<Vec<_>>(), [1.0, -1.0]);
        assert_eq!(ints(&matrix, "feature_counts"), [1, 0, 0, 2]);
    }

    #[test]
    fn the_papers_data_set_has_the_papers_sizes() {
        let mut documents = Documents::new(super::super::N_FEATURES);
        for _ in 0..super::super::N_DOCUMENTS {
            documents.push(Document { label: 1.0, features: &[], weights: &[] });
        }
        let matrix = Matrix::from_documents(&documents).unwrap();
        let lens = ["outr", "nonz", "size", "outputs", "feature_counts"]
            .map(|name| part(&matrix, name).len());
        assert_eq!(lens, [3_125_064, 3_125_060, 28, 6_250_120, 188_944]);
    }

    #[test]
    fn a_directory_gives_the_documents_back() {
        let dir = tempfile::tempdir().unwrap();
        Matrix::from_documents(&documents()).unwrap().write(dir.path()).unwrap();
        assert_eq!(Matrix::read(dir.path()).unwrap().to_documents(), documents());
    }

    #[test]
    fn a_missing_part_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Matrix::read(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("/vals: every part of the matrix must be there"), "{error}");
    }
}
