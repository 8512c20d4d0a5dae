//! The words that follow a workload's name, taken by what they mean.

use anyhow::{Context as _, Result, bail, ensure};

use crate::time::{Nanos, SECOND};

/// An argument of a workload.
pub(super) struct Argument {
    name: &'static str,
    kind: &'static str,
    /// What it is if it is left out.
    default: Option<&'static str>,
    about: &'static str,
}

/// What is to be given: its name, what it is, and what it means.
pub(super) const fn required(
    name: &'static str,
    kind: &'static str,
    about: &'static str,
) -> Argument {
    Argument { name, kind, default: None, about }
}

impl Argument {
    /// The same, which need not be given.
    pub(super) const fn or(self, default: &'static str) -> Argument {
        Argument { default: Some(default), ..self }
    }

    /// A line of the help.
    pub(super) fn help(&self) -> String {
        let Argument { name, kind, about, .. } = self;
        let default = self.default.map(|value| format!(", default {value}")).unwrap_or_default();
        format!("{name}: ({kind}{default}) {about}")
    }
}

/// A workload's name and what follows it.
pub(super) fn usage(workload: &str, arguments: &[&Argument]) -> String {
    let argument = |argument: &&Argument| match argument.default {
        Some(value) => format!(" [{}={value}]", argument.name),
        None => format!(" <{}>", argument.name),
    };
    workload.to_owned() + &arguments.iter().map(argument).collect::<String>()
}

/// What a workload was given, by its arguments' names.
pub(super) struct Words<'a> {
    workload: &'static str,
    arguments: Vec<&'static Argument>,
    values: &'a [&'a str],
}

impl<'a> Words<'a> {
    /// Values in the order of the arguments, those of one group after those of another.
    ///
    /// # Errors
    /// If there are more values than arguments.
    pub(super) fn new(
        workload: &'static str,
        arguments: &[&'static [Argument]],
        values: &'a [&'a str],
    ) -> Result<Words<'a>> {
        let arguments = arguments.iter().copied().flatten().collect();
        let words = Words { workload, arguments, values };
        if let Some(superfluous) = values.get(words.arguments.len()) {
            bail!("`{workload}` takes no `{superfluous}`\n(hint: {})", words.usage());
        }
        Ok(words)
    }

    /// An argument as it was given, or else its default.
    pub(super) fn text(&self, name: &str) -> Result<&str> {
        let at = self.arguments.iter().position(|argument| argument.name == name);
        let at = at.expect("a workload asks only for arguments it has");
        let given = self.values.get(at).copied().or(self.arguments[at].default);
        given.with_context(|| format!("`{name}` is missing\n(hint: {})", self.usage()))
    }

    pub(super) fn get<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<T> {
        let text = self.text(name)?;
        text.parse()
            .ok()
            .with_context(|| format!("`{name}` is `{text}`\n(hint: expected {expected})"))
    }

    /// A count that is not 0.
    pub(super) fn positive(&self, name: &str) -> Result<u32> {
        self.get::<std::num::NonZeroU32>(name, "an integer above 0").map(u32::from)
    }

    /// A number above 0.
    pub(super) fn number(&self, name: &str) -> Result<f64> {
        let number: f64 = self.get(name, "a number")?;
        ensure!(
            number.is_finite() && number > 0.0,
            "`{name}` is {number}\n(hint: expected a number above 0)"
        );
        Ok(number)
    }

    /// A number that may be 0.
    pub(super) fn factor(&self, name: &str) -> Result<f32> {
        let factor: f32 = self.get(name, "a number")?;
        ensure!(
            factor.is_finite() && factor >= 0.0,
            "`{name}` is {factor}\n(hint: expected a number from 0 on)"
        );
        Ok(factor)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.text(name)? {
            "0" => Ok(false),
            "1" => Ok(true),
            text => bail!("`{name}` is `{text}`\n(hint: expected 0 or 1)"),
        }
    }

    pub(super) fn seconds(&self, name: &str) -> Result<Nanos> {
        Ok(Nanos::from(self.positive(name)?) * SECOND)
    }

    fn usage(&self) -> String {
        usage(self.workload, &self.arguments)
    }
}
