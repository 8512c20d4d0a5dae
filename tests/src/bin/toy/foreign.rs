//! What another tool writes of toys: a file with a number for each second.

use std::path::Path;

use harness::{
    DataFile, Fault, ForeignPart, ForeignRun, Stretch,
    analysis::{Analysis, Axes, Cell, Figure, Series, SeriesPoint, Table},
    estimate::single,
};

/// The file.
const FILE: &str = "seconds.txt";

/// A directory with it.
pub(crate) struct Seconds;

impl ForeignRun for Seconds {
    fn about(&self) -> &'static str {
        "seconds of toys"
    }

    fn recognises(&self, dir: &Path) -> bool {
        dir.join(FILE).is_file()
    }

    fn analyse(&self, dir: &Path, stretch: &Stretch) -> anyhow::Result<Vec<ForeignPart>> {
        let text = std::fs::read_to_string(dir.join(FILE))?;
        let lengths = [Some(stretch.lead_in), stretch.duration, Some(stretch.bucket)];
        let [skip, take, bucket] =
            lengths.map(|length| length.map_or(usize::MAX, |length| length.as_secs() as usize));
        let seconds: Vec<f64> =
            text.lines().filter_map(|line| line.parse().ok()).skip(skip).take(take).collect();
        if seconds.is_empty() {
            return Err(Fault::usage("nothing is left\n(hint: a shorter --lead-in)"));
        }
        let sums = seconds.chunks(bucket).map(|bucket| bucket.iter().sum::<f64>());
        let points = sums.enumerate().map(|(i, sum)| SeriesPoint { x: i as f64, y: single(sum) });
        let figure = Figure {
            id: "1-work".into(),
            title: "Work".into(),
            x_label: "Time".into(),
            y_label: "Work".into(),
            axes: Axes::default(),
            series: vec![Series { name: "work".into(), points: points.collect() }],
        };
        let row = vec![
            Cell::Count(seconds.len() as u64),
            Cell::Count(figure.series[0].points.len() as u64),
        ];
        let table = Table { columns: vec!["Seconds".into(), "Buckets".into()], rows: vec![row] };
        let files = vec![DataFile { name: "work.tsv".into(), text }];
        let analysis = Analysis { table, figures: vec![figure], ..Analysis::default() };
        Ok(vec![ForeignPart { name: "all".into(), analysis, files }])
    }
}
