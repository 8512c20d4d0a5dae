//! The label that every resource of a run carries.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Name of the environment variable that labels processes.
pub const LABEL_VARIABLE: &str = "REPRISE_RUN";

/// A run's identity: 12 lower-case hexadecimal digits, unique per run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunLabel(String);

impl RunLabel {
    /// Reads a label as it stands in a ledger or a file name.
    ///
    /// # Errors
    /// If it is not 12 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let well_formed = text.len() == 12
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{text}` is no run label (hint: 12 lower-case hexadecimal digits)"))
        }
    }

    /// The label of random bits that the caller drew.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{:012x}", bits >> 16))
    }

    /// The label in the name of a directory, file or control group of a run,
    /// such as `reprise-0123456789ab-t1`.
    #[must_use]
    pub fn in_name(name: &str) -> Option<Self> {
        let (_, rest) = name.split_once("reprise-")?;
        let digits = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        Self::parse(digits).ok()
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RunLabel {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<RunLabel> for String {
    fn from(label: RunLabel) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twelve_lower_case_digits_are_a_label() {
        assert!(RunLabel::parse("0123456789ab").is_ok());
        for text in ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789ag"] {
            assert!(RunLabel::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_label_is_read_from_a_name() {
        let named = |name| RunLabel::in_name(name).map(String::from);
        let label = Some("0123456789ab".to_owned());
        assert_eq!(named("reprise-0123456789ab"), label);
        assert_eq!(named("reprise-0123456789ab-t1-worker-0"), label);
        assert_eq!(named("planted-reprise-0123456789ab.lock"), label);
    }

    #[test]
    fn a_name_that_only_resembles_one_has_no_label() {
        for name in ["0123456789ab", "reprise-0123456789ab0-t1", "reprise-x", "reprise"] {
            assert_eq!(RunLabel::in_name(name), None, "{name}");
        }
    }
}
