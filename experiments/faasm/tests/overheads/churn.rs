//! Fig. 10, and what it says of the rates that are possible.

use harness::analysis::{Axes, Scale};

use crate::{
    analysis::analyse,
    records::{CONTAINER, FAASLET, PROTO_FAASLET, trials},
};

#[test]
fn the_figure_has_a_line_for_each_kind_on_logarithmic_axes() {
    let figure = analyse(&trials(&[CONTAINER, PROTO_FAASLET])).unwrap().figures.remove(0);
    let names: Vec<_> = figure.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["container", "proto-faaslet"]);
    let places: Vec<_> =
        figure.series[0].points.iter().map(|point| (point.x, point.y.value)).collect();
    assert_eq!(places, [(10.0, 2000.0), (100.0, 2000.0)]);
    assert_eq!(figure.axes, Axes { x: Scale::Logarithmic, y: Scale::Logarithmic });
}

#[test]
fn rates_are_compared_only_where_the_slower_had_its_limit() {
    let mut trials = trials(&[FAASLET, PROTO_FAASLET]);
    let name = "churn-ratio@faaslet/proto-faaslet";
    assert!(!analyse(&trials).unwrap().measures.contains_key(name));
    for trial in trials.iter_mut().filter(|trial| trial.record.instance == "faaslet") {
        trial.record.churn[1].elapsed_s = 4.0;
    }
    let analysis = analyse(&trials).unwrap();
    assert_eq!(analysis.measures[name].estimate.value, 4.0);
}
