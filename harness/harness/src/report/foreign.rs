//! The report on what another tool wrote: page, figures and data, in a directory of
//! their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{page, publish::picture};
use crate::{
    foreign::{ForeignPart, Stretch},
    run_dir::write_durably,
};

/// What a foreign report is of.
pub(crate) struct Foreign<'a> {
    /// The system's name.
    pub(crate) system: &'a str,
    /// What the directory is.
    pub(crate) about: &'a str,
    /// The directory.
    pub(crate) dir: &'a Path,
    /// The part of its time that was looked at.
    pub(crate) stretch: Stretch,
    /// What is in it.
    pub(crate) parts: &'a [ForeignPart],
}

/// Writes `report.html` and `report.md` into `out`, and a folder for each part with its
/// figures and data. Returns the page's path.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn publish_foreign(foreign: &Foreign<'_>, out: &Path) -> anyhow::Result<PathBuf> {
    let mut pictures = Vec::new();
    for part in foreign.parts {
        let folder = out.join(&part.name);
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        for file in &part.files {
            write_durably(&folder.join(&file.name), file.text.as_bytes())?;
        }
        let of_part = part.analysis.figures.iter().map(|figure| {
            let paths = ["svg", "pdf"].map(|kind| folder.join(format!("{}.{kind}", figure.id)));
            picture(figure, &paths, |path| relative(path, out))
        });
        pictures.push(of_part.collect::<anyhow::Result<Vec<_>>>()?);
    }
    let blocks = page::foreign_blocks(foreign, &pictures);
    write_durably(&out.join("report.md"), page::markdown(&blocks).as_bytes())?;
    let page = out.join("report.html");
    write_durably(&page, page::html(&blocks).as_bytes())?;
    Ok(page)
}

fn relative(path: &Path, out: &Path) -> String {
    path.strip_prefix(out).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        analysis::{Analysis, Cell, Table},
        foreign::DataFile,
        report::samples,
    };

    fn part(name: &str) -> ForeignPart {
        let table = Table { columns: vec!["answers".into()], rows: vec![vec![Cell::Count(3)]] };
        let figures = vec![samples::figure(&["red"], &[1.0, 2.0], |_, x| x)];
        let analysis = Analysis { table, figures, ..Analysis::default() };
        let files = vec![DataFile { name: "data.tsv".into(), text: "t\n1\n".into() }];
        ForeignPart { name: name.into(), analysis, files }
    }

    #[test]
    fn each_part_has_its_figures_and_data_and_the_page_links_to_them() {
        let out = tempfile::tempdir().unwrap();
        let stretch = Stretch {
            lead_in: Duration::from_secs(600),
            duration: None,
            bucket: Duration::from_secs(60),
        };
        let parts = [part("controller_1"), part("controller_2")];
        let (about, dir) = ("answers of toys", Path::new("/their/answers"));
        let foreign = Foreign { system: "toys", about, dir, stretch, parts: &parts };
        let page = publish_foreign(&foreign, out.path()).unwrap();
        assert_eq!(page, out.path().join("report.html"));
        let report = fs::read_to_string(out.path().join("report.md")).unwrap();
        insta::assert_snapshot!(report, @r"
        # toys: answers of toys

        This report is on answers of toys in `/their/answers`. The first 10 min are left out; it shows all after that, in steps of 1 min.

        Nothing is known of the machines and the build that this was measured with, nor of trials that did not come to an end: no claim of the paper is judged.

        ## controller\_1

        | answers |
        | --: |
        | 3 |

        ![Time to play](<controller_1/fig1a-time.svg>)

        *Time to play* ([PDF](<controller_1/fig1a-time.pdf>))

        - `controller_1/data.tsv`: data

        ## controller\_2

        | answers |
        | --: |
        | 3 |

        ![Time to play](<controller_2/fig1a-time.svg>)

        *Time to play* ([PDF](<controller_2/fig1a-time.pdf>))

        - `controller_2/data.tsv`: data
        ");
        let links = report.split("(<").skip(1).filter_map(|rest| rest.split('>').next());
        let n_missing = links.filter(|link| !out.path().join(link).is_file()).count();
        assert_eq!(n_missing, 0);
        let data = fs::read_to_string(out.path().join("controller_2/data.tsv")).unwrap();
        assert_eq!(data, "t\n1\n");
    }
}
