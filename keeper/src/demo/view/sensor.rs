//! A leased sensor in the live view: its last readings, and their chart.

use super::draw::DIM;
use super::state::State;
use crate::scenario::Reading;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};
use std::collections::VecDeque;

/// Readings that are kept.
pub(super) const READINGS: usize = 120;
/// The same on the axis of the chart, on which the first is 0.
const LAST: f64 = 119.0;
/// Of its unit above and below the readings: so much is no steep slope.
const MARGIN: f64 = 0.5;

/// A sensor as it is shown. It stays the same over the leases of one consumer, and over the devices that serve them.
pub(super) struct Sensor {
    pub(super) lease: u64,
    consumer: String,
    provider: u32,
    name: String,
    unit: String,
    pub(super) readings: VecDeque<f64>,
}

impl Sensor {
    pub(super) fn of(reading: &Reading) -> Self {
        Self {
            lease: reading.lease.0,
            consumer: reading.consumer.clone(),
            provider: reading.provider.0,
            name: reading.name.clone(),
            unit: reading.unit.clone(),
            readings: VecDeque::from([reading.value]),
        }
    }

    /// Whether a reading belongs on its chart.
    pub(super) fn is_same(&self, reading: &Reading) -> bool {
        (&self.consumer, &self.name, &self.unit)
            == (&reading.consumer, &reading.name, &reading.unit)
    }

    pub(super) fn take(&mut self, reading: &Reading) {
        (self.lease, self.provider) = (reading.lease.0, reading.provider.0);
        if self.readings.len() >= READINGS {
            self.readings.pop_front();
        }
        self.readings.push_back(reading.value);
    }

    /// Draws the chart, the newest reading to the right.
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let provider = state.devices.get(&self.provider).cloned();
        let provider = provider.unwrap_or_else(|| format!("device {}", self.provider));
        let last = self.readings.back().copied().unwrap_or_default();
        let block = Block::bordered()
            .title(format!(" {} of {provider}: {last:.1} {} ", self.name, self.unit))
            .title_bottom(format!(" read by {} ", self.consumer));
        let points: Vec<(f64, f64)> =
            (0u32..).map(f64::from).zip(self.readings.iter().copied()).collect();
        let low = self.readings.iter().copied().fold(f64::INFINITY, f64::min) - MARGIN;
        let high = self.readings.iter().copied().fold(f64::NEG_INFINITY, f64::max) + MARGIN;
        let line = Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(Color::Yellow))
            .data(&points);
        let scale = Axis::default()
            .style(DIM)
            .bounds([low, high])
            .labels([format!("{low:.1}"), format!("{high:.1}")]);
        let chart = Chart::new(vec![line])
            .block(block)
            .x_axis(Axis::default().bounds([0.0, LAST]))
            .y_axis(scale);
        frame.render_widget(chart, area);
    }
}
