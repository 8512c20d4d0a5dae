//! A figure as SVG.

use plotters::prelude::SVGBackend;

use super::{canvas::SIZE, draw::draw};
use crate::analysis::Figure;

/// The figure as an SVG document of 12 by 8 cm.
pub(crate) fn svg(figure: &Figure) -> String {
    let mut text = String::new();
    draw(&mut SVGBackend::with_string(&mut text, SIZE), figure)
        .expect("drawing into a string fails on no disk and needs no font");
    let pixels = format!("width=\"{}\" height=\"{}\"", SIZE.0, SIZE.1);
    let centimetres = "width=\"12cm\" height=\"8cm\" role=\"img\"";
    let title = format!("<title>{}</title>\n<rect", escaped(&figure.title));
    // The first of each is the document's own size and its background.
    text.replacen(&pixels, centimetres, 1).replacen("<rect", &title, 1)
}

fn escaped(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use stats::Estimate;

    use super::*;
    use crate::{
        analysis::{Series, SeriesPoint},
        report::samples,
    };

    const NAMES: [&str; 3] = ["blue", "red & <green>", "µ"];

    fn elements(text: &str, keep: impl Fn(&roxmltree::Node<'_, '_>) -> bool) -> usize {
        let document = roxmltree::Document::parse(text).unwrap();
        document.descendants().filter(keep).count()
    }

    /// How many shapes are filled with the colour of a series, its markers.
    fn filled(text: &str, color: &str) -> usize {
        elements(text, |node| node.attribute("fill") == Some(color) && !node.has_tag_name("text"))
    }

    #[test]
    fn every_series_is_named_and_every_point_has_a_marker() {
        let text = svg(&samples::figure(&NAMES, &[1.0, 2.0, 4.0], |i, x| x + i as f64));
        let document = roxmltree::Document::parse(&text).unwrap();
        let words: Vec<_> =
            document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
        for expected in NAMES.iter().chain(&["Time (s)", "Size", "Time to play"]) {
            assert!(words.contains(expected), "{expected} in {words:?}");
        }
        // One more stands in the legend.
        for color in ["#0072B2", "#D55E00", "#009E73"] {
            assert_eq!(filled(&text, color), 4, "{color}");
        }
    }

    #[test]
    fn a_line_of_many_points_is_seen_between_its_markers() {
        let places: Vec<_> = (1..=99).map(f64::from).collect();
        let text = svg(&samples::figure(&["blue"], &places, |_, x| x));
        assert_eq!(filled(&text, "#0072B2"), 99_usize.div_ceil(5) + 1);
    }

    #[test]
    fn every_interval_has_a_bar_with_two_caps() {
        let text = svg(&samples::figure(&["blue"], &[1.0, 2.0, 4.0], |_, x| x));
        let bars = elements(&text, |node| node.attribute("stroke-width") == Some("9"));
        assert_eq!(bars, 3 * 3);
    }

    #[test]
    fn one_point_and_equal_values_draw() {
        let one = svg(&samples::figure(&["blue"], &[3.0], |_, _| 5.0));
        assert_eq!((filled(&one, "#0072B2"), one.matches("<polyline").count()), (2, 0));
        let equal = svg(&samples::figure(&["blue"], &[1.0, 2.0], |_, _| 0.0));
        assert_eq!(filled(&equal, "#0072B2"), 3);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut figure = samples::figure(&["blue"], &[1.0, 2.0], |_, x| x);
        figure.series[0].points[0].y.value = f64::NAN;
        assert_eq!(filled(&svg(&figure), "#0072B2"), 2);
        assert!(!svg(&figure).contains("NaN"));
    }

    #[test]
    fn a_figure_without_points_has_axes() {
        let mut figure = samples::figure(&["blue"], &[], |_, x| x);
        assert!(svg(&figure).contains("Time (s)"));
        figure.series = Vec::<Series>::new();
        assert!(svg(&figure).contains("Time (s)"));
    }

    #[test]
    fn nothing_is_drawn_outside_the_canvas() {
        let names: Vec<String> =
            (0..9).map(|i| format!("a series with a rather long name {i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut figure = samples::figure(&names, &[1.0, 40.0], |i, x| x * (i + 1) as f64);
        let vast = samples::between(-1e9, 5.0, 1e9);
        figure.series[0].points.push(SeriesPoint { x: 50.0, y: Estimate { ..vast } });
        let text = svg(&figure);
        let document = roxmltree::Document::parse(&text).unwrap();
        let coordinates = |names: &'static [&str]| {
            document
                .descendants()
                .flat_map(move |node| names.iter().filter_map(move |name| node.attribute(*name)))
                .map(|value| value.parse::<i32>().unwrap())
        };
        assert!(coordinates(&["x", "x1", "x2", "cx"]).all(|x| (0..=SIZE.0 as i32).contains(&x)));
        assert!(coordinates(&["y", "y1", "y2", "cy"]).all(|y| (0..=SIZE.1 as i32).contains(&y)));
    }
}
