//! The name of a point: its fields, as they are typed and as folders are called.

use std::{collections::BTreeMap, fmt};

use anyhow::Context as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A point's fields by name; prints as `mode=wasm,workers=10`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PointId(BTreeMap<String, Value>);

impl PointId {
    /// The id of a point, from its fields.
    ///
    /// # Errors
    /// If the point is not a struct of plain fields: text, numbers, truth
    /// values. Text may hold neither `,` and `=`, which separate fields, nor
    /// `/`, because a point names a folder.
    pub fn of(point: &impl Serialize) -> anyhow::Result<Self> {
        let fields: BTreeMap<String, Value> = serde_json::from_value(serde_json::to_value(point)?)
            .context("a point is a struct of plain fields")?;
        for (name, value) in &fields {
            let is_plain = match value {
                Value::String(text) => !text.contains([',', '=', '/']),
                Value::Bool(_) | Value::Number(_) => true,
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            };
            anyhow::ensure!(is_plain, "the field `{name}` of a point is {value}, which names none");
        }
        Ok(Self(fields))
    }

    /// Whether `filter`, such as `mode=wasm` or `mode=wasm,workers=2`, names
    /// only fields that this point has with these values.
    #[must_use]
    pub fn matches(&self, filter: &str) -> bool {
        let own = self.to_string();
        let own: Vec<_> = own.split(',').collect();
        filter.split(',').all(|field| own.contains(&field.trim()))
    }

    /// The point itself again.
    ///
    /// # Errors
    /// If these are not its fields.
    pub(super) fn typed<P: DeserializeOwned>(&self) -> anyhow::Result<P> {
        Ok(serde_json::from_value(serde_json::to_value(&self.0)?)?)
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "," };
            match value {
                Value::String(text) => write!(formatter, "{separator}{name}={text}")?,
                other => write!(formatter, "{separator}{name}={other}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Point {
        mode: &'static str,
        workers: u32,
    }

    #[test]
    fn a_point_prints_its_fields() {
        let id = PointId::of(&Point { mode: "wasm", workers: 10 }).unwrap();
        assert_eq!(id.to_string(), "mode=wasm,workers=10");
    }

    #[test]
    fn a_filter_names_some_of_the_fields() {
        let id = PointId::of(&Point { mode: "wasm", workers: 10 }).unwrap();
        assert!(id.matches("workers=10") && id.matches("workers=10,mode=wasm"));
        assert!(!id.matches("workers=1") && !id.matches("mode=native"));
    }

    #[test]
    fn a_field_that_names_no_folder_is_refused() {
        for text in ["a/b", "a,b", "a=b"] {
            let error = PointId::of(&Point { mode: text, workers: 1 }).unwrap_err().to_string();
            assert!(error.starts_with("the field `mode` of a point is "), "{error}");
        }
        let nested = serde_json::json!({ "mode": { "name": "wasm" } });
        PointId::of(&nested).unwrap_err();
        PointId::of(&"wasm").unwrap_err();
    }
}
