//! The binary layout in which the function finds its documents: a sparse matrix in compressed columns, little-endian.
//!
//! A column is a document, a row a feature. Each part is a file, and under its key a value of the shared state.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use super::{Document, Documents};

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
    parts: [Vec<u8>; FILES.len()],
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
        Checked { matrix: &matrix, dir }.check()?;
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

/// A matrix that was read, and the directory that errors name.
struct Checked<'a> {
    matrix: &'a Matrix,
    dir: &'a Path,
}

impl Checked<'_> {
    fn check(&self) -> anyhow::Result<()> {
        let [_, innr, outr, nonz, size, outputs, _] = &self.matrix.parts;
        let sizes: Vec<i32> = words(size).collect();
        let [n_columns, n_rows, n_values, ..] = sizes[..] else {
            bail!("{}: expected 28 bytes, found {}", self.path("size").display(), size.len());
        };
        ensure!(
            sizes.len() == 7 && sizes.iter().all(|size| *size >= 0),
            "{}: expected 7 sizes, none negative, found {sizes:?}",
            self.path("size").display()
        );
        self.check_lengths(n_columns as usize, n_rows as usize, n_values as usize, &sizes)?;
        self.check_columns(words(outr), words(nonz), n_values)?;
        self.check_rows(innr, outr, n_rows)?;
        self.check_all("outputs", doubles(outputs), "1 or -1", |label| label.abs() == 1.0)
    }

    fn check_lengths(
        &self,
        n_columns: usize,
        n_rows: usize,
        n_values: usize,
        sizes: &[i32],
    ) -> anyhow::Result<()> {
        let expected = [
            n_values * 8,
            n_values * 4,
            (n_columns + 1) * 4,
            n_columns * 4,
            28,
            n_columns * 8,
            n_rows * 4,
        ];
        for ((file, bytes), expected) in self.matrix.parts().zip(expected) {
            ensure!(
                bytes.len() == expected,
                "{}: expected {expected} bytes for {n_columns} documents with {n_values} of {n_rows} features, found {}",
                self.path(file.name).display(),
                bytes.len()
            );
        }
        let stated = sizes[3..].iter().map(|len| *len as usize);
        ensure!(
            stated.eq(expected[..4].iter().copied()),
            "{}: expected the lengths {:?}, found {:?}",
            self.path("size").display(),
            &expected[..4],
            &sizes[3..]
        );
        Ok(())
    }

    fn check_columns(
        &self,
        mut starts: impl Iterator<Item = i32>,
        lens: impl Iterator<Item = i32>,
        n_values: i32,
    ) -> anyhow::Result<()> {
        let mut start = starts.next().unwrap_or_default();
        ensure!(start == 0, "{}: expected 0 first, found {start}", self.path("outr").display());
        for (column, (next, len)) in starts.zip(lens).enumerate() {
            ensure!(
                len >= 0 && start.checked_add(len) == Some(next),
                "{}: column {column} starts at {start} and the next at {next}, but `nonz` gives it {len} values",
                self.path("outr").display()
            );
            start = next;
        }
        ensure!(
            start == n_values,
            "{}: expected the end {n_values}, found {start}",
            self.path("outr").display()
        );
        Ok(())
    }

    fn check_rows(&self, innr: &[u8], outr: &[u8], n_rows: i32) -> anyhow::Result<()> {
        let mut rows = words(innr);
        let ends: Vec<i32> = words(outr).collect();
        for (column, ends) in ends.windows(2).enumerate() {
            let mut previous = -1;
            for row in rows.by_ref().take((ends[1] - ends[0]) as usize) {
                ensure!(
                    previous < row && row < n_rows,
                    "{}: column {column} has row {row} after {previous}: expected ascending rows below {n_rows}",
                    self.path("innr").display()
                );
                previous = row;
            }
        }
        self.check_all("vals", doubles(&self.matrix.parts[0]), "a finite number", f64::is_finite)
    }

    fn check_all(
        &self,
        name: &str,
        numbers: impl Iterator<Item = f64>,
        expected: &str,
        is_valid: impl Fn(f64) -> bool,
    ) -> anyhow::Result<()> {
        let bad = numbers.enumerate().find(|(_, number)| !is_valid(*number));
        let Some((index, number)) = bad else { return Ok(()) };
        bail!("{}: expected {expected} at {index}, found {number}", self.path(name).display());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn word(number: usize) -> [u8; 4] {
    i32::try_from(number).expect("every length is at most the checked one").to_le_bytes()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = i32> {
    bytes.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word))
}

fn doubles(bytes: &[u8]) -> impl Iterator<Item = f64> {
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

    /// The error of reading the two documents with the bytes `at` of a file replaced.
    fn error_after(name: &str, at: usize, bytes: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        Matrix::from_documents(&documents()).unwrap().write(dir.path()).unwrap();
        let path = dir.path().join(name);
        let mut content = fs::read(&path).unwrap();
        content.splice(at..(at + bytes.len()).min(content.len()), bytes.iter().copied());
        fs::write(&path, content).unwrap();
        let error = Matrix::read(dir.path()).unwrap_err().to_string();
        error.replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_damaged_matrix_is_refused_with_the_place() {
        let cases: [(&str, usize, &[u8], &str); 7] = [
            (
                "vals",
                24,
                &[0],
                "DIR/vals: expected 24 bytes for 2 documents with 3 of 4 features, found 25",
            ),
            (
                "vals",
                0,
                &f64::NAN.to_le_bytes(),
                "DIR/vals: expected a finite number at 0, found NaN",
            ),
            (
                "innr",
                0,
                &[4],
                "DIR/innr: column 0 has row 4 after -1: expected ascending rows below 4",
            ),
            (
                "innr",
                4,
                &[0],
                "DIR/innr: column 0 has row 0 after 0: expected ascending rows below 4",
            ),
            (
                "outr",
                4,
                &[1],
                "DIR/outr: column 0 starts at 0 and the next at 1, but `nonz` gives it 2 values",
            ),
            ("outputs", 0, &0.5_f64.to_le_bytes(), "DIR/outputs: expected 1 or -1 at 0, found 0.5"),
            (
                "size",
                12,
                &[25],
                "DIR/size: expected the lengths [24, 12, 12, 8], found [25, 12, 12, 8]",
            ),
        ];
        for (name, at, bytes, expected) in cases {
            assert_eq!(error_after(name, at, bytes), expected);
        }
    }

    #[test]
    fn a_missing_part_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Matrix::read(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("/vals: every part of the matrix must be there"), "{error}");
    }
}
