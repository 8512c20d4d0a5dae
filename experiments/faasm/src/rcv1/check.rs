//! Whether files are the parts of one matrix: lengths, columns, rows and numbers.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

use super::matrix::{Matrix, doubles, words};

/// Checks a matrix that was read from `dir`.
///
/// # Errors
/// At the first thing that is wrong; the message names the file and the place.
pub(super) fn check(matrix: &Matrix, dir: &Path) -> anyhow::Result<()> {
    Checked { matrix, dir }.all()
}

/// A matrix that was read, and the directory that errors name.
struct Checked<'a> {
    matrix: &'a Matrix,
    dir: &'a Path,
}

impl Checked<'_> {
    fn all(&self) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::rcv1::{Document, Documents};

    /// Two documents over four features, one of them in both.
    fn matrix() -> Matrix {
        let mut documents = Documents::new(4);
        documents.push(Document { label: 1.0, features: &[0, 3], weights: &[0.5, 0.25] });
        documents.push(Document { label: -1.0, features: &[3], weights: &[1.0] });
        Matrix::from_documents(&documents).unwrap()
    }

    /// The error of reading the two documents with the bytes `at` of a file replaced.
    fn error_after(name: &str, at: usize, bytes: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        matrix().write(dir.path()).unwrap();
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
}
