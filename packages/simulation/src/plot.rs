//! Plots as SVG: lines over a common horizontal axis, one chart below the other.

use plotters::prelude::*;
use serde::Serialize;

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// (x, y), x rising.
    pub points: Vec<(f64, f64)>,
}

/// A chart with some lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What x is, with its unit.
    pub x: String,
    /// What y is, with its unit.
    pub y: String,
    /// The lines.
    pub series: Vec<Series>,
}

/// Why there is no plot.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Nothing to show.
    #[error("the chart {0:?} has no points: give every chart a line with two points at least")]
    Empty(String),
    /// From the library.
    #[error("drawing failed: {0}")]
    Draw(String),
}

const WIDTH: u32 = 900;
const HEIGHT: u32 = 300;
/// Distinct for readers who don't tell red from green (Okabe and Ito 2008).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Draws charts below each other, as the text of an SVG file.
///
/// # Errors
/// When a chart has nothing to show.
pub fn svg(charts: &[Chart]) -> Result<String, PlotError> {
    let mut text = String::new();
    {
        let count = charts.len().max(1);
        let height = u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(HEIGHT);
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        for (chart, part) in charts.iter().zip(area.split_evenly((count, 1))) {
            draw(chart, &part)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(text)
}

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError::Draw(error.to_string())
}

/// Least and greatest of some numbers, apart from each other.
fn span(numbers: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let low = numbers.clone().reduce(f64::min)?;
    let high = numbers.reduce(f64::max)?;
    Some(if low < high { (low, high) } else { (low, low + 1.0) })
}

fn draw(
    chart: &Chart,
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) -> Result<(), PlotError> {
    let points = chart.series.iter().flat_map(|series| &series.points);
    let x = span(points.clone().map(|point| point.0));
    let y = span(points.map(|point| point.1).chain([0.0]));
    let (Some((left, right)), Some((low, high))) = (x, y) else {
        return Err(PlotError::Empty(chart.title.clone()));
    };
    let mut context = ChartBuilder::on(area)
        .caption(&chart.title, ("sans-serif", 18))
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(left..right, low..high + (high - low) / 20.0)
        .map_err(failed)?;
    context
        .configure_mesh()
        .x_desc(&chart.x)
        .y_desc(&chart.y)
        .light_line_style(WHITE)
        .draw()
        .map_err(failed)?;
    for (series, colour) in chart.series.iter().zip(COLOURS.iter().cycle()) {
        let line = LineSeries::new(series.points.iter().copied(), colour.stroke_width(2));
        let drawn = context.draw_series(line).map_err(failed)?;
        let key = |(x, y): (i32, i32)| {
            PathElement::new([(x, y), (x.saturating_add(18), y)], colour.stroke_width(2))
        };
        drawn.label(&series.name).legend(key);
    }
    let labels = context
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.2))
        .draw();
    labels.map_err(failed)
}
