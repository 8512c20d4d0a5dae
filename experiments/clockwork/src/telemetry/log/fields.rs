//! The fields of one line, taken one after another.

use std::{num::IntErrorKind, str::FromStr};

/// The fields of a line that are still to be taken.
#[derive(Debug)]
pub struct Fields<'a> {
    rest: std::str::Split<'a, char>,
    n_taken: usize,
}

/// A field that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which, counted from 1.
    pub column: usize,
    /// What is wrong with it.
    pub what: String,
}

impl<'a> Fields<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { rest: line.split('\t'), n_taken: 0 }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, FieldError> {
        self.n_taken += 1;
        let n_before = self.n_taken - 1;
        self.rest.next().ok_or_else(|| {
            self.error(format!("the line ends after {n_before} fields (hint: is it cut off?)"))
        })
    }

    /// An unsigned number that fits its type.
    pub(super) fn integer<T: FromStr<Err = std::num::ParseIntError>>(
        &mut self,
    ) -> Result<T, FieldError> {
        let text = self.text()?;
        // `+1` would be read as 1, but nothing that wrote such a log writes it.
        let parsed = if text.starts_with('+') { "+".parse() } else { text.parse() };
        parsed.map_err(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => self.error(format!("`{text}` is too large")),
            _ => self.error(format!("`{text}` is no unsigned integer")),
        })
    }

    /// A finite number that is not negative.
    pub(super) fn factor(&mut self) -> Result<f32, FieldError> {
        let text = self.text()?;
        let factor = text.parse().ok().filter(|factor: &f32| factor.is_finite() && *factor >= 0.0);
        factor.ok_or_else(|| self.error(format!("`{text}` is no number from 0 on")))
    }

    /// 0 or 1, which must agree with what the row says elsewhere.
    pub(super) fn flag(&mut self, derived: bool) -> Result<(), FieldError> {
        let expected = if derived { "1" } else { "0" };
        match self.text()? {
            text if text == expected => Ok(()),
            text @ ("0" | "1") => {
                Err(self.error(format!("is {text}, but {expected} by the row's other fields")))
            }
            text => Err(self.error(format!("`{text}` is neither 0 nor 1"))),
        }
    }

    /// That no field is left.
    pub(super) fn end(&mut self) -> Result<(), FieldError> {
        if self.rest.next().is_none() {
            return Ok(());
        }
        self.n_taken += 1;
        Err(self.error("one field too many".to_owned()))
    }

    /// An error in the field that was taken last.
    pub(super) fn error(&self, what: String) -> FieldError {
        FieldError { column: self.n_taken, what }
    }
}
