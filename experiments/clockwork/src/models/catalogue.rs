//! The published table of models: `fixtures/papers/clockwork-models.toml`.

use std::sync::LazyLock;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::Variety;
use crate::time::Nanos;

static PUBLISHED: LazyLock<Catalogue> = LazyLock::new(|| {
    let table = include_str!("../../../../fixtures/papers/clockwork-models.toml");
    Catalogue::parse(table).expect("the embedded table is whole, as a test shows")
});

/// All varieties that times are known of.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// In byte-lexicographic order of their names.
    models: Vec<Variety>,
    alternatives: Vec<Variety>,
    left_out: Vec<LeftOut>,
}

/// A variety of the table that is not deployed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Which.
    pub name: String,
    /// The reason.
    pub why: String,
}

impl Catalogue {
    /// The table that ships with this program.
    #[must_use]
    pub fn published() -> &'static Self {
        &PUBLISHED
    }

    /// Reads a table.
    ///
    /// # Errors
    /// On unknown keys, missing or impossible values and names that occur twice,
    /// with the row at fault.
    pub fn parse(table: &str) -> Result<Self> {
        let table: Table = toml::from_str(table).context("read the table of models")?;
        let varieties = |rows: Vec<Row>| -> Result<Vec<Variety>> {
            rows.into_iter().map(|row| row.variety(&table.batch_sizes)).collect()
        };
        let (models, alternatives) = (varieties(table.models)?, varieties(table.alternatives)?);
        Self { models, alternatives, left_out: table.left_out }.sorted()
    }

    /// A table of other varieties, such as those that a worker has measured.
    ///
    /// # Errors
    /// If a name occurs twice.
    pub fn of(models: Vec<Variety>) -> Result<Self> {
        Self { models, alternatives: Vec::new(), left_out: Vec::new() }.sorted()
    }

    /// The table's rows, in byte-lexicographic order of their names.
    #[must_use]
    pub fn all(&self) -> &[Variety] {
        &self.models
    }

    /// The varieties that the published runs deploy, in the order in which they do:
    /// byte-lexicographic, as the original lists its directory of models.
    pub fn deployed(&self) -> impl Iterator<Item = &Variety> {
        let is_left_out = |name: &str| self.left_out.iter().any(|left_out| left_out.name == name);
        self.models.iter().filter(move |variety| !is_left_out(&variety.name))
    }

    /// The varieties that are not deployed, and why.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The variety of that name, be it of the table or another measurement of one
    /// of its networks, such as `resnet50_v2@shipped`.
    ///
    /// # Errors
    /// If there is none.
    pub fn by_name(&self, name: &str) -> Result<&Variety> {
        let mut all = self.models.iter().chain(&self.alternatives);
        all.find(|variety| variety.name == name).with_context(|| {
            format!(
                "no model `{name}`\n(hint: fixtures/papers/clockwork-models.toml has {}, …)",
                self.models.iter().take(3).map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ")
            )
        })
    }

    fn sorted(mut self) -> Result<Self> {
        self.models.sort_by(|a, b| a.name.cmp(&b.name));
        self.check_names()?;
        Ok(self)
    }

    fn check_names(&self) -> Result<()> {
        let all = || self.models.iter().chain(&self.alternatives).map(|variety| &variety.name);
        for name in all() {
            ensure!(all().filter(|other| *other == name).count() == 1, "model `{name}` twice");
        }
        for LeftOut { name, .. } in &self.left_out {
            if !self.models.iter().any(|variety| variety.name == *name) {
                bail!("`{name}` is left out but no row of the table\n(hint: is it misspelt?)");
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    batch_sizes: Vec<u32>,
    left_out: Vec<LeftOut>,
    alternatives: Vec<Row>,
    models: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Row {
    name: String,
    input_bytes: u64,
    output_bytes: u64,
    weights_mb: f64,
    load_ms: f64,
    exec_ms: Vec<f64>,
    #[serde(default)]
    rounded: bool,
}

impl Row {
    fn variety(self, batch_sizes: &[u32]) -> Result<Variety> {
        let name = self.name;
        let n_times = self.exec_ms.len();
        ensure!(
            !batch_sizes.is_empty() && n_times == batch_sizes.len(),
            "model `{name}`: {n_times} times for {} batch sizes",
            batch_sizes.len()
        );
        ensure!(batch_sizes.is_sorted_by(|a, b| a < b), "batch sizes do not ascend");
        let scaled = |value: f64, unit: f64| {
            ensure!(value > 0.0 && value < 1e6, "model `{name}`: {value} is impossible");
            Ok((value * unit).round() as Nanos)
        };
        let times = self.exec_ms.iter().map(|exec_ms| scaled(*exec_ms, 1e6));
        let times = times.collect::<Result<Vec<_>>>()?;
        ensure!(times.is_sorted(), "model `{name}`: a larger batch takes less time");
        Ok(Variety {
            weights_bytes: scaled(self.weights_mb, 1e6)?,
            input_bytes: self.input_bytes,
            output_bytes: self.output_bytes,
            load: scaled(self.load_ms, 1e6)?,
            exec: batch_sizes.iter().copied().zip(times).collect(),
            is_rounded: self.rounded,
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MICROSECOND;

    const PAGE_BYTES: u64 = 16 << 20;

    #[test]
    fn the_published_table_has_64_rows_of_which_61_are_deployed() {
        let catalogue = Catalogue::published();
        assert_eq!(catalogue.all().len(), 64);
        let deployed: Vec<_> = catalogue.deployed().map(|variety| variety.name.as_str()).collect();
        assert_eq!(deployed.len(), 61);
        assert!(deployed.is_sorted());
        assert_eq!(deployed[0], "cifar_wideresnet16_10");
    }

    #[test]
    fn varieties_are_deployed_in_byte_order_whatever_the_files() {
        let row = |name| {
            format!(
                "{{ name = \"{name}\", input-bytes = 1, output-bytes = 1, weights-mb = 1, \
                 load-ms = 1, exec-ms = [1] }}"
            )
        };
        let rows = [row("b_1"), row("b1"), row("B"), row("a")].join(", ");
        let table =
            format!("batch-sizes = [1]\nleft-out = []\nalternatives = []\nmodels = [{rows}]");
        let catalogue = Catalogue::parse(&table).unwrap();
        let names = catalogue.deployed().map(|variety| variety.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["B", "a", "b1", "b_1"]);
    }

    #[test]
    fn resnet50_v2_is_as_published() {
        let variety = Catalogue::published().by_name("resnet50_v2").unwrap();
        assert_eq!(variety.n_pages(PAGE_BYTES), 7);
        assert_eq!(variety.load, 8_320 * MICROSECOND);
        assert_eq!(variety.exec_at(16), Some(17_300 * MICROSECOND));
        let shipped = Catalogue::published().by_name("resnet50_v2@shipped").unwrap();
        assert_eq!(shipped.exec_at(1), Some(3_322 * MICROSECOND));
        assert_eq!(shipped.n_pages(PAGE_BYTES), 7);
    }

    #[test]
    fn the_61_varieties_66_times_fill_half_a_terabyte() {
        let bytes: u64 = Catalogue::published().deployed().map(|v| 66 * v.weights_bytes).sum();
        assert!((450_000_000_000..550_000_000_000).contains(&bytes), "{bytes}");
    }

    fn refused(change: (&str, &str)) -> String {
        let table = "batch-sizes = [1, 2]\n\
            left-out = [{ name = \"a\", why = \"so\" }]\n\
            alternatives = []\n\
            models = [{ name = \"a\", input-bytes = 1, output-bytes = 1, weights-mb = 1.5, load-ms = 1, exec-ms = [1, 2] }]\n";
        assert!(Catalogue::parse(table).is_ok());
        let changed = table.replace(change.0, change.1);
        assert_ne!(changed, table);
        format!("{:#}", Catalogue::parse(&changed).unwrap_err())
    }

    #[test]
    fn a_table_that_cannot_be_is_refused() {
        assert_eq!(refused(("[1, 2] }", "[1] }")), "model `a`: 1 times for 2 batch sizes");
        assert_eq!(refused(("[1, 2] }", "[2, 1] }")), "model `a`: a larger batch takes less time");
        assert_eq!(refused(("load-ms = 1", "load-ms = -1")), "model `a`: -1 is impossible");
        assert_eq!(refused(("sizes = [1, 2]", "sizes = [2, 1]")), "batch sizes do not ascend");
        assert!(refused(("load-ms", "load")).contains("unknown field `load`"));
        assert!(
            refused(("[{ name = \"a\", why", "[{ name = \"b\", why")).contains("is it misspelt")
        );
    }

    #[test]
    fn a_name_twice_is_refused() {
        let row = "{ name = \"a\", input-bytes = 1, output-bytes = 1, weights-mb = 1, load-ms = 1, exec-ms = [1] }";
        let table =
            format!("batch-sizes = [1]\nleft-out = []\nalternatives = [{row}]\nmodels = [{row}]\n");
        assert_eq!(Catalogue::parse(&table).unwrap_err().to_string(), "model `a` twice");
    }

    #[test]
    fn measured_varieties_are_a_table_too() {
        let one = |name: &str| Catalogue::published().by_name(name).unwrap().clone();
        let catalogue = Catalogue::of(vec![one("resnet34_v1b"), one("resnet18_v1b")]).unwrap();
        let names = catalogue.deployed().map(|variety| variety.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["resnet18_v1b", "resnet34_v1b"]);
        assert!(Catalogue::of(vec![one("dla34"), one("dla34")]).is_err());
    }

    #[test]
    fn an_unknown_model_is_named() {
        let error = Catalogue::published().by_name("alexnet").unwrap_err();
        insta::assert_snapshot!(error, @"
        no model `alexnet`
        (hint: fixtures/papers/clockwork-models.toml has cifar_wideresnet16_10, cifar_wideresnet28_10, cifar_wideresnet40_8, …)
        ");
    }
}
