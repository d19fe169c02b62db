//! Drawing the live view.

use super::state::State;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Gauge, List, ListItem, Row, Sparkline, Table};

pub(super) const DIM: Style = Style::new().fg(Color::DarkGray);

pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let [top, rest] =
        Layout::vertical([Constraint::Length(3), Constraint::Min(0)]).areas(frame.area());
    // on 24 rows the log is what gets shorter
    let [middle, bottom] =
        Layout::vertical([Constraint::Min(12), Constraint::Length(12)]).areas(rest);
    header(frame, top, state);
    let [left, right] =
        Layout::horizontal([Constraint::Length(42), Constraint::Min(40)]).areas(middle);
    markets(frame, left, state);
    leases(frame, right, state);
    let Some(sensor) = &state.sensor else { return log(frame, bottom, state) };
    let [left, right] =
        Layout::horizontal([Constraint::Min(40), Constraint::Percentage(40)]).areas(bottom);
    log(frame, left, state);
    sensor.draw(frame, right, state);
}

fn header(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let elapsed = state.started.elapsed();
    let percent = elapsed
        .as_millis()
        .saturating_mul(100)
        .checked_div(state.trade.as_millis().max(1))
        .unwrap_or(100)
        .min(100);
    let label = format!(
        "{} s   leases {} opened, {} over   redeemed {} base units   q quits",
        elapsed.as_secs(),
        state.opened,
        state.closed,
        state.redeemed
    );
    let gauge = Gauge::default()
        .block(Block::bordered().title(format!(" Caplet  {} ", state.step)))
        .gauge_style(Style::new().fg(Color::Blue))
        .percent(u16::try_from(percent).unwrap_or(100))
        .label(label);
    frame.render_widget(gauge, area);
}

fn markets(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let block = Block::bordered().title(" base prices ");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rows = Layout::vertical(state.markets.iter().map(|_| Constraint::Length(3))).split(inner);
    for ((id, market), row) in state.markets.iter().zip(rows.iter()) {
        let [head, chart] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(*row);
        let last = market.trend.back().copied().unwrap_or_default();
        let use_percent = market.utilisation.checked_div(100).unwrap_or_default().min(999);
        let words =
            format!("market {id}: {last} ticks, use {use_percent} %, {} fills", market.fills);
        frame.render_widget(Line::from(words), head);
        let trend: Vec<u64> = market.trend.iter().copied().collect();
        frame.render_widget(
            Sparkline::default().data(&trend).style(Style::new().fg(Color::Green)),
            chart,
        );
    }
}

fn leases(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let height = usize::from(area.height.saturating_sub(3));
    let skip = state.leases.len().saturating_sub(height);
    let rows = state.leases.iter().skip(skip).map(|(id, lease)| {
        let provider = state
            .devices
            .get(&lease.provider)
            .cloned()
            .unwrap_or_else(|| lease.provider.to_string());
        let style = match lease.state.as_str() {
            "in use" => Style::new(),
            "Exhausted" | "ProviderFinished" | "Expired" => DIM,
            _ => Style::new().fg(Color::Red),
        };
        Row::new([
            id.to_string(),
            lease.kind.clone(),
            lease.consumer.clone(),
            provider,
            lease.price.to_string(),
            format!("{}/{}", lease.units, lease.total),
            format!("{}/{}", lease.vouched, lease.reserve),
            lease.state.clone(),
        ])
        .style(style)
    });
    let widths = [
        Constraint::Length(5),
        Constraint::Length(12),
        Constraint::Length(13),
        Constraint::Length(10),
        Constraint::Length(7),
        Constraint::Length(9),
        Constraint::Length(17),
        Constraint::Min(8),
    ];
    let head = Row::new([
        "lease", "resource", "consumer", "provider", "price", "units", "vouched", "state",
    ])
    .style(Style::new().add_modifier(Modifier::BOLD));
    frame.render_widget(
        Table::new(rows, widths).header(head).block(Block::bordered().title(" leases ")),
        area,
    );
}

fn log(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let height = usize::from(area.height.saturating_sub(2));
    let skip = state.log.len().saturating_sub(height);
    let items = state.log.iter().skip(skip).map(|line| {
        let style = if line.starts_with("!!") {
            Style::new().fg(Color::Red)
        } else if line.starts_with("==") {
            Style::new().fg(Color::Cyan)
        } else {
            Style::new()
        };
        ListItem::new(line.as_str()).style(style)
    });
    frame.render_widget(List::new(items).block(Block::bordered().title(" what happens ")), area);
}
