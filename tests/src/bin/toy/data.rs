//! The toy's data set: the lines of a text, and their lengths.

use std::{fs, path::Path};

use anyhow::Context as _;
use harness::dataset::{About, DataSet};

/// Lines of a text.
pub(super) struct Lines;

impl DataSet for Lines {
    fn about(&self) -> About {
        About {
            name: "lines",
            source: "any text",
            licence: "the text's",
            size: "two files, lines and lengths",
            substitute_cannot_show: "anything: there is none",
        }
    }

    fn prepare(&self, from: &Path, into: &Path) -> anyhow::Result<()> {
        let text = fs::read_to_string(from).context("read the lines")?;
        let lengths: Vec<_> = text.lines().map(|line| line.len().to_string()).collect();
        fs::write(into.join("lines"), &text)?;
        fs::write(into.join("lengths"), lengths.join("\n"))?;
        Ok(())
    }
}
