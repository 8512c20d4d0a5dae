//! The numbers of a tensor that the file has.

use super::schema::{Tensor, number_type};
use crate::{
    ModelError,
    error::{different, malformed},
};

/// What `location` says of numbers in another file.
const ELSEWHERE: i32 = 1;

/// A tensor of the file, and what messages call it.
pub(super) struct Constant<'a> {
    pub(super) tensor: &'a Tensor,
    pub(super) place: String,
}

impl Constant<'_> {
    /// Its sizes.
    pub(super) fn shape(&self) -> Result<Vec<usize>, ModelError> {
        let sizes = self.tensor.shape.iter().map(|size| usize::try_from(*size));
        let sizes = sizes.collect::<Result<Vec<_>, _>>();
        sizes.map_err(|_| malformed(&format!("{} has a negative size", self.place)))
    }

    /// Its numbers, which must be f32.
    pub(super) fn floats(&self) -> Result<Vec<f32>, ModelError> {
        self.numbers(number_type::FLOAT, &self.tensor.floats, f32::from_le_bytes)
    }

    /// Its numbers, which must be i64.
    pub(super) fn integers(&self) -> Result<Vec<i64>, ModelError> {
        self.numbers(number_type::INT64, &self.tensor.int64s, i64::from_le_bytes)
    }

    /// Its only number, which must be f32.
    pub(super) fn float(&self) -> Result<f32, ModelError> {
        let floats = self.floats()?;
        let [float] = floats[..] else {
            let place = format!("count of numbers as {}", self.place);
            return Err(different(&place, "1", &floats.len().to_string()));
        };
        Ok(float)
    }

    fn numbers<T: Copy, const N: usize>(
        &self,
        expected_type: i32,
        stored: &[T],
        from_bytes: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, ModelError> {
        let Tensor { number_type, raw, location, name, .. } = self.tensor;
        if *location == ELSEWHERE {
            return Err(ModelError::External { tensor: name.clone() });
        }
        if *number_type != expected_type {
            let place = format!("number type of {}", self.place);
            return Err(different(&place, type_name(expected_type), type_name(*number_type)));
        }
        let (words, rest) = raw.as_chunks::<N>();
        let numbers = if raw.is_empty() {
            stored.to_vec()
        } else {
            words.iter().map(|word| from_bytes(*word)).collect()
        };
        // A shape whose product overflows is no shape of numbers in a file.
        let product = self.shape()?.into_iter().try_fold(1_usize, usize::checked_mul);
        if !rest.is_empty() || product != Some(numbers.len()) {
            return Err(malformed(&format!(
                "{} has {} numbers and {} bytes more, but its shape is {:?}",
                self.place,
                numbers.len(),
                rest.len(),
                self.tensor.shape
            )));
        }
        Ok(numbers)
    }
}

/// As the schema writes it.
pub(super) fn type_name(number_type: i32) -> &'static str {
    match number_type {
        1 => "FLOAT",
        2 => "UINT8",
        3 => "INT8",
        6 => "INT32",
        7 => "INT64",
        10 => "FLOAT16",
        11 => "DOUBLE",
        16 => "BFLOAT16",
        _ => "another type",
    }
}
