//! Knobs that are swept: a list in a profile, also a single value after `--set`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor, value},
};

/// Deserialises a list, or one value as a list of one; for
/// `#[serde(deserialize_with = "one_or_many")]`.
///
/// # Errors
/// If a value has the wrong type, or there is none.
pub fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let values = deserializer.deserialize_any(OneOrMany(PhantomData))?;
    if values.is_empty() {
        return Err(serde::de::Error::invalid_length(0, &"at least one value"));
    }
    Ok(values)
}

struct OneOrMany<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or a list of values")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        let text = value::StrDeserializer::<E>::new(text);
        T::deserialize(text).map(|one| vec![one])
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Vec<T>, E> {
        T::deserialize(value::BoolDeserializer::<E>::new(flag)).map(|one| vec![one])
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Vec<T>, E> {
        T::deserialize(value::F64Deserializer::<E>::new(number)).map(|one| vec![one])
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Vec<T>, E> {
        T::deserialize(value::I64Deserializer::<E>::new(number)).map(|one| vec![one])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Knob {
        #[serde(deserialize_with = "one_or_many")]
        workers: Vec<u32>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Others {
        #[serde(deserialize_with = "one_or_many")]
        rate: Vec<f64>,
        #[serde(deserialize_with = "one_or_many")]
        mode: Vec<String>,
        #[serde(deserialize_with = "one_or_many")]
        pinned: Vec<bool>,
    }

    #[track_caller]
    fn check(text: &str, expected: Option<&[u32]>) {
        let knob = toml::from_str::<Knob>(text).ok();
        assert_eq!(knob.as_ref().map(|knob| &knob.workers[..]), expected);
    }

    #[test]
    fn a_list_a_single_value_and_nothing_else() {
        check("workers = [2, 4]", Some(&[2, 4]));
        check("workers = 2", Some(&[2]));
        check("workers = []", None);
        check("workers = \"two\"", None);
        check("workers = -1", None);
    }

    #[test]
    fn every_plain_type_may_stand_alone() {
        let others: Others = toml::from_str("rate = 0.5\nmode = \"wasm\"\npinned = true").unwrap();
        let expected = Others { rate: vec![0.5], mode: vec!["wasm".into()], pinned: vec![true] };
        assert_eq!(others, expected);
    }
}
